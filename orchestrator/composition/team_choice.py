"""Choose the team for a task, and say why: what was asked for by name, else what the task asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from orchestrator.agents.contract import Agent
from orchestrator.composition.outcomes import Outcome, Reading, read_outcome
from orchestrator.models.identity import AgentName
from orchestrator.models.work import Role
from orchestrator.value_class import value_class

AUTO = "auto"
_MOST_SHOWN = 3


class Team(StrEnum):
    """The teams there are."""

    CHANGE = "change"
    """A design, the change, a review."""
    SOLO = "solo"
    """One agent makes the change; another one reviews it where there is one that does."""
    ANSWER = "answer"
    """One agent reads and answers; nobody writes."""


@value_class
class ProvenTeam:
    """A composition that has proven itself on this kind of task."""

    team: Team
    because: str
    composition: str
    """Its id in the store."""
    versions: tuple[tuple[AgentName, str], ...]
    """Of the CLIs that it was proven with: with others it is another composition."""


@value_class
class TeamChoice:
    """Which team, and why."""

    team: Team | str
    """One that is built in, or the name of somebody's own."""
    because: str
    by_name: bool
    """It was asked for; else the task was read."""
    reuses: ProvenTeam | None = None
    """The proven composition that it is."""


def choose_team(
    asked: str, task: str, *, reading: Reading | None = None, proven: ProvenTeam | None = None
) -> TeamChoice:
    """The team that was asked for, or the one whose result the task asks for.

    Args:
        asked: A team's name, or ``auto``.
        reading: Of the task, where it has been read already.
        proven: The composition that is proven on this kind of task; it is taken where the task asks for a change.

    Raises:
        ValueError: There is no such team.
    """
    if asked != AUTO:
        return TeamChoice(Team(asked), "as asked", by_name=True)
    reading = reading or read_outcome(task)
    team = Team.ANSWER if reading.outcome is Outcome.ANSWER else Team.CHANGE
    if team is Team.CHANGE and proven is not None:
        return TeamChoice(proven.team, proven.because, by_name=False, reuses=proven)
    return TeamChoice(team, reason_of(reading), by_name=False)


def without_reuse(choice: TeamChoice, found: Mapping[AgentName, str]) -> TeamChoice:
    """The choice, or the usual one where a CLI is not the one that the composition was proven with.

    Args:
        found: Versions of the CLIs that can be used.
    """
    if choice.reuses is None:
        return choice
    for agent, version in choice.reuses.versions:
        if found.get(agent) != version:
            now = found.get(agent, "not usable")
            because = f"{choice.reuses.composition} was proven with {agent} {version}, which is {now} now"
            return TeamChoice(Team.CHANGE, because, by_name=False)
    return choice


def for_usable(choice: TeamChoice, usable: Collection[AgentName]) -> TeamChoice:
    """The choice, or the solo team where nobody asked for another and one agent alone can be used."""
    if choice.by_name or choice.reuses is not None or choice.team is not Team.CHANGE or len(usable) != 1:
        return choice
    because = f"{choice.because}, and {next(iter(usable))} is the only agent that can be used"
    return TeamChoice(Team.SOLO, because, by_name=False)


def reason_of(reading: Reading) -> str:
    """The rule that decided on the outcome, and the words it was read from."""
    words = list(dict.fromkeys(hit.words for hit in reading.hits))
    if not words or reading.rule.startswith("nothing"):
        return reading.rule
    shown = ", ".join(f'"{each}"' for each in words[:_MOST_SHOWN])
    return f"{reading.rule} ({shown}{', …' if len(words) > _MOST_SHOWN else ''})"


def solo_agents(agents: Sequence[Agent]) -> tuple[AgentName, ...]:
    """The writer of a solo team, and the agent that reviews it where one can; in order of preference.

    The table of parts then gives one of the two the change and the other the review.  A designer would be given a
    design beside another writer, so where there is nobody else the orchestrator reviews by measured checks.
    """
    writer = next((agent for agent in agents if _first(agent) is Role.IMPLEMENTER), None)
    writer = writer or next((agent for agent in agents if _first(agent) is not Role.REVIEWER), next(iter(agents), None))
    others = [agent for agent in agents if agent is not writer and _first(agent) is not Role.DESIGNER]
    reviewer = next((agent for agent in others if _first(agent) is Role.REVIEWER), next(iter(others), None))
    return tuple(agent.name for agent in agents if agent is writer or agent is reviewer)


def _first(agent: Agent) -> Role | None:
    """What the agent is best at; an adapter of another package may name a part that is none of the plan's."""
    known = [Role(strength) for strength in agent.role_strengths[:1] if strength in set(Role)]
    return known[0] if known else None


def team_words(choice: TeamChoice) -> str:
    """What was chosen and why, and how to choose otherwise."""
    if choice.by_name:
        return f"team {choice.team}, {choice.because} (--team)"
    others = " or ".join(f"--team {team}" for team in Team if team is not choice.team)
    return f"team {choice.team}: {choice.because}; otherwise {others}"
