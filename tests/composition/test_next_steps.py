"""Whatever the tree and whatever its leaves come to: the next steps are certain, and there is an end."""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.composition.next_steps import next_steps
from orchestrator.composition.plan_checks import check_plan
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_steps import Finished, Run
from orchestrator.models.plan_tree import (
    ROOT,
    Access,
    AgentNode,
    AgentResult,
    Aggregator,
    Failure,
    MergeResult,
    Node,
    NodePath,
    Strategy,
    StrategyNode,
    Tier,
)
from orchestrator.models.quality_gates import GateState
from tests.composition.plan_play import TESTS, Play, agent

LEAST = {Strategy.TEACHING: 2, Strategy.REFINEMENT: 2, Strategy.ADAPTIVE: 2, Strategy.BEST_OF: 2}
MOST = {Strategy.TEACHING: 2, Strategy.REPEAT: 1}


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Node:
    """Any plan that passes the check."""
    names = (f"agent{n}" for n in count())

    def node(depth: int, *, writes: bool, reads_only: bool = False) -> Node:
        if depth == 0 or draw(st.integers(0, 3)) == 0:
            access: Access = "write" if writes or draw(st.booleans()) else "read"
            vendor = draw(st.sampled_from([None, AgentName("a"), AgentName("b")]))
            return AgentNode(next(names), access=access, tier=draw(st.sampled_from([None, *Tier])), agent=vendor)
        strategy = draw(st.sampled_from([one for one in Strategy if _stands(one, writes, reads_only)]))
        size = draw(st.integers(LEAST.get(strategy, 1), MOST.get(strategy, 3)))
        must_write = writes or strategy is Strategy.BEST_OF
        gated = strategy in {Strategy.REPEAT, Strategy.BEST_OF}
        gated = gated or (strategy is Strategy.ADAPTIVE and draw(st.booleans()))
        reads = reads_only or strategy is Strategy.DEBATE
        classifies = strategy is Strategy.ADAPTIVE and not gated
        children = tuple(
            node(
                depth - 1,
                writes=must_write and not (classifies and n == 0),
                reads_only=reads or (classifies and n == 0),
            )
            for n in range(size)
        )
        if strategy is Strategy.SEQUENTIAL and draw(st.booleans()):
            children = (*children, TESTS)
        return StrategyNode(
            strategy,
            children,
            rounds=draw(st.integers(1, 3)) if strategy is Strategy.DEBATE else 1,
            at_most=draw(st.integers(1, 3)) if strategy is Strategy.REPEAT else 1,
            gate=TESTS if gated else None,
            synthesizer=AgentNode(next(names)) if strategy is Strategy.DEBATE and draw(st.booleans()) else None,
            aggregator=draw(st.sampled_from(Aggregator)) if strategy is Strategy.PARALLEL else Aggregator.ALL,
        )

    return node(depth, writes=draw(st.booleans()))


def _stands(strategy: Strategy, writes: bool, reads_only: bool) -> bool:
    """Whether the strategy may stand where somebody has to write, or nobody may."""
    if reads_only:
        return strategy is not Strategy.BEST_OF
    return not (writes and strategy is Strategy.DEBATE)


def says(data: st.DataObject, path: NodePath, *, is_agent: bool) -> object:
    if is_agent:
        opinions = st.sampled_from([(0.9, {"position": "yes"}), (0.6, {"position": "no"}), (0.85, {"text": "both"})])
        return data.draw(st.one_of(st.sampled_from(Failure), st.floats(0, 1), opinions), label=path)
    return data.draw(st.tuples(st.sampled_from(GateState), st.one_of(st.none(), st.integers(0, 9))), label=path)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no reason
@given(trees(), st.data())
def test_every_plan_ends_and_runs_no_leaf_twice(plan: Node, data: st.DataObject) -> None:
    check_plan(plan)
    play = Play(plan)
    given_: list[NodePath] = []
    before: dict[NodePath, object] = {}
    while isinstance(step := play.step(), Run):
        paths = [leaf.path for leaf in step.leaves]
        assert paths, "something runs, or it is finished"
        assert len(set(paths)) == len(paths)
        assert not set(paths) & set(given_), "what has a result is not asked for again"
        now = {leaf.path: leaf for leaf in step.leaves}
        assert {path: leaf for path, leaf in before.items() if path not in given_} == {
            path: now.get(path) for path in before if path not in given_
        }, "what runs is not withdrawn, and stays what it was"
        assert next_steps(plan, dict(reversed(play.results.items()))) == step, "the order of results decides nothing"
        leaf = data.draw(st.sampled_from(step.leaves))
        if leaf.kind == "merge":
            play.results[leaf.path] = data.draw(
                st.sampled_from([MergeResult(leaf.path, True), MergeResult(leaf.path, False, ("both changed a.py",))])
            )
        else:
            play.says[leaf.path] = says(data, leaf.path, is_agent=leaf.kind == "agent")
            play.results[leaf.path] = play.result_of(leaf)
        given_.append(leaf.path)
        before = {**now}
        assert len(given_) < 5_000
    result = step.result
    agents = [each for each in play.results.values() if isinstance(each, AgentResult)]
    assert sorted(each.path for each in result.outputs) == sorted(each.path for each in agents), "nothing is lost"
    assert result.success or result.errors, "a failure is told"
    assert 0.0 <= result.confidence <= 1.0
    assert next_steps(plan, play.results) == step


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no reason
@given(trees())
def test_nobody_writes_beside_another_on_the_same_tree(plan: Node) -> None:
    play = Play(plan)
    while isinstance(step := play.step(), Run):
        writers = [leaf for leaf in step.leaves if leaf.kind == "agent" and leaf.node.access == "write"]
        layers = [leaf.layers for leaf in writers]
        assert len(set(layers)) == len(layers)
        for writer in writers:
            beside = {other.layers for other in step.leaves if other is not writer}
            assert writer.layers not in beside, "nobody reads what moves"
        for leaf in step.leaves:
            play.results[leaf.path] = play.result_of(leaf)


def test_one_agent_is_a_plan() -> None:
    play = Play(agent("alone"), {"1": 0.8})
    result = play.end()
    assert (result.path, result.success, result.aggregated_output) == (ROOT, True, {"text": "by 1"})


def test_a_result_of_the_wrong_kind_is_none() -> None:
    step = next_steps(agent("alone"), {ROOT: MergeResult(ROOT, success=True)})
    assert isinstance(step, Run)


def test_a_confidence_that_is_no_share_counts_as_none() -> None:
    for wrong in (float("nan"), 1.5, -0.1, float("inf")):
        step = next_steps(agent("alone"), {ROOT: AgentResult(ROOT, "alone", success=True, confidence=wrong)})
        assert isinstance(step, Finished)
        assert step.result.confidence == 0.0
