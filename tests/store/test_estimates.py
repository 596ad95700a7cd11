from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.identity import AgentName, SessionId, WorkerId
from orchestrator.models.recorded_outcomes import RecordedOutcome, TeamMember
from orchestrator.store.estimates import (
    LATEST,
    LEAST,
    Estimate,
    TeamKey,
    as_document,
    estimate_of,
    in_words,
    interval_of,
    outcomes_in,
)
from orchestrator.store.log_records import LogRecord
from orchestrator.store.recorder import as_record

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MEMBERS = (TeamMember(WorkerId("claude"), AgentName("claude"), "implementer"),)
KEY = TeamKey("testing", "solo", frozenset({"claude"}))
Draw = Callable[[random.Random], float]
# What tokens, costs and times of sessions look like: with a long tail, of two kinds of task, or nearly all alike.
WORLDS: dict[str, Draw] = {
    "a long tail": lambda rng: rng.lognormvariate(10.0, 0.8),
    "a very long tail": lambda rng: 1_000 * rng.paretovariate(1.3),
    "two kinds": lambda rng: rng.gauss(20_000, 2_000) if rng.random() < 0.7 else rng.gauss(90_000, 9_000),
    "all alike": lambda rng: rng.uniform(9_900, 10_100),
    "sums of many": lambda rng: sum(rng.expovariate(1 / 500) for _ in range(20)),
}


def session(number: int, *, project: str = "/shop", **changes: Any) -> RecordedOutcome:
    made = RecordedOutcome(
        session=SessionId(f"s{number:04}"),
        project=project,
        pattern="testing",
        team="solo",
        tier=1,
        members=MEMBERS,
        ended=Outcome.DONE,
        result="success",
        because="",
        opened_at=NOW,
        closed_at=NOW + timedelta(seconds=number),
        entries=9,
        tokens=1_000 * (number + 1),
        tokens_complete=True,
        cost_usd=0.01 * (number + 1),
        cost_complete=True,
        wall_s=60.0 * (number + 1),
    )
    return replace(made, **changes)


def estimated(*sessions: RecordedOutcome, key: TeamKey = KEY) -> Estimate:
    records = [LogRecord(NOW, as_record(one)) for one in sessions]
    return estimate_of(outcomes_in(records), key, store="/shop/.orchestrator/compositions")


def test_ten_sessions_of_one_team_and_pattern_are_what_an_estimate_takes() -> None:
    nine = estimated(*map(session, range(LEAST - 1)))
    assert (nine.is_known, nine.sessions) == (False, 9)
    assert in_words(nine).startswith("tokens, cost and time unknown: 9 of the 10 sessions")
    assert as_document(nine)["tokens"] is None
    ten = estimated(*map(session, range(LEAST)))
    assert ten.tokens is not None
    assert (ten.tokens.low, ten.tokens.median, ten.tokens.high) == pytest.approx((1_100, 5_500, 9_900))
    assert in_words(ten) == (
        "tokens 1,100 to 9,900, mostly 5,500; cost $0.0110 to $0.0990, mostly $0.0550; "
        "time 66 s to 10 min, mostly 6 min "
        "(80 % intervals by 10 sessions of this team on such tasks here; 10 of 10 passed their gates)"
    )
    assert as_document(ten)["tokens"] == {"low": 1_100, "high": 9_900, "median": 5_500, "sessions": 10}


@pytest.mark.parametrize(
    "changes",
    [
        {"pattern": "security"},
        {"team": "change"},
        {"rehearsal": True},
        {"ended": Outcome.INTERRUPTED},
        {"ended": Outcome.NEEDS_PERSON},
        {"plan": "0123"},
        {"members": (*MEMBERS, TeamMember(WorkerId("codex"), AgentName("codex"), "reviewer"))},
    ],
)
def test_what_is_another_team_or_did_not_end_does_not_count(changes: dict[str, Any]) -> None:
    assert estimated(*(session(number, **changes) for number in range(20))).sessions == 0


