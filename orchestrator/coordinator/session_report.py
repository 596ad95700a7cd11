"""Write ``report.md`` for people and ``report.json`` for programs when a session has ended."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from orchestrator.files.atomic_replace import write_atomically
from orchestrator.journal.folder import SessionFolder
from orchestrator.late_adapter import late_adapter
from orchestrator.models.approvals import Settled
from orchestrator.models.effects import Outcome
from orchestrator.models.recovery import RecoveryAction
from orchestrator.narration.formatting import changed_lines, consumption
from orchestrator.narration.sentences import (
    OUTCOME_WORDS,
    agents_started_words,
    decision_words,
    plan_lines,
    plan_words,
    recovery_changes,
    recovery_words,
    review_words,
    unknown_records_words,
    waited_words,
)
from orchestrator.narration.short_paths import short_paths
from orchestrator.quotation import markdown_cell, markdown_code, markdown_line, markdown_quote, safe_json
from orchestrator.session.next_step import next_step
from orchestrator.session.state import Session
from orchestrator.session.summary import ReviewSummary, SessionSummary, WorkerSummary, summarise, tests_in_words

SUMMARY: TypeAdapter[SessionSummary] = late_adapter(SessionSummary)


def write_report(folder: SessionFolder, session: Session, *, outcome: Outcome, reason: str) -> None:
    """Write both reports, each replaced atomically.

    Raises:
        OSError: The disk refused.
    """
    # The report is written before the session counts as closed: it says how that ends.
    summary = replace(summarise(session), status=str(outcome), reason=reason)
    data = SUMMARY.dump_json(summary, indent=2).decode()
    write_atomically(folder.report_data_file, safe_json(data) + "\n")
    write_atomically(folder.report_text_file, report_text(summary, outcome=outcome, reason=reason))


def report_text(summary: SessionSummary, *, outcome: Outcome, reason: str) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(summary, outcome, reason)) + "\n"


def _lines(summary: SessionSummary, outcome: Outcome, reason: str) -> Iterator[str]:
    yield f"# {OUTCOME_WORDS[outcome].capitalize()}: {markdown_line(summary.task)}"
    step = next_step(summary, outcome)
    command = f": {markdown_code(step.command)}" if step.command else ""
    yield from ["", f"**What now?** {markdown_line(step.words, None).capitalize()}{command}."]
    yield from ["", f"{markdown_line(reason, None)}.", ""]
    for text in summary.follow_ups:
        yield from [f"Then: {markdown_line(text)}", ""]
    yield from _planted(summary)
    yield from _facts(summary)
    yield from _questions(summary)
    yield from _section("Questions and answers", (line for each in summary.settled for line in settled_lines(each)))
    yield from ["", "## Workers", "", "| worker | role | status | evidence | usage | gone, by proof |"]
    yield "|---|---|---|---|---|---|"
    yield from (_worker_row(worker) for worker in summary.workers)
    yield from _section("What the plan came to", _result(summary))
    yield from _section("Tasks and notes of the team", (f"- {markdown_line(one.in_words())}" for one in summary.board))
    yield from _section("What changed", _changes(summary))
    yield from _section("Whose the changes are", _whose(summary))
    yield from _section("What the diff does not show", _unshown(summary))
    yield from _section("Tests of the target", (f"- {markdown_line(line)}" for line in tests_in_words(summary)))
    yield from _section(
        "Calls that did not go well", (line for worker in summary.workers for line in _calls(worker, summary.target))
    )
    yield from _section("Reviews and decisions", (line for review in summary.reviews for line in _review_lines(review)))
    yield from _section("Recoveries", (line for action in summary.recoveries for line in _recovery_lines(action)))
    yield from _section("Warnings", _warnings(summary))
    answers = (f"- {one.worker}: {markdown_line(one.words)}" for one in summary.feedback)
    yield from _section("How it went, as the agents say", answers)
    yield from _section("Last words", (line for worker in summary.workers for line in _last_words(worker)))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading and its lines; empty where there are no lines."""
    begun = False
    for line in lines:
        if not begun:
            yield from ["", f"## {title}", ""]
            begun = True
        yield line


