"""Write the summary that a person reads when a session ends, and in ``show``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby

from orchestrator.cli.summary_layout import NextStepWords, SummaryWords, laid_out
from orchestrator.composition.team_choice import Team
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.approvals import Settled
from orchestrator.models.effects import Outcome
from orchestrator.models.work import Role
from orchestrator.narration.formatting import (
    changed_lines,
    consumption,
    duration,
    money,
    one_line,
    quoted_name,
    quoted_names,
    tokens,
)
from orchestrator.narration.sentences import (
    OUTCOME_WORDS,
    ROLE_VERBS,
    agents_started_words,
    decision_words,
    plan_lines,
    plan_words,
    recovery_changes,
    recovery_words,
    review_words,
    status_words,
    unknown_records_words,
    waited_words,
)
from orchestrator.narration.short_paths import short_paths
from orchestrator.quotation import visible, visible_lines
from orchestrator.session.next_step import next_step
from orchestrator.session.state import Session
from orchestrator.session.stops import stopping_review
from orchestrator.session.summary import (
    SessionSummary,
    WorkerSummary,
    summarise,
    tests_in_words,
    waited_for_person_s,
)

_MANY_FILES = 12
_FEW_CALLS = 3


def summary_text(session: Session, folder: SessionFolder, *, colour: bool = False, width: int | None = None) -> str:
    """The whole summary, one fact a line.

    Args:
        width: Of the terminal, where lines are to be broken between words; ``None`` leaves them whole.
    """
    is_running = session_holder(folder) is not None
    return laid_out(summary_words(session, is_running=is_running), folder, colour=colour, width=width)


def summary_words(session: Session, *, is_running: bool) -> SummaryWords:
    """Put a session into words that hold wherever its folder lies.

    Args:
        is_running: Whether a coordinator runs it now; of one that is closed it makes no difference.
    """
    summary = summarise(session)
    status = OUTCOME_WORDS[session.closed.outcome] if session.closed else status_words(summary.status)
    if session.closed is None and not is_running:
        status = "lost its coordinator"
    rows = [
        ("session", f"{summary.id}, {duration(summary.elapsed_s)}, target {quoted_name(summary.target)}"),
        *_copy_words(summary),
        ("task", one_line(summary.task, 160)),
        *(("then", one_line(text, 160)) for text in summary.follow_ups),
        *_facts(session, summary),
        *_questions(summary),
    ]
    return SummaryWords(
        status=status,
        reason=f": {one_line(summary.reason, 600)}" if summary.reason else "",
        outcome=session.closed.outcome if session.closed else None,
        rows=tuple(rows),
        next_steps=tuple(_next_steps(session, summary, is_running=is_running)),
    )


def _copy_words(summary: SessionSummary) -> Iterator[tuple[str, str]]:
    if summary.source is not None and not summary.is_rehearsal:
        source = quoted_name(summary.source)
        yield "copy of", f"{source}, which is as it was; orchestrate apply {summary.id} makes the change there"


def _planted(summary: SessionSummary) -> Iterator[tuple[str, str]]:
    """Name changed files that the person's own programs run; this comes before anything else."""
    for planted in summary.planted[:_MANY_FILES]:
        yield "these run", one_line(planted.in_words(quoted_name(planted.below(summary.target))), 300)
    if len(summary.planted) > _MANY_FILES:
        yield "these run", f"and {len(summary.planted) - _MANY_FILES} more: orchestrate show {summary.id} --json"


def _facts(session: Session, summary: SessionSummary) -> Iterator[tuple[str, str]]:  # noqa: C901 - one row a fact
    yield from _planted(summary)
    if session.options.team:
        yield "team", f"{session.options.team}, {one_line(session.options.team_because, 300)}"
    if summary.tier is not None:
        yield "plan", f"tier {summary.tier}; sandbox {summary.sandbox}; policy {one_line(summary.policy, 60)}"
    if summary.criticality:
        yield "at stake", one_line(summary.criticality, 300)
    for note in summary.tier_notes:
        yield "plan", one_line(note, 300)
    yield from _changes(session, summary)
    for line in visible_lines(summary.answer).splitlines():
        yield "answer", line
    if summary.result is not None:
        for line in (plan_words(summary.result), *plan_lines(summary.result)):
            yield "result", one_line(line, 400)
    for item in summary.board:
        yield "board", one_line(item.in_words(), 300)
    for line in tests_in_words(summary):
        yield "tests", one_line(line, 300)
    for worker in summary.workers:
        yield from _calls(worker, summary.target)
    yield "used", _consumption(summary)
    yield from _times(session, summary)
    for worker in summary.workers:
        yield "workers", worker_words(worker)
    for worker in summary.workers:
        if worker.agents_started:
            yield "agents", f"{worker.id} {agents_started_words(worker.agents_started)}"
    for worker in summary.workers:
        if worker.unknown_records:
            yield "unknown", f"{worker.id}: {unknown_records_words(worker.unknown_records)}"
    yield from _proofs(summary)
    for review in summary.reviews:
        yield "reviews", f"{review.id}: {one_line(review.text, 200)}"
        for answer in review.answers:
            yield "", f"  {review_words(answer)}"
        yield "", f"  → {decision_words(review.decision) if review.decision else 'not decided yet'}"
    told = [(f"{each.worker}: {recovery_words(each)}", tuple(recovery_changes(each))) for each in summary.recoveries]
    for (words, changes), alike in groupby(told):
        times = len(list(alike))
        yield "recovered", f"{words} ({times} times)" if times > 1 else words
        for line in changes:
            yield "", f"  {line}"
    for settled in summary.settled:
        yield from _settled(settled)
    for given in summary.feedback:
        yield "feedback", f"{given.worker}: {one_line(given.words, 400)}"
    for text in summary.warnings:
        yield "warnings", one_line(text, 300)


