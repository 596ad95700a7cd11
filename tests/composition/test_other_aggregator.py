from __future__ import annotations

from orchestrator.composition.other_aggregator import under_aggregator
from orchestrator.models.plan_tree import Aggregator, Failure, Strategy, StrategyNode
from tests.composition.plan_play import TESTS, Play, agent, writer

A, B, C = agent("a"), agent("b"), agent("c")
PANEL = StrategyNode(Strategy.PARALLEL, (A, B, C))


def played(plan: StrategyNode, **says: object) -> Play:
    play = Play(plan, {path.replace("_", "."): said for path, said in says.items()})
    play.end()
    return play


def test_a_panel_of_which_one_failed_has_a_consensus() -> None:
    play = played(PANEL, **{"1_2": Failure.TIMED_OUT})
    end = under_aggregator(PANEL, play.results, Aggregator.CONSENSUS)
    assert end.recorded is not None
    assert end.result is not None
    assert (end.recorded.success, end.result.success) == (False, True)
    assert end.differs_after is None


def test_the_same_aggregator_comes_to_the_same() -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (StrategyNode(Strategy.PARALLEL, (A, B), title="panel"), C, TESTS))
    play = played(plan)
    end = under_aggregator(plan, play.results, Aggregator.ALL)
    assert end.result == end.recorded
    assert end.differs_after is None


def test_it_is_said_from_where_on_another_would_have_been_told_something_else() -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (StrategyNode(Strategy.PARALLEL, (A, B), title="panel"), C))
    play = played(plan)
    end = under_aggregator(plan, play.results, Aggregator.CONSENSUS)
    assert (end.differs_after, end.wanted) == ("1.1.2", ("1.2",))
    assert end.result is None, "nobody knows what it would have answered"


def test_what_would_have_been_merged_otherwise_is_named() -> None:
    plan = StrategyNode(Strategy.PARALLEL, (writer("w"), writer("v")))
    play = played(plan)
    end = under_aggregator(plan, play.results, Aggregator.PRIORITY_LIST)
    assert (end.differs_after, end.wanted, end.result) == ("1.2", ("1.merge",), None)
