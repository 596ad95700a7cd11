from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.composition.team_choice import Team
from orchestrator.journal.last_probes import LastProbe
from orchestrator.models.identity import AgentName, SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.composition_view import Composition
from orchestrator.store.reuse import Candidate, candidates, proven_team, replaced_since, versions_of
from tests.store.conftest import PASSED, outcome

WON = outcome(PASSED)
VERSIONS = {AgentName(name): "1.0" for name in ("gemini", "claude", "codex")}


def composition(name: str, times: int, one: RecordedOutcome = WON) -> Composition:
    sessions = {
        session: replace(one, session=session) for session in (SessionId(f"{name}-{number}") for number in range(times))
    }
    return Composition("/s", name, sessions=sessions)


def looked(*found: Composition, pattern: str = "general", **changes: Any) -> list[Candidate]:
    given: dict[str, Any] = {"versions": VERSIONS, "allowed": set(VERSIONS), "models": {}, **changes}
    return list(candidates(found, pattern, **given))


def test_a_proven_composition_of_this_kind_of_task_is_taken() -> None:
    team = proven_team(looked(composition("a", 12)))
    assert team is not None
    assert (team.team, team.composition) == (Team.CHANGE, "a")
    assert team.versions == (("gemini", "1.0"), ("claude", "1.0"), ("codex", "1.0"))
    assert "12 of 12 (100%, surely 82% to 100%)" in team.because


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"versions": {**VERSIONS, AgentName("claude"): "2.0"}}, "claude is 2.0 now, and was 1.0"),
        ({"versions": {AgentName("gemini"): "1.0"}}, "claude is not known to be there"),
        ({"allowed": {AgentName("gemini"), AgentName("claude")}}, "codex may not be used"),
        ({"models": {AgentName("claude"): "opus"}}, ""),
    ],
)
def test_with_other_clis_it_is_another_team_and_that_is_said(changes: dict[str, Any], why: str) -> None:
    (found,) = looked(composition("a", 12), **changes)
    assert found.can_be_reused is (not why)
    assert why in found.words


def test_another_kind_of_task_an_answer_and_a_rehearsal_are_no_candidates() -> None:
    assert looked(composition("a", 12), pattern="testing") == []
    assert looked(composition("a", 12, replace(WON, team="answer"))) == []
    assert looked(composition("a", 12, replace(WON, rehearsal=True))) == []
    assert looked(Composition("/s", "by hand")) == []


def test_the_surest_comes_first_and_of_two_as_sure_the_cheaper_one() -> None:
    dear, cheap = replace(WON, tokens=9000), replace(WON, tokens=1000, team="solo")
    found = looked(composition("few", 10), composition("dear", 20, dear), composition("cheap", 20, cheap))
    assert [one.composition.id for one in found] == ["cheap", "dear", "few"]
    team = proven_team(found)
    assert team is not None
    assert team.team is Team.SOLO
    assert proven_team(looked(composition("few", 9))) is None


def test_what_was_proven_lapses_where_a_cli_was_replaced_or_is_gone() -> None:
    proven = composition("a", 12)
    assert replaced_since(proven, VERSIONS) == ()
    assert replaced_since(proven, {**VERSIONS, AgentName("codex"): "1.1"}) == ("codex is 1.1 now, and was 1.0",)
    assert len(replaced_since(proven, {})) == 3
    assert replaced_since(Composition("/s", "by hand"), {}) == ()


def test_versions_are_those_of_clis_that_can_be_used() -> None:
    probes = {"claude": LastProbe("2.0", usable=True, at=""), "codex": LastProbe("1.0", usable=False, at="")}
    assert versions_of({**probes, "gemini": LastProbe(None, usable=True, at="")}) == {"claude": "2.0", "gemini": ""}