def _facts(summary: SessionSummary) -> Iterator[str]:
    yield f"- session `{summary.id}`, target {markdown_code(summary.target)}"
    if summary.source is not None and not summary.is_rehearsal:
        source, target = shlex.quote(summary.source), shlex.quote(summary.target)
        yield f"- it worked on a copy: the project, {markdown_code(summary.source)}, is as it was"
        yield f"- {markdown_code(f'orchestrate apply {summary.id}')} makes its change there"
        yield f"- commits, if it made any: {markdown_code(f'git -C {source} fetch {target} HEAD')}"
    policy, sandbox = markdown_line(summary.policy), markdown_line(summary.sandbox)
    yield f"- tier {summary.tier or '-'}, review policy {policy}, sandbox {sandbox}"
    if summary.criticality:
        yield f"- criticality {markdown_line(summary.criticality, None)}"
    used = consumption(summary.usage, whole_tokens=summary.usage_complete, whole_cost=summary.cost_complete)
    yield f"- {summary.elapsed_s:.1f} s, {used}"
    if not summary.usage_complete:
        yield "- not every attempt told its tokens, so more were used than are counted here"
    if not summary.cost_complete:
        yield "- not every worker told its cost"
    yield from (f"- budget: {markdown_line(line)}" for line in summary.budget)
    yield from (f"- {markdown_line(note)}" for note in summary.tier_notes)
    for found in summary.found:
        state = f"{markdown_line(found.version or 'version unknown')}{' (stand-in)' if found.stand_in else ''}"
        problem = f": {markdown_line(found.problem)}" if found.problem else ""
        yield f"- {found.name}: {state}{'' if found.usable else ', not used'}{problem}"


def _planted(summary: SessionSummary) -> Iterator[str]:
    if summary.planted:
        yield from ["**These run on your machine.** Agents made or changed them, and programs of yours obey them:", ""]
        for planted in summary.planted[:200]:
            name = markdown_code(planted.below(summary.target))
            yield f"- {planted.in_words(name)}"
        yield ""


def _questions(summary: SessionSummary) -> Iterator[str]:
    if summary.questions:
        yield from ["", "## Waiting for an answer", ""]
        for question in summary.questions:
            yield f"- {question.id}, {question.asked_by} asks: {markdown_line(question.text, 4000)}"
            yield from (f"  - {markdown_line(point)}" for point in question.points)
            yield from (f"  - {markdown_line(suggestion)}" for suggestion in question.suggestions)
        yield f'\nGo on with `orchestrate resume {summary.id} --answer "…"`.'


def _result(summary: SessionSummary) -> Iterator[str]:
    if summary.result is not None:
        yield f"- {markdown_line(plan_words(summary.result), 400)}"
        yield from (f"  - {markdown_line(line, 700)}" for line in plan_lines(summary.result))


def settled_lines(settled: Settled) -> Iterator[str]:
    """Lines about each closed question: who asked what, who answered from where and when, and what followed."""
    kind = "consent" if settled.consent else "answered with words" if settled.of_stop else "question"
    yield f"- {settled.question or 'beforehand'} ({kind}): {markdown_line(settled.text)}"
    if settled.choices:
        yield f"  - choices: {', '.join(markdown_line(choice) for choice in settled.choices)}"
    who = f" ({markdown_line(settled.who)})" if settled.who else ""
    said = f"{markdown_line(settled.answer)!r}, {settled.by}{who}" if settled.by else "nobody answered"
    yield f"  - answer: {said}, {settled.at:%Y-%m-%d %H:%M:%S} UTC{waited_words(settled)}"
    yield f"  - outcome: {markdown_line(settled.outcome)}"


def _changes(summary: SessionSummary) -> Iterator[str]:
    change = summary.change
    writers = [worker for worker in summary.workers if worker.files]
    by_workers = {name for worker in writers for name in worker.files}
    if change is not None and change.problem is not None:
        how = f"`orchestrate diff {summary.id}` measures it now."
        yield from [f"Not measured at the end: {markdown_line(change.problem)}. {how}", ""]
    elif change is not None and set(change.files) != by_workers:
        counted = changed_lines(len(change.files), change.insertions, change.deletions)
        what = counted if change.files else "no file"
        yield f"In all, compared with the beginning and measured last: {what}"
        yield from [*_names(change.files), ""]
    elif change is not None and not change.files:
        yield "Nothing in the target, measured last."
    if change is not None and change.lost_work:
        names = shlex.join(change.lost_work[:20])
        yield "Work that was in no commit when the session began is gone from these files:"
        yield from _names(change.lost_work)
        yield from ["", f"It can be had back: {markdown_code(f'orchestrate undo {summary.id} {names}')}", ""]
    for worker in writers:
        yield f"{worker.id}: {changed_lines(len(worker.files), worker.insertions, worker.deletions)}"
        yield from _names(worker.files)
    if change is not None and change.files:
        yield from [
            "",
            f"`orchestrate undo {summary.id}` puts it back as it was; `changes.patch` beside this report holds it.",
        ]


