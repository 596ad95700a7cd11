"""Say what a person does next with a session that has ended."""

from __future__ import annotations

from orchestrator.models.decisions import Action
from orchestrator.models.effects import Outcome
from orchestrator.narration.formatting import counted
from orchestrator.session.summary import SessionSummary
from orchestrator.value_class import value_class


@value_class
class NextStep:
    """One sentence, and the command that does it."""

    words: str
    command: str = ""
    """Empty where nothing has to be done."""


def next_step(summary: SessionSummary, outcome: Outcome) -> NextStep:
    """The answer to "what now?"."""
    name = summary.id
    planted = [one for one in summary.planted if one.done == "left"]
    if planted:
        files = counted(len(planted), "file")
        return NextStep(
            f"before anything else look at the {files} that programs of yours obey", f"orchestrate diff {name}"
        )
    if outcome is Outcome.NEEDS_PERSON and summary.questions:
        asked = ", ".join(question.id for question in summary.questions)
        verb = "waits" if len(summary.questions) == 1 else "wait"
        return NextStep(f"{asked} {verb} for your answer", f"orchestrate question {name}")
    if outcome is Outcome.NEEDS_PERSON and _is_stopped_by_review(summary):
        words = "decide what is said above; its agent goes on by your words"
        return NextStep(words, f'orchestrate resume {name} --answer "…"')
    if outcome is Outcome.NEEDS_PERSON:
        return NextStep("see to the reason above, then let it go on", f"orchestrate resume {name}")
    if outcome is Outcome.INTERRUPTED:
        return NextStep("let it go on, or take back what was changed: orchestrate undo", f"orchestrate resume {name}")
    if outcome is Outcome.FAILED:
        return NextStep("see what failed", f"orchestrate logs --important --session {name}")
    change = summary.change
    if change is None or change.problem is not None:
        return NextStep("look at what was changed", f"orchestrate diff {name}")
    if not change.files:
        return NextStep("nothing: the target is as it was")
    if summary.source is not None and not summary.is_rehearsal:
        return NextStep("look at the change in the copy, then make it in the project", f"orchestrate apply {name}")
    return NextStep("look at the change; orchestrate undo takes it back", f"orchestrate diff {name}")


def _is_stopped_by_review(summary: SessionSummary) -> bool:
    """Whether a decision on a review ended it, which asks a person for another."""
    decided = [one.decision for one in summary.reviews if one.decision is not None]
    return any(one.action is Action.STOP_AND_ESCALATE and one.because == summary.reason for one in decided)
