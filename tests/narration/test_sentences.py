from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from orchestrator.models import events
from orchestrator.models.effects import Outcome
from orchestrator.models.events import AgentEvent, EventType, FailureKind
from orchestrator.models.identity import AgentName
from orchestrator.models.money import Usage
from orchestrator.models.plan_tree import ROOT, AgentResult, Failure, NodePath, StrategyResult
from orchestrator.models.work import Role
from orchestrator.narration.sentences import OUTCOME_WORDS, ROLE_VERBS, of_event, plan_lines

AT = datetime(2026, 11, 21, tzinfo=UTC)


def said(payload: Any, type_: EventType = EventType.PROGRESS) -> str | None:
    found = of_event(AgentEvent(type_, AgentName("claude"), AT, payload))
    return found[2] if found else None


SAMPLES: tuple[tuple[Any, str | None], ...] = (
    (events.Said("hello\nworld"), "hello\nworld"),
    (events.Said("  \n"), None),
    (events.Reasoned("why not"), "thinks: why not"),
    (events.ToolCalled("Bash", "1", "ls -l"), "Bash: ls -l"),
    (events.ToolReturned("1", ok=True, text="done"), "ok: done"),
    (events.ToolReturned("1", ok=False, text="no", exit_code=2), "failed (exit code 2): no"),
    (events.BackgroundStarted("b1", "1", "make all"), "runs on in the background: make all"),
    (events.BackgroundEnded("b1", "stopped", "killed"), "a background task stopped: killed"),
    (events.Denied("not you"), "denied: not you"),
    (events.Failed("quota", failure=FailureKind.USAGE_LIMIT), "error (usage limit): quota"),
    (events.Retrying("busy", attempt=1, of=3), "tries again (1 of 3): busy"),
    (events.ConversationStarted("c-1"), "conversation c-1, model unknown"),
    (events.UsageReported(Usage(input_tokens=1500)), "used 1.5k tokens, cost unknown"),
    (events.TurnEnded(ok=True, subtype="success", text="yes"), "says it is done (success): yes"),
    (events.TurnEnded(ok=False, subtype="error_max_turns"), "ended its turn with an error (error_max_turns)"),
    (events.Reported("half", progress=50, file="a.py"), "half [50 %] (a.py)"),
    (events.Reported("look", review_requested=True), "look; it asks for a review"),
    (events.Unrecognised("?", stream="stderr"), "stderr: ?"),
)


@pytest.mark.parametrize(("payload", "words"), SAMPLES)
def test_each_payload_is_one_sentence(payload: Any, words: str | None) -> None:
    assert said(payload) == words


def test_no_kind_of_payload_is_forgotten() -> None:
    union = get_args(events.Payload)[0]

    assert set(get_args(union)) == {type(payload) for payload, _ in SAMPLES}


def test_every_role_and_outcome_has_its_words() -> None:
    assert set(ROLE_VERBS) == set(Role)
    assert set(OUTCOME_WORDS) == set(Outcome)


def test_of_a_plan_all_is_told_that_nobody_hears_elsewhere() -> None:
    minority = AgentResult(NodePath("1.2"), "ben", success=True, output={"position": "wait"}, confidence=0.5)
    lost = AgentResult(NodePath("1.3"), "cleo", success=False, error="no time", failure=Failure.TIMED_OUT)
    result = StrategyResult(
        ROOT,
        success=False,
        outputs=(minority, lost),
        errors=("cleo: no time",),
        dissent=(minority,),
        warnings=("all opinions are from one vendor (x)",),
        kept=("layers/1.2/change.patch",),
    )
    assert plan_lines(result) == (
        "1.2 ben: wait (confidence 0.50)",
        "1.3 cleo: timed out: no time",
        "dissent: ben: wait (confidence 0.50)",
        "note: all opinions are from one vendor (x)",
        "cleo: no time",
        "kept, relative to the session's folder: layers/1.2/change.patch",
    )
