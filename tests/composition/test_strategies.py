"""What each pattern asks for, who sees what, and what comes of it.  The outcomes stand in ``outcome_table.toml``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.composition.strategies.adaptive import select_specialist
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_steps import MergeLeaf, Purpose
from orchestrator.models.plan_tree import Aggregator, Failure, Strategy, StrategyNode, Tier
from orchestrator.models.quality_gates import GateState
from tests.composition.plan_play import TESTS, Play, agent, writer

A, B, C = agent("a"), agent("b"), agent("c")
W, V = writer("w"), writer("v")
FAIL, NOT_MEASURED, PASS = GateState.FAIL, GateState.NOT_MEASURED, GateState.PASS


def seen_by(play: Play, path: str) -> list[str]:
    return [str(each.path) for each in play.agent(path).sees]


# Sequential


def test_the_third_of_a_sequence_sees_what_both_before_it_came_to() -> None:
    play = Play(StrategyNode(Strategy.SEQUENTIAL, (A, B, C)), {"1.1": {"text": "first"}, "1.2": Failure.TIMED_OUT})
    result = play.end()
    assert play.paths == ["1.1", "1.2", "1.3"]
    first, second = play.agent("1.3").sees
    assert (first.name, first.success, first.output) == ("a", True, {"text": "first"})
    assert (second.name, second.success, second.output, second.error) == ("b", False, {}, "b: so it is")
    assert result.aggregated_output == {
        "final_output": {"text": "by 1.3"},
        "outputs": {"a": {"text": "first"}, "b": {}, "c": {"text": "by 1.3"}},
    }


@pytest.mark.parametrize("state", [FAIL, NOT_MEASURED])
def test_a_gate_that_does_not_pass_ends_the_sequence(state: GateState) -> None:
    play = Play(StrategyNode(Strategy.SEQUENTIAL, (A, TESTS, B)), {"1.2": state})
    result = play.end()
    assert play.paths == ["1.1", "1.2"]
    assert not result.success
    assert result.errors == (f"gate tests at 1.2: {state.value}",)
    assert result.aggregated_output["final_output"] == {"text": "by 1.1"}


# Parallel and its aggregators


def test_side_by_side_nobody_sees_another() -> None:
    play = Play(StrategyNode(Strategy.PARALLEL, (A, B)))
    play.end()
    assert [[str(leaf.path) for leaf in leaves] for leaves in play.asked] == [["1.1", "1.2"]]
    assert seen_by(play, "1.1") == seen_by(play, "1.2") == []


def test_writers_side_by_side_have_layers_that_are_merged_in_plan_order() -> None:
    play = Play(StrategyNode(Strategy.PARALLEL, (A, W, V)), {"1.2": Failure.FAILED})
    result = play.end(lambda leaves: leaves[-1])
    assert [leaf.layers for leaf in play.asked[0]] == [(), ("1.2",), ("1.3",)]
    merge = play.leaf("1.merge")
    assert isinstance(merge, MergeLeaf)
    assert (merge.take, merge.keep, merge.layers) == (("1.3",), ("1.2",), ())
    assert result.kept == ("1.2.patch",)


def test_a_conflict_is_told_and_is_no_success() -> None:
    play = Play(StrategyNode(Strategy.PARALLEL, (W, V)), {"1.merge": ("w and v both changed line 3 of a.py",)})
    result = play.end()
    assert not result.success
    assert result.errors == ("w and v both changed line 3 of a.py",)


def test_a_merge_within_a_layer_goes_into_that_layer() -> None:
    inner = StrategyNode(Strategy.PARALLEL, (W, V), title="pair")
    play = Play(StrategyNode(Strategy.PARALLEL, (inner, writer("u"))))
    play.end()
    assert play.agent("1.1.2").layers == ("1.1", "1.1.2")
    merge = play.leaf("1.1.merge")
    assert isinstance(merge, MergeLeaf)
    assert (merge.take, merge.layers) == (("1.1.1", "1.1.2"), ("1.1",))


@pytest.mark.parametrize(
    ("failed", "score", "success"), [(["1.1"], 0.25, False), (["1.2", "1.3"], 0.75, True), ([], 1.0, True)]
)
def test_a_weighted_score_is_the_share_of_the_weights_that_succeeded(
    failed: list[str], score: float, success: bool
) -> None:
    node = StrategyNode(
        Strategy.PARALLEL, (A, B, C), aggregator=Aggregator.WEIGHTED_SCORE, weights={"a": 6.0}, threshold=0.75
    )
    result = Play(node, dict.fromkeys(failed, Failure.FAILED)).end()
    assert result.aggregated_output["score"] == pytest.approx(score)
    assert result.success is success


def test_a_share_that_only_rounding_keeps_below_the_threshold_reaches_it() -> None:
    weights = {"a": 0.1, "b": 0.2, "c": 0.7}
    node = StrategyNode(
        Strategy.PARALLEL, (A, B, C), aggregator=Aggregator.WEIGHTED_SCORE, weights=weights, threshold=0.3
    )
    assert Play(node, {"1.3": Failure.FAILED}).end().success


def test_a_consensus_is_of_stated_positions_and_keeps_the_dissent() -> None:
    node = StrategyNode(Strategy.PARALLEL, (A, B, C), aggregator=Aggregator.CONSENSUS)
    positions = {"1.1": {"position": "Ship it."}, "1.2": {"position": "wait"}, "1.3": {"position": "ship  it"}}
    result = Play(node, positions).end()
    assert result.success
    assert result.aggregated_output["position"] == "Ship it."
    assert result.aggregated_output["consensus"]["success_votes"] == 2
    assert [each.agent_id for each in result.dissent] == ["b"]


def test_the_first_by_priority_that_succeeded_stands_for_all() -> None:
    node = StrategyNode(Strategy.PARALLEL, (W, V, A), aggregator=Aggregator.PRIORITY_LIST, priority=("a", "v"))
    play = Play(node, {"1.3": Failure.MALFORMED})
    result = play.end()
    assert result.success
    assert (result.aggregated_output["selected"], result.aggregated_output["final_output"]) == ("v", {"text": "by 1.2"})
    merge = play.leaf("1.merge")
    assert isinstance(merge, MergeLeaf)
    assert (merge.take, merge.keep) == (("1.2",), ("1.1",))


def test_a_priority_list_of_which_nobody_succeeded_fails() -> None:
    node = StrategyNode(Strategy.PARALLEL, (A, B), aggregator=Aggregator.PRIORITY_LIST)
    result = Play(node, {"1.1": Failure.FAILED, "1.2": Failure.FAILED}).end()
    assert not result.success
    assert result.aggregated_output["selected"] is None


# Debate


def test_first_opinions_are_blind_and_replies_see_all_of_them() -> None:
    play = Play(StrategyNode(Strategy.DEBATE, (A, B, C), rounds=2))
    play.end(lambda leaves: leaves[-1])
    assert [seen_by(play, f"1.{n}") for n in (1, 2, 3)] == [[], [], []]
    assert seen_by(play, "1.2@2") == ["1.1", "1.2", "1.3"]
    assert {play.agent(f"1.{n}").purpose for n in (1, 2, 3)} == {Purpose.OPINION}
    assert play.agent("1.2@2").purpose is Purpose.REPLY


def test_a_debate_goes_on_to_its_last_round_while_they_differ() -> None:
    says = {path: {"position": path[2]} for path in ("1.1", "1.2", "1.1@2", "1.2@2")}
    play = Play(StrategyNode(Strategy.DEBATE, (A, B), rounds=3), {**says, "1.1@3": {"position": "2"}})
    play.end()
    assert len(play.paths) == 6


def test_a_debate_ends_when_all_agree() -> None:
    says = {path: {"position": "yes"} for path in ("1.1", "1.2")}
    play = Play(StrategyNode(Strategy.DEBATE, (A, B), rounds=3), says)
    assert play.end().success
    assert play.paths == ["1.1", "1.2"]


def test_who_fails_is_not_asked_again_and_an_earlier_opinion_stands() -> None:
    says = {"1.3": Failure.FAILED, "1.2": {"position": "no"}, "1.2@2": Failure.TIMED_OUT, "1.1": {"position": "yes"}}
    play = Play(StrategyNode(Strategy.DEBATE, (A, B, C), rounds=3), says)
    result = play.end()
    assert play.paths == ["1.1", "1.2", "1.3", "1.1@2", "1.2@2"]
    assert result.aggregated_output["opinions"] == [{"text": "by 1.1@2"}, {"position": "no"}, {}]
    assert result.aggregated_output["consensus"]["total_votes"] == 3


def test_the_minority_is_kept() -> None:
    says = {"1.1": {"position": "a"}, "1.2": {"position": "b"}, "1.3": {"position": "a"}}
    result = Play(StrategyNode(Strategy.DEBATE, (A, B, C)), says).end()
    assert result.success
    assert [each.output for each in result.dissent] == [{"position": "b"}]


def test_a_tie_is_no_consensus() -> None:
    says = {"1.1": {"position": "a"}, "1.2": {"position": "b"}}
    result = Play(StrategyNode(Strategy.DEBATE, (A, B)), says).end()
    assert not result.success
    assert result.errors == ("no consensus: 1 of 2 agree",)


def test_a_named_synthesizer_concludes_where_opinions_differ() -> None:
    says = {"1.1": {"position": "a"}, "1.2": {"position": "b"}, "1.synthesis": {"text": "both"}}
    play = Play(StrategyNode(Strategy.DEBATE, (A, B), synthesizer=C), says)
    result = play.end()
    assert result.success
    assert result.aggregated_output["synthesis"] == {"text": "both"}
    assert not result.aggregated_output["consensus"]["consensus_reached"]
    assert seen_by(play, "1.synthesis") == ["1.1", "1.2"]
    assert play.agent("1.synthesis").purpose is Purpose.SYNTHESIS


def test_without_a_single_opinion_no_synthesizer_is_asked() -> None:
    says = {"1.1": Failure.FAILED, "1.2": Failure.MALFORMED}
    play = Play(StrategyNode(Strategy.DEBATE, (A, B), synthesizer=C), says)
    assert not play.end().success
    assert play.paths == ["1.1", "1.2"]


def test_a_debate_without_a_conclusion_says_so() -> None:
    result = Play(StrategyNode(Strategy.DEBATE, (A, B), synthesizer=C), {"1.synthesis": Failure.FAILED}).end()
    assert not result.success
    assert "the synthesizer failed" in result.errors[-1]


def test_nobody_writes_in_a_debate() -> None:
    play = Play(StrategyNode(Strategy.DEBATE, (W, StrategyNode(Strategy.SEQUENTIAL, (V,)))))
    play.end()
    assert {play.agent(path).node.access for path in ("1.1", "1.2.1")} == {"read"}
    assert {play.agent(path).layers for path in ("1.1", "1.2.1")} == {()}


@pytest.mark.parametrize(
    ("agents", "warns"), [(("x", "x"), True), (("x", "y"), False), (("x", None), False), ((None, None), False)]
)
def test_a_debate_of_one_vendor_warns(agents: tuple[str | None, ...], warns: bool) -> None:
    children = tuple(
        replace(each, agent=AgentName(name) if name else None) for each, name in zip((A, B), agents, strict=True)
    )
    result = Play(StrategyNode(Strategy.DEBATE, children)).end()
    assert any("one vendor (x)" in warning for warning in result.warnings) is warns


def test_a_debate_of_one_warns() -> None:
    assert "no debate" in Play(StrategyNode(Strategy.DEBATE, (A,))).end().warnings[0]


# Teaching and refinement


@pytest.mark.parametrize(
    ("confidence", "threshold", "outcome"),
    [
        (0.7, None, "junior_success"),
        (0.69, None, "expert_takeover"),
        (0.0, 0.0, "junior_success"),
        (0.99, 1.0, "expert_takeover"),
    ],
)
def test_a_junior_passes_who_reaches_the_threshold(confidence: float, threshold: float | None, outcome: str) -> None:
    play = Play(StrategyNode(Strategy.TEACHING, (A, B), threshold=threshold), {"1.1": confidence})
    assert play.end().aggregated_output["outcome"] == outcome
    assert play.paths == (["1.1"] if outcome == "junior_success" else ["1.1", "1.2"])


def test_the_expert_sees_what_the_junior_made() -> None:
    play = Play(StrategyNode(Strategy.TEACHING, (A, B)), {"1.1": (0.2, {"text": "a try"})})
    play.end()
    assert [(each.name, each.output) for each in play.agent("1.2").sees] == [("a", {"text": "a try"})]
    assert play.agent("1.2").purpose is Purpose.TAKE_OVER


def test_a_polisher_sees_the_last_version_alone() -> None:
    play = Play(StrategyNode(Strategy.REFINEMENT, (A, B, C)))
    play.end()
    assert seen_by(play, "1.3") == ["1.2"]
    assert [play.agent(f"1.{n}").purpose for n in (1, 2, 3)] == [Purpose.WORK, Purpose.REFINE, Purpose.REFINE]


# Adaptive


@pytest.mark.parametrize(("confidence", "specialist"), [(0.81, "cheap"), (0.8, "premium"), (0.79, "premium")])
def test_a_classifier_has_to_be_surer_than_the_threshold(confidence: float, specialist: str) -> None:
    specialists = (agent("premium", tier=Tier.PREMIUM), agent("cheap", tier=Tier.CHEAP))
    play = Play(StrategyNode(Strategy.ADAPTIVE, (A, *specialists)), {"1.1": confidence})
    assert play.end().aggregated_output["selected_specialist"] == specialist
    assert play.agent("1.1").purpose is Purpose.CLASSIFY


@pytest.mark.parametrize(
    ("tiers", "wanted", "chosen"),
    [
        ((Tier.PREMIUM, Tier.CAPABLE), Tier.CHEAP, 1),
        ((Tier.PREMIUM,), Tier.CHEAP, 0),
        ((Tier.CHEAP, Tier.CAPABLE), Tier.PREMIUM, 1),
        ((Tier.CAPABLE, Tier.CAPABLE), Tier.PREMIUM, 0),
        ((None, Tier.PREMIUM), Tier.CHEAP, 0),
    ],
)
def test_a_missing_tier_is_taken_from_the_nearest_above(
    tiers: tuple[Tier | None, ...], wanted: Tier, chosen: int
) -> None:
    assert select_specialist([agent(f"s{n}", tier=tier) for n, tier in enumerate(tiers)], wanted) == chosen


def test_a_team_is_as_strong_as_its_strongest() -> None:
    team = StrategyNode(Strategy.PARALLEL, (agent("x", tier=Tier.CHEAP), agent("y", tier=Tier.PREMIUM)), title="team")
    play = Play(StrategyNode(Strategy.ADAPTIVE, (A, agent("s", tier=Tier.CAPABLE), team)), {"1.1": 0.1})
    assert play.end().aggregated_output["selected_specialist"] == "team"


def test_a_classifier_never_writes() -> None:
    play = Play(StrategyNode(Strategy.ADAPTIVE, (W, V)))
    play.end()
    assert (play.agent("1.1").node.access, play.agent("1.2").node.access) == ("read", "write")


@pytest.mark.parametrize("state", [FAIL, NOT_MEASURED])
def test_a_cascade_goes_on_to_the_team_with_what_the_gate_found(state: GateState) -> None:
    team = StrategyNode(Strategy.SEQUENTIAL, (A, V), title="team")
    play = Play(StrategyNode(Strategy.ADAPTIVE, (W, team), gate=TESTS), {"1.gate": state})
    result = play.end()
    assert result.success
    assert play.paths == ["1.1", "1.gate", "1.2.1", "1.2.2", "1.gate@2"]
    assert [(each.name, each.success) for each in play.agent("1.2.1").sees] == [("w", True), ("gates", False)]
    assert play.agent("1.2.1").sees[1].output["gates"]["tests"]["state"] == state.value


def test_a_cascade_measures_nobody_who_failed() -> None:
    play = Play(StrategyNode(Strategy.ADAPTIVE, (W, V), gate=TESTS), {"1.1": Failure.FAILED})
    assert play.end().success
    assert play.paths == ["1.1", "1.2", "1.gate@2"]


# Repeat


def test_another_round_sees_the_last_one_and_what_the_gate_found() -> None:
    play = Play(StrategyNode(Strategy.REPEAT, (W,), gate=TESTS, at_most=3), {"1.gate": FAIL, "1.gate@2": FAIL})
    result = play.end()
    assert result.success
    assert play.paths == ["1.1", "1.gate", "1.1@2", "1.gate@2", "1.1@3", "1.gate@3"]
    assert seen_by(play, "1.1@3") == ["1.1@2", "1.gate@2"]
    assert (play.agent("1.1").purpose, play.agent("1.1@2").purpose) == (Purpose.WORK, Purpose.AGAIN)
    assert result.aggregated_output["rounds"] == 3


def test_a_loop_stops_at_once_where_nothing_can_be_measured() -> None:
    play = Play(StrategyNode(Strategy.REPEAT, (W,), gate=TESTS, at_most=3), {"1.gate": NOT_MEASURED})
    result = play.end()
    assert play.paths == ["1.1", "1.gate"]
    assert result.aggregated_output["outcome"] == "not_measured"
    assert "could not be measured" in result.errors[-1]


def test_loops_in_loops_have_paths_of_their_own() -> None:
    inner = StrategyNode(Strategy.REPEAT, (W,), gate=TESTS, at_most=2)
    says = {"1.1.gate": FAIL, "1.gate": FAIL}
    play = Play(StrategyNode(Strategy.REPEAT, (inner,), gate=TESTS, at_most=2), says)
    assert play.end().success
    assert play.paths == ["1.1.1", "1.1.gate", "1.1.1@2", "1.1.gate@2", "1.gate", "1.1@2.1", "1.1@2.gate", "1.gate@2"]


# Best of


def test_every_candidate_is_measured_on_its_own_layer() -> None:
    play = Play(StrategyNode(Strategy.BEST_OF, (W, V), gate=TESTS), {"1.gate": FAIL})
    result = play.end()
    assert [play.leaf(path).layers for path in ("1.1", "1.2", "1.gate", "1.gate@2")] == [
        ("1.1",),
        ("1.2",),
        ("1.1",),
        ("1.2",),
    ]
    assert result.success
    assert result.aggregated_output["candidates"] == {"w": "fail", "v": "pass"}
    assert result.kept == ("1.1.patch",)


@pytest.mark.parametrize(
    ("gates", "selected"),
    [
        ([(PASS, 9), (PASS, 3)], "v"),
        ([(PASS, 3), (PASS, 3)], "w"),
        ([(PASS, None), (PASS, 90)], "v"),
        ([(PASS, 90), (NOT_MEASURED, 1)], "w"),
        ([(PASS, None), (PASS, None)], "w"),
    ],
    ids=["fewer lines", "plan order", "unknown lines last", "measured first", "nothing known"],
)
def test_of_those_that_pass_the_smallest_change_is_taken(
    gates: list[tuple[GateState, int | None]], selected: str
) -> None:
    says = {"1.gate": gates[0], "1.gate@2": gates[1]}
    result = Play(StrategyNode(Strategy.BEST_OF, (W, V), gate=TESTS), says).end()
    assert result.aggregated_output["selected"] == selected


def test_where_none_passes_all_are_kept() -> None:
    says = {"1.gate": FAIL, "1.2": Failure.FAILED}
    result = Play(StrategyNode(Strategy.BEST_OF, (W, V), gate=TESTS), says).end()
    assert not result.success
    assert result.kept == ("1.1.patch", "1.2.patch")


def test_one_writer_may_try_several_times() -> None:
    play = Play(StrategyNode(Strategy.BEST_OF, (W,), gate=TESTS, at_most=3), {"1.gate": FAIL})
    result = play.end()
    assert play.paths == ["1.1", "1.1@2", "1.1@3", "1.gate", "1.gate@2", "1.gate@3", "1.merge"]
    assert result.aggregated_output["selected"] == "w@2"


def test_a_winner_that_cannot_be_merged_is_no_success() -> None:
    result = Play(StrategyNode(Strategy.BEST_OF, (W, V), gate=TESTS), {"1.merge": ("it cannot",)}).end()
    assert not result.success


# Nesting


def test_results_of_a_nested_strategy_are_seen_as_one() -> None:
    panel = StrategyNode(Strategy.DEBATE, (A, B), title="panel")
    play = Play(StrategyNode(Strategy.SEQUENTIAL, (panel, W)))
    result = play.end()
    (saw,) = play.agent("1.2").sees
    assert (saw.path, saw.name) == ("1.1", "panel")
    assert saw.output["debate_participants"] == ["a", "b"]
    assert [each.agent_id for each in result.outputs] == ["a", "b", "w"]


def test_a_failed_team_shows_what_it_has() -> None:
    panel = StrategyNode(Strategy.PARALLEL, (A, B), title="panel")
    play = Play(StrategyNode(Strategy.SEQUENTIAL, (panel, C)), {"1.1.1": Failure.FAILED})
    play.end()
    (saw,) = play.agent("1.2").sees
    assert not saw.success
    assert saw.output["outputs"] == {"a": {}, "b": {"text": "by 1.1.2"}}
