"""Choose a proven composition for a task, or say why there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from orchestrator.composition.team_choice import ProvenTeam, Team
from orchestrator.journal.last_probes import LastProbe
from orchestrator.models.identity import AgentName
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.composition_view import Composition
from orchestrator.store.proven import Proof, proof_of
from orchestrator.value_class import value_class

REUSABLE = (Team.CHANGE, Team.SOLO)
"""Teams whose work gates measure."""


@value_class
class Candidate:
    """A composition that has worked on this kind of task."""

    composition: Composition
    proof: Proof
    differs: tuple[str, ...] = ()
    """What is otherwise now: then it is another team."""

    @property
    def can_be_reused(self) -> bool:
        return self.proof.is_proven and not self.differs

    @property
    def words(self) -> str:
        """What speaks for it and against it, for people."""
        lacks = "; ".join((*self.differs, *((self.proof.because,) if self.proof.because else ())))
        state = "proven" if self.can_be_reused else f"not reused: {lacks}"
        return f"{self.composition.id}: {self.proof.words}; {state}"


def candidates(
    compositions: Iterable[Composition],
    pattern: str,
    *,
    versions: Mapping[AgentName, str],
    allowed: Collection[AgentName],
    models: Mapping[AgentName, str],
) -> Sequence[Candidate]:
    """Compositions of real runs on this kind of task, the best first.

    Args:
        versions: Of the CLIs that are there now.
        allowed: Agents that the run may use.
        models: Asked for by the user.
    """
    found = []
    for one in compositions:
        latest = next(reversed(one.sessions.values()), None)
        if latest is None or latest.rehearsal or latest.pattern != pattern or latest.team not in REUSABLE:
            continue
        differs = tuple(_differences(latest, versions=versions, allowed=allowed))
        found.append(Candidate(one, proof_of(one, models=models), differs))
    found.sort(key=lambda one: (not one.can_be_reused, -one.proof.interval[0], _tokens(one), one.composition.id))
    return found


def replaced_since(composition: Composition, versions: Mapping[AgentName, str]) -> tuple[str, ...]:
    """Which CLIs of its last session are others now, or not known to be there: then what it proved has lapsed."""
    latest = next(reversed(composition.sessions.values()), None)
    if latest is None:
        return ()
    return tuple(_differences(latest, versions=versions, allowed={member.agent for member in latest.members}))


def versions_of(probes: Mapping[str, LastProbe]) -> Mapping[AgentName, str]:
    """The versions of the CLIs that can be used, as the newest sessions found them."""
    return {AgentName(name): probe.version or "" for name, probe in probes.items() if probe.usable}


def proven_team(found: Sequence[Candidate]) -> ProvenTeam | None:
    """The team of the best candidate that can be reused."""
    best = next((one for one in found if one.can_be_reused), None)
    if best is None:
        return None
    latest = next(reversed(best.composition.sessions.values()))
    because = f"proven on {latest.pattern} here, {best.proof.words}: {best.composition.id}"
    versions = tuple(dict.fromkeys((member.agent, member.version) for member in latest.members))
    return ProvenTeam(Team(latest.team), because, best.composition.id, versions)


def _differences(
    latest: RecordedOutcome, *, versions: Mapping[AgentName, str], allowed: Collection[AgentName]
) -> Iterable[str]:
    for agent, version in dict.fromkeys((member.agent, member.version) for member in latest.members):
        if agent not in allowed:
            yield f"{agent} may not be used"
        elif agent not in versions:
            yield f"{agent} is not known to be there"
        elif versions[agent] != version:
            yield f"{agent} is {versions[agent]} now, and was {version or 'of unknown version'}"


def _tokens(candidate: Candidate) -> float:
    """What a session took in the mean; of two that are as sure the cheaper one is better."""
    told = [one.tokens for one in candidate.composition.sessions.values() if one.tokens is not None]
    return sum(told) / len(told) if told else float("inf")
