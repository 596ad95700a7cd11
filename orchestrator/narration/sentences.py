"""Put events, decisions, reviews and recoveries into words, one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, assert_never

from orchestrator.models import events
from orchestrator.models.approvals import Settled
from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.events import AgentEvent, EventType
from orchestrator.models.plan_tree import AgentResult, GateResult, StrategyResult
from orchestrator.models.recovery import Escalate, GiveUp, Ignore, RecoveryAction, Relaunch, Wait
from orchestrator.models.reviews import PeerReview
from orchestrator.models.work import Role
from orchestrator.models.workers import ExitRecord
from orchestrator.narration.formatting import consumption, duration, one_line, quoted_name
from orchestrator.narration.status_words import OUTCOME_WORDS as OUTCOME_WORDS
from orchestrator.narration.status_words import status_words as status_words

ROLE_VERBS = {
    Role.DESIGNER: "designs",
    Role.IMPLEMENTER: "implements",
    Role.REVIEWER: "reviews",
    Role.ANALYST: "answers",
}

_Said: TypeAlias = tuple[Literal["said", "tool", "worker", "warning", "report"], int, str]
"""What kind of notice, its weight (0 detail, 1 normal, 2 important), its text."""

_REPORT_WEIGHTS = {EventType.MILESTONE: 2, EventType.BLOCKER: 2, EventType.ERROR: 2, EventType.STATUS: 0}


def of_event(event: AgentEvent) -> _Said | None:  # noqa: C901 - one row an event
    """What an agent's event says, in the agent's own words; ``None`` where there is nothing for people in it."""
    match event.payload:
        case events.Said(text=text):
            return ("said", 0, text) if text.strip() else None
        case events.Reasoned(text=text):
            return ("said", 0, f"thinks: {text}") if text.strip() else None
        case events.ToolCalled(tool=tool, summary=summary):
            return "tool", 1, f"{tool}: {summary}"
        case events.ToolReturned(ok=ok, text=text, exit_code=code):
            with_code = f" (exit code {code})" if code else ""
            words = f"{'ok' if ok else 'failed'}{with_code}" + (f": {text}" if text else "")
            return "tool", 0 if ok else 1, words
        case events.Reported(text=text):
            return _reported(event.type, event.payload, text)
        case events.BackgroundStarted(summary=summary):
            return "tool", 1, f"runs on in the background: {summary}"
        case events.BackgroundEnded(how=how, text=text):
            return "tool", 1, f"a background task {how}: {text}"
        case events.Denied(text=text):
            return "warning", 2, f"denied: {text}"
        case events.Failed(text=text, failure=failure, final=final):
            return "warning", 2 if final else 1, f"error ({failure.replace('_', ' ')}): {text}"
        case events.Retrying(text=text, attempt=attempt, of=of):
            count = f" ({attempt} of {of})" if attempt and of else ""
            return "warning", 1, f"tries again{count}: {text}"
        case events.ConversationStarted(reference=reference, model=model):
            return "worker", 0, f"conversation {reference}, model {model or 'unknown'}"
        case events.UsageReported(usage=usage):
            return "worker", 0, f"used {consumption(usage)}"
        case events.TurnEnded(ok=ok, subtype=subtype, text=text):
            says = "says it is done" if ok else "ended its turn with an error"
            answer = f": {text}" if text.strip() else ""
            return "worker", 1, f"{says} ({subtype}){answer}"
        case events.Unrecognised(text=text, stream=stream):
            return "said", 0, f"{stream}: {text}"
        case _:
            assert_never(event.payload)


def _reported(type_: EventType, report: events.Reported, text: str) -> _Said:
    percent = f" [{report.progress:.0f} %]" if report.progress is not None else ""
    where = f" ({quoted_name(report.file)})" if report.file else ""
    asks = "; it asks for a review" if report.review_requested else ""
    return "report", _REPORT_WEIGHTS.get(type_, 1), f"{text}{percent}{where}{asks}"


def decision_words(decision: OrchestratorDecision) -> str:
    """The action in capitals, as the spec writes it, with the rule that gave it."""
    review = f", review {decision.review}" if decision.review else ""
    return f"{decision.action.upper()}: {one_line(decision.rule)} (policy {one_line(decision.policy, 60)}{review})"


def settled_words(settled: Settled) -> str:
    """Who answered a question with what, from where and when, and what followed."""
    when = f"{settled.at.astimezone():%H:%M:%S}{waited_words(settled)}"
    if not settled.by:
        return f"{settled.question} was answered by nobody, {when}: {one_line(settled.outcome, 300)}"
    who = f" by {one_line(settled.who, 80)}" if settled.who else ""
    answer = one_line(settled.answer, 300)
    return (
        f"{settled.question} was answered {answer!r}{who} from {settled.by}, {when}: {one_line(settled.outcome, 300)}"
    )


def waited_words(settled: Settled) -> str:
    """How long the question had waited, to follow the time of its answer; empty where nobody had to be asked."""
    return "" if settled.asked_at is None else f", after {duration(settled.at - settled.asked_at)}"


def plan_words(result: StrategyResult) -> str:
    """The result of a plan, and how many of its agents succeeded."""
    done = sum(output.success for output in result.outputs)
    end = "has come to its result" if result.success else "has failed"
    agents = f"{done} of {len(result.outputs)} agents did their part"
    return f"the plan {end}: {agents}, confidence {result.confidence:.2f}, {duration(result.total_duration_s)}"


def plan_lines(result: StrategyResult) -> tuple[str, ...]:
    """A line for each agent's result, followed by what went wrong with the whole plan."""
    lines = [f"{output.path} {output.agent_id}: {_output_words(output)}" for output in result.outputs]
    lines += [f"dissent: {output.agent_id}: {_output_words(output)}" for output in result.dissent]
    lines += [f"gates at {each.path}: {_gate_words(each)}" for each in result.gates]
    lines += [f"note: {warning}" for warning in result.warnings]
    # Of what did not go in nobody hears elsewhere when the session has ended.
    return (*lines, *result.errors, *(f"kept, relative to the session's folder: {patch}" for patch in result.kept))


