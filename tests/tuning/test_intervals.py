from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tuning.intervals import wilson


def test_the_interval_is_the_known_one() -> None:
    assert wilson(4, 1, confidence=0.95) == pytest.approx((0.3755, 0.9638), abs=1e-4)
    assert wilson(10, 0) == pytest.approx((0.787, 1.0), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("successes", "failures", "confidence"), [(-1, 0, 0.9), (0, -1, 0.9), (1, 1, 0.0), (1, 1, 1.0)]
)
def test_what_is_no_count_or_no_confidence_is_refused(successes: int, failures: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson(successes, failures, confidence=confidence)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_it_holds_the_rate_that_was_seen_and_narrows_with_more_of_the_same(successes: int, failures: int) -> None:
    low, high = wilson(successes, failures)
    assert 0 <= low <= high <= 1
    if successes + failures:
        assert low <= successes / (successes + failures) <= high
        more_low, more_high = wilson(10 * successes, 10 * failures)
        assert more_high - more_low <= high - low
