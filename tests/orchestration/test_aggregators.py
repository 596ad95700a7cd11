from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from orchestrator.orchestration.aggregators import consensus, priority_list, weighted_score
from orchestrator.orchestration.execution_strategies import AgentResult

GOOD = AgentResult("a", True, {"position": "yes", "x": 1}, 0.9)
OTHER = AgentResult("b", True, {"position": "no"}, 0.7)
FAILED = AgentResult("c", False, {}, error="it broke")


def test_weights_decide() -> None:
    assert weighted_score([GOOD, FAILED])["success"]
    light = weighted_score([GOOD, FAILED], {"c": 3}, threshold=0.5)
    assert (light["success"], light["score"]) == (False, 0.25)


def test_a_consensus_is_more_than_half_of_one_mind() -> None:
    assert not consensus([GOOD, OTHER])["success"]
    agreed = consensus([GOOD, AgentResult("d", True, {"position": "yes"}, 0.5), OTHER])
    assert (agreed["success"], agreed["position"]) == (True, "yes")


def test_the_first_that_succeeded_stands_for_all() -> None:
    assert priority_list([FAILED, GOOD, OTHER], ["c", "b"])["selected"] == "b"
    assert priority_list([FAILED, GOOD, OTHER])["final_output"] == GOOD.output
    assert not priority_list([FAILED])["success"]


@pytest.mark.parametrize(
    "wrong",
    [
        partial(consensus, []),
        partial(consensus, [GOOD, GOOD]),
        partial(weighted_score, [GOOD], {"z": 1.0}),
        partial(weighted_score, [GOOD], {"a": -1.0}),
        partial(weighted_score, [GOOD], threshold=2),
        partial(priority_list, [GOOD], ["z"]),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()
