from __future__ import annotations

import pytest

from orchestrator.models.money import Usage


@pytest.mark.parametrize(
    ("one", "other", "cost", "tokens"),
    [
        pytest.param(Usage(), Usage(), None, None, id="two unknowns stay unknown"),
        pytest.param(Usage(cost_usd=0.5), Usage(), 0.5, None, id="a known cost and an unknown one"),
        pytest.param(Usage(input_tokens=0), Usage(), None, 0, id="zero is known"),
        pytest.param(Usage(input_tokens=3), Usage(output_tokens=4, cached_tokens=5), None, 12, id="all kinds add up"),
    ],
)
def test_adding_keeps_unknown_apart_from_zero(one: Usage, other: Usage, cost: float | None, tokens: int | None) -> None:
    total = one + other
    assert (total.cost_usd, total.total_tokens) == (cost, tokens)


def test_the_model_named_last_stands() -> None:
    assert (Usage(model="a") + Usage()).model == "a"
    assert (Usage(model="a") + Usage(model="b")).model == "b"


@pytest.mark.parametrize("figure", [-1, -40_000, float("nan"), float("inf"), 1e16, True], ids=repr)
def test_a_figure_that_cannot_be_is_unknown(figure: float) -> None:
    usage = Usage(figure, figure, figure, figure)  # type: ignore[arg-type]  # what a CLI says may be anything
    assert usage == Usage()
