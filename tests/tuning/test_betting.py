from __future__ import annotations

import random
from itertools import pairwise

import pytest

from orchestrator.tuning.betting import SHARES, Bet, budget_of


def test_nobody_gets_rich_by_chance() -> None:
    """Of bettors on a fair coin, looked at after each of 200 pairs, at most 5 % ever have 20 times their start."""
    random_, rich, bettors = random.Random(7), 0, 1_000
    for _ in range(bettors):
        bet = Bet()
        rich += any(_wealth_after(bet, random_.choice((-1.0, 0.0, 1.0))) >= 20 for _ in range(200))
    assert rich <= 0.05 * bettors


def _wealth_after(bet: Bet, gain: float) -> float:
    bet.take(gain)
    return bet.wealth


@pytest.mark.parametrize("gain", [0.2, 1.0])
def test_who_bets_on_what_is_so_gets_rich(gain: float) -> None:
    bet = Bet()
    for _ in range(100):
        bet.take(gain)
    assert bet.wealth > 1_000
    assert bet.n == 100


def test_in_the_mean_a_fair_pair_leaves_the_wealth_as_it_is() -> None:
    up, down = Bet(), Bet()
    up.take(0.4)
    down.take(-0.4)
    assert (up.wealth + down.wealth) / 2 == pytest.approx(1.0)
    assert all(0 < share < 1 for share in SHARES), "who bets everything is out at the first loss"


def test_all_trials_together_have_no_more_than_the_budget() -> None:
    parts = [budget_of(number, 0.05) for number in range(1, 5_000)]
    assert sum(parts) < 0.05
    assert all(one > other for one, other in pairwise(parts))


def test_what_a_claim_did_not_lose_passes_on() -> None:
    assert budget_of(3, 0.05, inherited=0.01) == pytest.approx(budget_of(3, 0.05) + 0.01)
