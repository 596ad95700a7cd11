"""Plays of a session's own plan: trees, agents that answer, write or fail, and the end with its replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.models.effects import CloseSession, StartWorker
from orchestrator.models.entries import Derived, SessionClosed
from orchestrator.models.events import EventType, ToolCalled, ToolReturned, TurnEnded
from orchestrator.models.plan_tree import AgentNode, Strategy, StrategyNode
from orchestrator.models.sandbox import SandboxConfig, TeamBounds
from orchestrator.session.replaying import replay

if TYPE_CHECKING:
    from tests.session.conftest import Play

READERS = ("gemini", "claude", "codex")


def node(name: str, **fields: Any) -> AgentNode:
    return AgentNode(id=name, instructions=f"You are {name}.", **fields)


def tree(strategy: Strategy, *names: str, **fields: Any) -> StrategyNode:
    return StrategyNode(strategy, tuple(node(name) for name in names), **fields)


def answers(p: Play, worker: str, answer: str = "an answer", confidence: float = 0.9) -> None:
    """The worker starts, reads something, answers by the common schema, and ends."""
    p.start(worker)
    p.says(worker, ToolCalled("Read", "t1", "a.py"))
    p.says(worker, ToolReturned("t1", ok=True, text="text"))
    reply = {"answer": answer, "position": answer, "findings": [f"by {worker}"], "confidence": confidence}
    p.says(worker, TurnEnded(ok=True, subtype="success", text="", reply=reply), kind=EventType.STATUS)
    p.exits(worker)


def writes(p: Play, worker: str, *files: str) -> None:
    answers(p, worker)
    p.measures(worker, *files)


def started(p: Play) -> list[str]:
    return [effect.worker for effect in p.wanted(StartWorker)]


def closes(p: Play) -> CloseSession:
    """Take the end, and let the whole journal be derived again."""
    name, close = p.last(CloseSession)
    p.take(SessionClosed(close.outcome, close.reason, name))
    again = replay(p.entries)
    assert again.session.plan_run.result == p.session.plan_run.result
    assert again.unrecorded == ()
    return close


def malformed(p: Play, worker: str) -> None:
    p.start(worker)
    p.says(worker, TurnEnded(ok=True, subtype="success", text="I found nothing."), kind=EventType.STATUS)
    p.exits(worker)


def crashes(p: Play, worker: str) -> None:
    p.start(worker)
    p.says(worker, TurnEnded(ok=False, subtype="error", text="no"), kind=EventType.STATUS)
    p.exits(worker, code=1)


def overconfident(p: Play, worker: str) -> None:
    answers(p, worker, confidence=1.5)


def bounds(**limits: int) -> SandboxConfig:
    return SandboxConfig(name="default", team=TeamBounds(**limits))


def taken_over_anywhere(p: Play) -> int:
    """Cut the journal behind each entry, as a kill would, and hold what is derived then against what was recorded.

    Returns:
        How often the cut left effects or facts that were derived and not yet written down.
    """
    left = 0
    for cut in range(1, len(p.entries)):
        result = replay(p.entries[:cut])
        recorded = []
        for entry in p.entries[cut:]:
            if not isinstance(entry.body, Derived):
                break
            recorded.append(entry.body.id)
        assert [name for name, _ in result.unrecorded] == recorded, f"killed behind entry {cut}"
        left += bool(recorded)
    return left