def _gate_words(result: GateResult) -> str:
    """Each gate with what came of it."""
    return ", ".join(f"{gate.name} {gate.state}" for gate in result.gates) or f"{result.state}: {result.error}"


def _output_words(output: AgentResult) -> str:
    """An answer in a line: its summary, or whatever text stands first in it."""
    if not output.success:
        return f"{(output.failure or 'failed').replace('_', ' ')}: {one_line(output.error, 300)}"
    texts = [value for value in output.output.values() if isinstance(value, str) and value.strip()]
    words = next((str(output.output[key]) for key in ("summary", "answer") if output.output.get(key)), None)
    shown = one_line(words or next(iter(texts), "an answer without text"), 300)
    return f"{shown} (confidence {output.confidence:.2f})"


def review_words(review: PeerReview) -> str:
    """The reviewer, its verdict and its own words."""
    long = f" [{review.words} words: too long]" if review.over_length else ""
    reason = review.problem or review.summary
    return f"{review.reviewer} on {review.review}: {review.verdict}{long}" + (
        f", {one_line(reason, 600)}" if reason else ""
    )


def recovery_words(action: RecoveryAction) -> str:
    """The rule, why it helps, and what is done."""
    match action.remedy:
        case Relaunch():
            done = "starting again"
        case Escalate():
            done = "asking a person"
        case Wait(until=until):
            done = f"waiting until {until:%Y-%m-%d %H:%M} UTC" if until else "waiting"
        case GiveUp(hint=hint):
            done = f"giving up: {one_line(hint)}"
        case Ignore():
            done = "going on"
    return f"{action.rule}: {one_line(action.because, 200)}; {done}"


def recovery_changes(action: RecoveryAction) -> tuple[str, ...]:
    """The error met, the flags that came and went, the names of variables added, the suggestions; a line each."""
    lines = [f"error: {one_line(action.error, 300)}"]
    if action.argv_after:
        lines += [f"flag removed: {one_line(word)}" for word in _only_in(action.argv_before, action.argv_after)]
        lines += [f"flag added: {one_line(word)}" for word in _only_in(action.argv_after, action.argv_before)]
    lines += [f"variable added: {name}" for name in action.env_added]
    lines += [f"suggestion: {one_line(text, 300)}" for text in action.suggestions]
    return tuple(lines)


def _only_in(first: tuple[str, ...], second: tuple[str, ...]) -> list[str]:
    """The flags, with their values, that only ``first`` has."""
    import difflib

    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    runs = [first[a:b] for tag, a, b, _, _ in matcher.get_opcodes() if tag in ("delete", "replace")]
    flags: list[str] = []
    for run in runs:
        for index, word in enumerate(run):
            if index == 0 or word.startswith("-"):
                flags.append(word)
            else:
                flags[-1] += f" {word}"
    return flags


def unknown_records_words(kinds: Mapping[str, int]) -> str:
    """Records that an adapter does not know: nothing of the run, but a sign that the CLI has changed."""
    return f"{sum(kinds.values())} records of kinds that are not known: {_counts(kinds)}"


def agents_started_words(started: Mapping[str, int]) -> str:
    """Which other agents a worker ran, or tried to run, and how often."""
    return f"started, or tried to start, other agents inside its sandbox: {_counts(started)}"


def _counts(by_name: Mapping[str, int]) -> str:
    return ", ".join(f"{one_line(name, 80)} ({count})" for name, count in by_name.items())


def clock_words(seconds: float) -> str:
    """Say by how many seconds the clock was moved."""
    how = f"set back by {duration(-seconds)}" if seconds < 0 else f"{duration(seconds)} on, as after a sleep"
    return f"the clock was {how}; no wait counts that"


def exit_words(record: ExitRecord) -> str:
    """How an attempt ended and by which proof; a code above 128 is not decoded."""
    if record.code is None:
        how = "is gone without an exit record"
    elif record.code > 128:
        how = f"ended with code {record.code} (an exit or a signal)"
    else:
        how = f"ended with code {record.code}"
    by = "" if record.stopped_by == "itself" else f", stopped by: {record.stopped_by}"
    proof = "no proof that its processes are gone" if record.proof == "none" else f"nothing left ({record.proof})"
    note = f"; {one_line(record.note, 300)}" if record.note else ""
    return f"{how}{by}; {proof}{note}"