def changed_words(session: Session) -> Iterator[str]:
    """What the session left changed in the target, a line each."""
    yield from (text for _, text in _changes(session, summarise(session)))


def _settled(settled: Settled) -> Iterator[tuple[str, str]]:
    """Describe a closed question: what was asked, who answered what, from where and when, and what followed."""
    yield "answers", f"{settled.question or 'beforehand'}: {one_line(settled.text, 4000)}"
    who = f" ({one_line(settled.who, 80)})" if settled.who else ""
    choices = f" (of {', '.join(one_line(choice, 60) for choice in settled.choices)})" if settled.choices else ""
    answer = f"{one_line(settled.answer, 300)!r}{choices} from {settled.by}{who}" if settled.by else "nobody answered"
    yield "", f"  {answer}, {settled.at.astimezone():%Y-%m-%d %H:%M:%S}{waited_words(settled)}"
    yield "", f"  → {one_line(settled.outcome, 300)}"


def _changes(session: Session, summary: SessionSummary) -> Iterator[tuple[str, str]]:
    """Describe what each worker of the plan changed in the target; "nothing" is said only where it was measured."""
    ran = [worker for worker in summary.workers if worker.attempts and session.is_main(worker.id)]
    unmeasured = [worker.id for worker in ran if worker.role != Role.REVIEWER and not worker.measured]
    writers = [worker for worker in ran if worker.files]
    change = summary.change
    whole = frozenset(change.files) if change is not None and change.problem is None else None
    if not writers and not unmeasured and not whole:
        yield "changed", "nothing in the target"
    if whole is not None and change is not None and whole != {name for worker in writers for name in worker.files}:
        yield "changed", f"in all: {_files(change.files, change.insertions, change.deletions)}"
    for worker in writers:
        yield "changed", f"{worker.id}: {_files(worker.files, worker.insertions, worker.deletions)}"
    if unmeasured:
        why = f": {one_line(change.problem, 300)}" if change is not None and change.problem else ""
        yield "changed", f"not measured for {', '.join(unmeasured)}{why}"
    if change is not None:
        yield from (("changed", one_line(line, 600)) for line in change.unshown.lines())
    if change is not None and change.lost_work:
        names = shlex.join(change.lost_work[:_MANY_FILES])
        yield "lost", f"work that was in no commit: {quoted_names(change.lost_work[:_MANY_FILES])}"
        yield "", f"have it back with: orchestrate undo {summary.id} {visible(names)}"
    if change is not None:
        yield from (("changed", one_line(f"shared with {other}", 600)) for other in change.shared_with)
        strange = [one.path for one in change.whose if not one.is_certain or one.by_others]
        if strange:
            yield "changed", f"not certainly, or not only, by an agent: {quoted_names(strange[:_MANY_FILES])}"


def _files(files: Sequence[str], insertions: int, deletions: int) -> str:
    if not files:
        return "no file differs from what was there at the beginning"
    names = files[:_MANY_FILES]
    left = len(files) - len(names)
    more = f" and {left} more" if left else ""
    return f"{changed_lines(len(files), insertions, deletions)}: {quoted_names(names)}{more}"


def _calls(worker: WorkerSummary, target: str) -> Iterator[tuple[str, str]]:
    """Count the tool calls that failed, were denied or never ended."""
    kinds = (
        ("failed", worker.calls_failed, worker.failed_calls),
        ("denied", worker.calls_denied, worker.denied_calls),
        ("never finished", len(worker.unfinished), worker.unfinished),
    )
    for word, count, named in kinds:
        if count:
            left = count - len(named[:_FEW_CALLS])
            more = f" and {left} more" if left > 0 else ""
            said = "; ".join(one_line(short_paths(words, target), 120) for words in named[:_FEW_CALLS])
            yield "calls", f"{worker.id}: {count} {word}: {said}{more}"