def test_a_figure_that_too_few_sessions_told_is_unknown_and_the_others_stand() -> None:
    found = estimated(*(session(number, cost_complete=number < 9, result="unknown") for number in range(12)))
    assert (found.tokens is not None, found.cost_usd, found.duration_s is not None) == (True, None, True)
    assert in_words(found).endswith("; cost unknown: too few of them told it)")


def test_sessions_of_other_projects_count_where_this_one_has_too_few() -> None:
    elsewhere = [session(number, project="/other") for number in range(100, 112)]
    found = estimated(*map(session, range(3)), *elsewhere)
    assert (found.sessions, found.is_of_all_projects) == (15, True)
    found = estimated(*map(session, range(10)), *elsewhere)
    assert (found.sessions, found.is_of_all_projects) == (10, False)


def test_the_latest_sessions_count_each_as_it_was_derived_last() -> None:
    found = estimated(*map(session, range(LATEST + 50)), *(session(number, tokens=7) for number in range(50, 150)))
    assert found.sessions == LATEST
    assert found.tokens is not None
    assert (found.tokens.low, found.tokens.high) == (7, 7)


def test_a_plan_of_somebodys_own_is_known_by_its_hash_or_its_workers() -> None:
    sessions = [session(number, plan="0123", team="change") for number in range(10)]
    assert estimated(*sessions, key=TeamKey("testing", plan="0123")).is_known
    assert not estimated(*sessions, key=TeamKey("testing", plan="4567")).is_known
    assert estimated(*sessions, key=TeamKey("testing", workers=frozenset({"claude"}))).is_known
    assert not estimated(*sessions, key=TeamKey("testing", workers=frozenset({"codex"}))).is_known


@pytest.mark.parametrize("figures", [[], [1.0] * 9, [float("nan")] * 20, [float("inf")] * 20, [-1.0] * 20, [None] * 20])
def test_of_too_few_figures_there_is_no_interval(figures: Sequence[float | None]) -> None:
    assert interval_of(figures) is None


@pytest.mark.parametrize("world", WORLDS)
def test_on_100_sessions_held_back_the_interval_holds_70_to_90(world: str) -> None:
    """The last session of each of 100 teams, which have 10 to 60 others, by the whole way through the log."""
    rng = random.Random(f"12.7: {world}")
    held = {"tokens": 0, "cost_usd": 0, "duration_s": 0}
    for _ in range(100):
        scale = rng.uniform(0.1, 10.0)
        draws = [[scale * WORLDS[world](rng) for _ in range(3)] for _ in range(rng.randint(10, 60) + 1)]
        *known, last = (
            session(number, tokens=round(tokens), cost_usd=cost, wall_s=wall)
            for number, (tokens, cost, wall) in enumerate(draws)
        )
        found = estimated(*known)
        for name, interval, value in (
            ("tokens", found.tokens, last.tokens),
            ("cost_usd", found.cost_usd, last.cost_usd),
            ("duration_s", found.duration_s, last.wall_s),
        ):
            assert interval is not None
            assert value is not None
            held[name] += interval.low <= value <= interval.high
    assert all(70 <= number <= 90 for number in held.values()), held


@pytest.mark.parametrize("sessions", [10, 11, 13, 20, 50])
@pytest.mark.parametrize("world", WORLDS)
def test_the_next_session_of_any_team_lies_in_its_interval_four_times_in_five(world: str, sessions: int) -> None:
    """One held back of each of 1,000 teams: what a team's first ten say is right as often as what its first 50 do."""
    rng = random.Random(f"the next of {sessions}: {world}")
    held = 0
    for _ in range(1_000):
        *known, following = (WORLDS[world](rng) for _ in range(sessions + 1))
        found = interval_of(known)
        assert found is not None
        held += found.low <= following <= found.high
    assert 760 <= held <= 840
