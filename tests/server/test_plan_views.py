from __future__ import annotations

from collections.abc import Callable

from orchestrator.models.plan_tree import AgentNode, GateNode, Strategy, StrategyNode
from orchestrator.server.plan_views import plan_key, plan_views
from tests.server.conftest import Stage

PLAN = StrategyNode(
    Strategy.SEQUENTIAL,
    (
        StrategyNode(Strategy.PARALLEL, (AgentNode("auditor", title="Audit it"), AgentNode("reader"))),
        AgentNode("writer", access="write"),
        GateNode(("tests",)),
    ),
)


def test_the_steps_of_a_built_in_team_are_a_sequence(stage: Stage) -> None:
    assert stage.session is not None
    root, *steps = plan_views(stage.session)
    assert (root.kind, root.name, root.depth) == ("strategy", "change", 0)
    assert [(step.name, step.worker, step.access) for step in steps] == [
        ("designer", "gemini", "read"),
        ("implementer", "claude", "write"),
        ("reviewer", "codex", "read"),
    ]


def test_a_plan_of_its_own_is_shown_as_a_tree_with_what_runs(staged: Callable[..., Stage]) -> None:
    stage = staged("0001", plan=PLAN, team="mine")
    assert stage.session is not None
    views = plan_views(stage.session)
    assert [(view.path, view.depth, view.name) for view in views] == [
        ("1", 0, "sequential"),
        ("1.1", 1, "parallel"),
        ("1.1.1", 2, "auditor"),
        ("1.1.2", 2, "reader"),
        ("1.2", 1, "writer"),
        ("1.3", 1, "tests"),
    ]
    assert [view.state for view in views] == ["runs", "runs", "runs", "runs", "waits", "waits"]
    assert views[2].workers == (views[2].worker,)


def test_the_tree_is_told_again_only_where_it_has_changed(stage: Stage) -> None:
    assert stage.session is not None
    before = plan_key(stage.session)
    stage.say("a word")
    assert all(a is b or a == b for a, b in zip(before, plan_key(stage.session), strict=True))
