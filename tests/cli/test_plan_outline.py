from __future__ import annotations

from orchestrator.cli.plan_outline import outline, together
from orchestrator.models.events import EventType
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.plan_tree import Strategy, StrategyNode
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerState, WorkerStatus
from tests.session.conftest import Play
from tests.session.team_play import READERS, answers, node, tree


def worker(status: WorkerStatus) -> WorkerState:
    return WorkerState(WorkerId("a"), AgentName("claude"), Role.REVIEWER, status)


def test_several_agents_stand_together_as_the_worst_of_them() -> None:
    done, failed, waiting = (
        worker(WorkerStatus.DONE),
        worker(WorkerStatus.FAILED),
        worker(WorkerStatus.WAITING),
    )
    assert together([]) == together([waiting]) == "waiting"
    assert together([done, waiting]) == "running"
    assert together([done, failed]) == "failed"
    assert together([done, done]) == "done"


def test_a_review_is_folded_once_it_is_decided() -> None:
    p = Play("gemini", "claude", "codex", interactive=True)
    p.finishes("gemini")
    p.start("claude")
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    now = p.session.now
    assert now is not None

    under_way = [row.text for row in outline(p.session, now)]
    p.reviews("review-001-gemini", "approved")
    p.reviews("review-001-codex", "approved")
    decided = [row.text for row in outline(p.session, now)]

    assert "review 001-milestone" in under_way
    assert "review-001-codex" in under_way
    assert "review-001-codex" not in decided
    assert any(text.startswith("review 001-milestone: CONTINUE") for text in decided)


def test_a_finished_branch_of_a_plan_is_one_line() -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (tree(Strategy.PARALLEL, "one", "two"), node("three")))
    p = Play(*READERS, plan=plan, no_change=True)
    now = p.session.opened_at

    assert [row.text.split()[0] for row in outline(p.session, now)] == ["1", "1.1", "1.1.1", "1.1.2", "1.2"]
    answers(p, "one")
    answers(p, "two")
    rows = outline(p.session, now)
    assert [row.text.split()[0] for row in rows] == ["1", "1.1", "1.2"]
    assert (rows[1].state, rows[1].text) == ("done", "1.1 parallel …")
    assert rows[1].facts.startswith("2 agents")
