from __future__ import annotations

import json
import math
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.composition_view import view_of
from orchestrator.store.log_records import ConfigurationSaved, LogBody, LogRecord
from orchestrator.store.recorder import as_record
from orchestrator.store.shared_counts import (
    Noise,
    SharedCounts,
    cell_of,
    export,
    file_of,
    geometric,
    key_of,
    merged,
    noised,
    parsed,
    told_version,
)
from orchestrator.store.shared_domain import rows_of
from tests.store.conftest import FAILED, PASSED, outcome
from tests.store.test_composition_view import AT

CANARY = "kanarienvogel-4711"
WON = outcome(PASSED)


def exported(*bodies: LogBody) -> SharedCounts:
    store = bodies[0].store
    return export(view_of(LogRecord(AT, body) for body in bodies).of_store(store), known=AGENTS).shared


def test_counts_are_by_kind_of_task_team_and_versions() -> None:
    bodies = [as_record(outcome(suite, number=number)) for number, suite in enumerate((PASSED, PASSED, FAILED))]
    (counts,) = exported(*bodies, as_record(outcome(number=9))).compositions
    assert (counts.pattern, counts.team, counts.successes, counts.failures, counts.unknown) == (
        "general",
        "change",
        2,
        1,
        1,
    )
    assert counts.configuration == bodies[0].configuration


def test_nothing_that_was_written_leaves_the_machine() -> None:
    """A canary stands in every text of an outcome that is not from a list of this program's own."""
    members = tuple(
        replace(one, worker=WorkerId(CANARY), agent=AgentName(CANARY), version=f"1.0 {CANARY}", model=CANARY)
        for one in WON.members
    )
    gates = tuple(replace(gate, gate=CANARY, reason=CANARY) for gate in WON.gates)
    planted = replace(
        WON, project=f"/home/{CANARY}", pattern=CANARY, team=CANARY, members=members, because=CANARY, gates=gates,
        tree=CANARY, engine_version=CANARY,
    )  # fmt: skip
    ended = as_record(planted)
    saved = ConfigurationSaved(
        ended.store,
        CANARY,
        CANARY,
        ({"role": CANARY, "instructions": CANARY},),
        CANARY,
        {CANARY: 1},
        (CANARY,),
        "2026-11-30",
    )
    by_session = replace(saved, configuration=ended.configuration)
    text = file_of(exported(ended, saved, by_session))
    assert CANARY not in text
    assert "kanarien" not in text.lower()
    assert json.loads(text)["compositions"][0]["successes"] == 1


@pytest.mark.parametrize(
    ("version", "told"),
    [
        *((one, one) for one in ("", "1.0", "2.1.329", "0.61.0-preview.3", "1")),
        *((one, "other") for one in ("2.1.329 (Claude Code)", "1.0-ada", "/home/ada", "1.0\n", "v1", "1.2.3.4.5")),
    ],
)
def test_a_version_that_does_not_look_like_one_is_not_told(version: str, told: str) -> None:
    assert told_version(version) == told


def test_a_rehearsal_and_what_callers_recorded_are_left_out() -> None:
    ended = as_record(replace(WON, rehearsal=True))
    found = export(view_of([LogRecord(AT, ended)]).of_store(ended.store), known=AGENTS)
    assert (found.shared.compositions, found.left_out) == ((), (ended.configuration,))


def test_a_team_of_somebodys_own_is_counted_as_no_other() -> None:
    many = tuple(replace(WON.members[0], worker=WorkerId(f"reader-{number}")) for number in range(20))
    ended = as_record(replace(WON, team="mine", plan="0123456789abcdef", members=many))
    found = export(view_of([LogRecord(AT, ended)]).of_store(ended.store), known=AGENTS)
    assert (found.shared.compositions, found.left_out) == ((), (ended.configuration,))


def test_a_sum_beyond_what_a_file_may_claim_is_refused_in_words() -> None:
    most = exported(as_record(WON))
    row = most.compositions[0].model_copy(update={"successes": 10**9})
    most = most.model_copy(update={"compositions": (row,)})
    with pytest.raises(ValueError, match=r"^successes: Input should be less than or equal to 1000000000$"):
        merged([most, most])


