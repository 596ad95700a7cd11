"""The team is the one asked for, or the one whose result the task asks for; the reason is shown."""

from __future__ import annotations

from itertools import permutations

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.composition.outcomes import IN_DOUBT
from orchestrator.composition.team_choice import (
    AUTO,
    ProvenTeam,
    Team,
    choose_team,
    for_usable,
    solo_agents,
    without_reuse,
)
from orchestrator.models.identity import AgentName
from orchestrator.models.work import Role
from orchestrator.session.breakdown import plan_breakdown


@pytest.mark.parametrize(
    ("task", "team", "because"),
    [
        ("Why is it slow?", Team.ANSWER, 'it asks for an answer, and for no change ("why is")'),
        ("Fix the security bug in login", Team.CHANGE, 'it asks for a change ("fix")'),
        ("dark mode", Team.CHANGE, IN_DOUBT),
        ("Fix it. Add it. Drop it. Split it.", Team.CHANGE, 'it asks for a change ("fix", "add", "drop", …)'),
    ],
)
def test_by_itself_the_task_decides_and_its_words_are_shown(task: str, team: Team, because: str) -> None:
    choice = choose_team(AUTO, task)
    assert (choice.team, choice.because, choice.by_name) == (team, because, False)


@pytest.mark.parametrize("team", Team)
def test_a_team_that_is_asked_for_is_taken_whatever_the_task_says(team: Team) -> None:
    choice = choose_team(team, "Why is it slow? Fix it.")
    assert (choice.team, choice.by_name) == (team, True)


PROVEN = ProvenTeam(Team.SOLO, "proven on security here", "security_1", ((AgentName("claude"), "2.1.329"),))


def test_a_proven_composition_is_taken_where_the_task_asks_for_a_change_and_nobody_asks_otherwise() -> None:
    choice = choose_team(AUTO, "Fix the flaky test", proven=PROVEN)
    assert (choice.team, choice.because, choice.reuses) == (Team.SOLO, "proven on security here", PROVEN)
    assert choose_team(AUTO, "Why is it slow?", proven=PROVEN).team is Team.ANSWER
    assert choose_team("change", "Fix the flaky test", proven=PROVEN).reuses is None


@pytest.mark.parametrize(
    ("found", "word"),
    [({"claude": "2.1.330"}, "2.1.330 now"), ({}, "not usable now"), ({"codex": "1"}, "not usable now")],
)
def test_with_another_version_it_is_not_the_proven_one_any_more(found: dict[str, str], word: str) -> None:
    choice = choose_team(AUTO, "Fix the flaky test", proven=PROVEN)
    versions = {AgentName(name): version for name, version in found.items()}
    fallen = without_reuse(choice, versions)
    assert (fallen.team, fallen.reuses) == (Team.CHANGE, None)
    assert word in fallen.because
    assert without_reuse(choice, {AgentName("claude"): "2.1.329"}) == choice
    assert without_reuse(fallen, {}) == fallen


def test_there_is_no_other_team() -> None:
    with pytest.raises(ValueError, match="nobody"):
        choose_team("nobody", "Fix it")


@pytest.mark.parametrize("count", range(len(AGENTS) + 1))
def test_a_solo_team_has_one_writer_and_at_most_a_reviewer_of_another_agent(count: int) -> None:
    for agents in permutations(AGENTS.values(), count):
        chosen = solo_agents(agents)
        steps = plan_breakdown("x", [AGENTS[name] for name in chosen]).steps
        assert [step.role for step in steps] in ([], [Role.IMPLEMENTER], [Role.IMPLEMENTER, Role.REVIEWER])
        assert len(steps) == len(chosen) == len({step.agent for step in steps})
        designers = [agent for agent in agents if agent.role_strengths[:1] == (Role.DESIGNER,)]
        assert len(steps) == min(count, 2) or len(agents) - len(designers) == 1


def test_where_one_agent_alone_can_be_used_it_works_solo_unless_another_team_is_asked_for() -> None:
    one, two = (AgentName("claude"),), (AgentName("claude"), AgentName("codex"))
    choice = choose_team(AUTO, "Fix the flaky test")
    alone = for_usable(choice, one)
    assert (alone.team, alone.by_name) == (Team.SOLO, False)
    assert alone.because == 'it asks for a change ("fix"), and claude is the only agent that can be used'
    assert for_usable(choice, two) == for_usable(choice, ()) == choice
    for other in (
        choose_team("change", "Fix the flaky test"),
        choose_team(AUTO, "Why is it slow?"),
        choose_team(AUTO, "Fix the flaky test", proven=PROVEN),
    ):
        assert for_usable(other, one) == other