def _whose(summary: SessionSummary) -> Iterator[str]:
    """Say whose each change is where that is not certain, or where it is not one worker's alone."""
    change = summary.change
    if change is None:
        return
    yield from (f"- the target was shared with {markdown_line(str(other), 1000)}" for other in change.shared_with)
    doubtful = [one for one in change.whose if not one.is_certain or one.by_others or len(one.workers) != 1]
    yield from (f"- {markdown_code(one.path)}: {one.words()}" for one in doubtful[:100])
    if len(doubtful) > 100:
        yield f"- and {len(doubtful) - 100} more"


def _unshown(summary: SessionSummary) -> Iterator[str]:
    if summary.change is not None:
        yield from (f"- {markdown_line(line, 4000)}" for line in summary.change.unshown.lines())


def _names(files: Sequence[str]) -> Iterator[str]:
    yield from (f"- {markdown_code(name)}" for name in files[:100])
    if len(files) > 100:
        yield f"- and {len(files) - 100} more"


def _calls(worker: WorkerSummary, target: str) -> Iterator[str]:
    kinds = (
        ("failed", worker.calls_failed, worker.failed_calls),
        ("denied", worker.calls_denied, worker.denied_calls),
        ("met a refusal of the system, perhaps the sandbox's", worker.calls_refused, worker.refused_calls),
        ("never finished", len(worker.unfinished), worker.unfinished),
    )
    for word, count, named in kinds:
        if count:
            yield f"- {worker.id}: {count} {word} (of {worker.tool_calls} tool calls)"
            yield from (f"  - {markdown_line(short_paths(words, target))}" for words in named)


def _recovery_lines(action: RecoveryAction) -> Iterator[str]:
    yield f"- {action.worker}, attempt {action.attempt}: {markdown_line(recovery_words(action))}"
    yield from (f"  - {markdown_line(change)}" for change in recovery_changes(action))
    if action.argv_after:
        yield f"  - before: {markdown_code(' '.join(action.argv_before))}"
        yield f"  - after: {markdown_code(' '.join(action.argv_after))}"


def _warnings(summary: SessionSummary) -> Iterator[str]:
    yield from (f"- {markdown_line(warning)}" for warning in summary.warnings)
    for worker in summary.workers:
        if worker.unknown_records:
            yield f"- {worker.id}: {markdown_line(unknown_records_words(worker.unknown_records))}"
        if worker.agents_started:
            yield f"- {worker.id} {markdown_line(agents_started_words(worker.agents_started))}"
        if worker.noise:
            yield f"- {worker.id}: {worker.noise:,} lines of its output were no record; its raw file has them"


def _last_words(worker: WorkerSummary) -> Iterator[str]:
    if worker.answer:
        yield from [f"**{worker.id}**", "", *markdown_quote(worker.answer[:4000].rstrip()), ""]


def _worker_row(worker: WorkerSummary) -> str:
    proof = worker.exit.proof if worker.exit else ("never started" if worker.attempts == 0 else "not proven")
    cells = (
        worker.id,
        worker.role,
        f"{worker.status} (attempt {worker.attempts})" if worker.attempts > 1 else str(worker.status),
        worker.why,
        consumption(worker.usage),
        proof,
    )
    return "| " + " | ".join(markdown_cell(markdown_line(cell)) for cell in cells) + " |"


def _review_lines(review: ReviewSummary) -> Iterator[str]:
    decided = markdown_line(decision_words(review.decision)) if review.decision else "not decided"
    yield f"- `{review.id}` about {review.about or 'the session'}: {decided}"
    yield f"  - asked: {markdown_line(review.text)}"
    for answer in review.answers:
        yield f"  - {markdown_line(review_words(answer), 700)}"
        yield from (f"    - {markdown_line(point)}" for point in answer.points[:10])