def test_a_file_is_read_as_it_was_written() -> None:
    shared = exported(as_record(WON))
    assert parsed(file_of(shared).encode()) == shared


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "my secret project"},
        {"team": "mob"},
        {"successes": -(10**10)},
        {"successes": 1.5},
        {"successes": "many"},
        {"members": [{"role": "designer", "agent": "../x", "version": "1"}]},
        {"members": [{"role": "king", "agent": "claude", "version": "1"}]},
        {"members": [{"role": "designer", "agent": "claude", "version": "rm -rf"}]},
        {"members": [{"role": "designer", "agent": "claude", "version": "1", "prompt": "x"}]},
        {"prompt": "x"},
    ],
)
def test_a_foreign_file_that_says_anything_else_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(file_of(exported(as_record(WON))))
    document["compositions"][0] |= change
    with pytest.raises(ValueError, match=r"compositions\.0"):
        parsed(json.dumps(document).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"kind": "other", "compositions": []}', b"[" * 9000])
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed(content)


# --- federated: nobody can tell whether one session was among them


class Silent:
    """Chance that is none: the noise is off."""

    def random(self) -> float:
        return 0.0


KEY = key_of(WON, AGENTS)


def worst_ratio(epsilon: float, *, draws: int, noise: Noise) -> float:
    """How many times as likely any result is with one session more than without it, less what chance explains."""
    without: list[RecordedOutcome] = [WON] * 3
    with_one = [*without, WON]

    def results(outcomes: list[RecordedOutcome]) -> Counter[tuple[int, int, int]]:
        found: Counter[tuple[int, int, int]] = Counter()
        for _ in range(draws):
            (one,) = noised(outcomes, [KEY], epsilon=epsilon, known=AGENTS, noise=noise).compositions
            found[one.successes, 0, 0] += 1
        return found

    a, b = results(without), results(with_one)
    worst = 0.0
    for result in a.keys() | b.keys():
        more, less = max(a[result], b[result]), min(a[result], b[result])
        # Four standard deviations of the larger count, by which chance may have made it too large.
        worst = max(worst, (more - 4 * math.sqrt(more) - 1) / max(less + 4 * math.sqrt(less) + 1, 1.0))
    return worst


def test_no_result_is_more_than_e_to_epsilon_times_as_likely_with_a_session_as_without() -> None:
    assert worst_ratio(0.7, draws=10_000, noise=random.Random(15)) <= math.exp(0.7)


def test_the_same_test_fails_where_the_noise_is_off_or_too_small() -> None:
    assert worst_ratio(0.7, draws=1_000, noise=Silent()) > math.exp(0.7)

    class Halved(random.Random):
        """As if the noise were that of twice the epsilon."""

        def random(self) -> float:
            return 1.0 - math.sqrt(math.sqrt(1.0 - super().random()))

    assert worst_ratio(0.7, draws=3_000, noise=Halved(15)) > math.exp(0.7)


def test_the_noise_is_around_nothing_and_as_wide_as_said() -> None:
    chance = random.Random(15)
    drawn = [geometric(1.0, chance) for _ in range(20_000)]
    assert abs(sum(drawn)) < 600
    expected = (1 - math.exp(-1)) / (1 + math.exp(-1))
    assert abs(drawn.count(0) / len(drawn) - expected) < 0.02


def test_which_rows_there_are_does_not_depend_on_the_sessions() -> None:
    rows = rows_of({AgentName("claude"): "1.0", AgentName("codex"): "secret"}, AGENTS)
    assert len(rows) == 16
    none = noised([], rows, epsilon=1.0, known=AGENTS, noise=random.Random(1))
    some = noised([WON] * 50, rows, epsilon=1.0, known=AGENTS, noise=random.Random(1))
    assert [one.key for one in none.compositions] == [one.key for one in some.compositions]
    assert rows_of({}, AGENTS) == []


def test_a_sum_adds_up_and_does_not_tell_who_gave_what() -> None:
    one = noised([WON], [KEY], epsilon=1.0, known=AGENTS, noise=Silent())
    two = noised([WON, outcome(FAILED)], [KEY], epsilon=2.0, known=AGENTS, noise=Silent())
    total = merged([one, two])
    assert merged([two, one]) == total
    assert (total.contributors, total.epsilon) == (2, 2.0)
    assert (total.compositions[0].successes, total.compositions[0].failures) == (2, 1)
    assert cell_of(WON) == "successes"
    with pytest.raises(ValueError, match="noised"):
        merged([one, exported(as_record(WON))])
    with pytest.raises(ValueError, match="nothing"):
        merged([])
