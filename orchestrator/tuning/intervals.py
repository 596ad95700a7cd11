"""How certain a rate is: the Wilson interval."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

CONFIDENCE = 0.90


def wilson(successes: int, failures: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval that holds the true rate of successes with this confidence; everything from 0 to 1 without trials.

    Raises:
        ValueError: A count is below 0, or the confidence is not between 0 and 1.
    """
    if successes < 0 or failures < 0 or not 0 < confidence < 1:
        raise ValueError(f"{successes} successes and {failures} failures at confidence {confidence}")
    n = successes + failures
    if n == 0:
        return 0.0, 1.0
    z, rate = _quantile(confidence), successes / n
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # Rounding must not put the rate that was seen outside.
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))


@cache
def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
