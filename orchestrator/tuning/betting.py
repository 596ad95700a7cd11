"""Test by betting: evidence that may be looked at after every pair, and stopped at any time.

Each pair gives a number from -1 to 1, above 0 where the candidate did better.  As long as it is not better in the mean,
whatever was before, nobody who bets a fixed share of what he has on it gets richer in the mean; so the chance that his
wealth ever reaches 20 times its start is at most 1 in 20, and so on (Ville, 1939; Waudby-Smith and Ramdas, "Estimating
means of bounded random variables by betting", 2024).  Several shares are bet at once, each with its part of the
wealth, so that none has to be guessed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

SHARES: Final = (0.25, 0.5, 0.85)
"""What is bet of the wealth, each from a start of its own."""
_FORCE: Final = 1.5
_ALL: Final = 2.612375348685488
"""ζ(1.5): what the parts of the budget add up to over all trials there can ever be."""


@dataclass(slots=True)
class Bet:
    """The wealth of one bettor, who began with 1."""

    logs: list[float] = field(default_factory=lambda: [0.0] * len(SHARES))
    n: int = 0
    wealth: float = 1.0
    """The e-value: what he has now."""

    def take(self, gain: float) -> None:
        """One pair more; ``gain`` is from -1 to 1."""
        self.n += 1
        self.logs = [log + math.log1p(share * gain) for log, share in zip(self.logs, SHARES, strict=True)]
        self.wealth = math.fsum(math.exp(min(one, 700.0)) for one in self.logs) / len(SHARES)


def budget_of(trial: int, budget: float, *, inherited: float = 0.0) -> float:
    """What of the run's error budget the trial with this number (from 1) may use.

    The parts add up to the whole budget however many trials there are.  What a trial had that was claimed passes on to
    the next one: this is the online fallback procedure, which keeps the chance of any false claim in the whole run
    below the budget (Tian and Ramdas, "Online control of the familywise error rate", 2021).

    Args:
        trial: Its number, from 1.
        budget: Of the whole run.
        inherited: What the trial before it had, if that was claimed; else 0.
    """
    part: float = budget / (_ALL * float(trial) ** _FORCE)
    return part + inherited