def _consumption(summary: SessionSummary) -> str:
    """Sum up what all workers used, and name those whose cost is unknown."""
    silent = [worker.id for worker in summary.workers if worker.attempts and worker.usage.cost_usd is None]
    is_bound = not summary.cost_complete and summary.usage.cost_usd is not None
    who = f" (unknown for {', '.join(silent)})" if silent and is_bound else ""
    return consumption(summary.usage, whole_tokens=summary.usage_complete, whole_cost=summary.cost_complete) + who


def _times(session: Session, summary: SessionSummary) -> Iterator[tuple[str, str]]:
    """Where the time went: how long each agent ran, the reviewers together, and how long a person was waited for."""
    main = [(worker.id, worker.ran_s) for worker in summary.workers if worker.attempts and session.is_main(worker.id)]
    called = sum(worker.ran_s for worker in summary.workers if not session.is_main(worker.id))
    if not main:
        return
    parts = [f"{name} {duration(ran)}" for name, ran in main]
    parts += [f"reviewers called in {duration(called)}"] if called >= 1 else []
    waited = waited_for_person_s(summary)
    parts += [f"waiting for you {duration(waited)}"] if waited >= 1 else []
    yield "time", f"{duration(summary.elapsed_s)} in all: {', '.join(parts)}"


def worker_words(worker: WorkerSummary) -> str:
    """Say on one line what a worker is, how it stands and why, and what it took."""
    role = ROLE_VERBS[Role(worker.role)]
    again = f", {worker.attempts} attempts" if worker.attempts > 1 else ""
    took = ""
    if worker.attempts:
        used, cost = tokens(worker.usage.total_tokens), money(worker.usage.cost_usd)
        took = f"; {duration(worker.ran_s)}{again}, {used} tokens, cost {cost}"
    why = f": {one_line(worker.why, 200)}" if worker.why else ""
    return f"{worker.id} {role}: {worker.status}{why}{took}"


def _proofs(summary: SessionSummary) -> Iterator[tuple[str, str]]:
    """Say how it is known that no process of the workers is left, grouped by the kind of proof."""
    by_words: dict[str, list[str]] = {}
    for worker in summary.workers:
        if worker.attempts:
            by_words.setdefault(proof_words(worker), []).append(worker.id)
    for words, workers in by_words.items():
        yield "left", f"{words}: {', '.join(workers)}"


def proof_words(worker: WorkerSummary) -> str:
    """Say how it is known that no process of the worker is left."""
    if worker.exit is None:
        return "not ended"
    if worker.exit.proof == "none":
        return "NO PROOF that its processes are gone"
    return f"nothing ({worker.exit.proof})"


def _questions(summary: SessionSummary) -> Iterator[tuple[str, str]]:
    for question in summary.questions:
        yield "question", f"{question.id}: {question.asked_by} asks: {one_line(question.text, 4000)}"
        for point in question.points:
            yield "", f"  - {one_line(point, 500)}"
        effects = question.effects or ("",) * len(question.suggestions)
        for number, (suggestion, effect) in enumerate(zip(question.suggestions, effects, strict=True), start=1):
            yield "", f"  {number}. {one_line(suggestion, 300)}"
            if effect:
                yield "", f"     → {one_line(effect, 300)}"


def _next_steps(session: Session, summary: SessionSummary, *, is_running: bool) -> Iterator[NextStepWords]:
    if session.options.team == Team.ANSWER and session.closed is not None:
        yield NextStepWords("next", "if a change was wanted: the same command again with --team change")
    if session.closed is not None and session.closed.outcome in (Outcome.DONE, Outcome.FAILED):
        step = next_step(summary, session.closed.outcome)
        yield NextStepWords("next", step.words, step.command)
    next_command = _next_command(session, is_running=is_running)
    if next_command is not None:
        yield NextStepWords("go on", command=next_command)


def _next_command(session: Session, *, is_running: bool) -> str | None:
    """Name the command that continues the session; ``None`` where nothing is left to do."""
    # A review that stopped it asks for a decision: no question, and words are its answer all the same.
    asks = bool(session.approvals.questions) or stopping_review(session, session.closed) is not None
    answer = ' --answer "…"' if asks else ""
    if session.closed is None:
        if not is_running:
            return f"orchestrate resume {session.id}{answer}"
        return f'orchestrate answer "…" --session {session.id}' if session.approvals.questions else None
    if session.closed.outcome in (Outcome.NEEDS_PERSON, Outcome.INTERRUPTED):
        return f"orchestrate resume {session.id}{answer}"
    return None
