"""What may leave this machine of the store: counts by kind of task, team and versions, and nothing that was written.

No prompt, no code, no path, no name and no model: every text in it is from a list of this program's own, or has the
form of a version.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import to_json

from orchestrator.composition.domains import Domain
from orchestrator.composition.team_choice import Team
from orchestrator.late_pattern import late_pattern
from orchestrator.models.identity import AgentName
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.models.work import Role
from orchestrator.store.composition_names import composition_id
from orchestrator.store.composition_view import Composition
from orchestrator.value_class import value_class

KIND: Final = "orchestrate compositions"
FORMAT: Final = 1
PATTERNS: Final = frozenset(name for domain in Domain for name in (str(domain), f"{domain}_answer"))
OTHER: Final = "other"
"""Stands for an agent that does not come with the program, and for a version that does not look like one."""
MOST_COMPOSITIONS: Final = 10_000
MOST_COUNT: Final = 10**9
MOST_MEMBERS: Final = 16
_VERSION: Final = late_pattern(r"\d{1,5}(\.\d{1,9}){0,3}(-(alpha|beta|rc|preview|nightly)(\.\d{1,9}){0,2})?")
_Model = TypeVar("_Model", bound=BaseModel)
CELLS: Final = ("successes", "failures", "unknown")


class Member(BaseModel):
    """One part of a team."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    agent: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    version: str

    @field_validator("version")
    @classmethod
    def _is_one(cls, value: str) -> str:
        if value and value != OTHER and not _VERSION.fullmatch(value):
            raise ValueError("it is no version")
        return value


class Counts(BaseModel):
    """How often one composition succeeded, failed, or ended unmeasured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    team: Team
    members: tuple[Member, ...] = Field(max_length=MOST_MEMBERS)
    successes: int = Field(ge=-MOST_COUNT, le=MOST_COUNT)
    failures: int = Field(ge=-MOST_COUNT, le=MOST_COUNT)
    unknown: int = Field(ge=-MOST_COUNT, le=MOST_COUNT)

    @field_validator("pattern")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in PATTERNS:
            raise ValueError("it is no kind of task that this program knows")
        return value

    @property
    def key(self) -> tuple[str, str, tuple[Member, ...]]:
        """What it counts."""
        return self.pattern, self.team, self.members

    @property
    def configuration(self) -> str:
        """The id that sessions of this composition have in any store."""
        members = [(str(one.role), one.agent, one.version) for one in self.members]
        return composition_id(self.pattern, self.team, members, rehearsal=False)


class SharedCounts(BaseModel):
    """A file that is passed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(default=KIND, pattern=f"^{KIND}$")
    format: int = Field(default=FORMAT, ge=1, le=FORMAT)
    epsilon: float | None = Field(default=None, gt=0, le=10)
    """How much the counts were noised, once for each contributor; ``None``: they are as they are."""
    contributors: int = Field(default=1, ge=1, le=1_000_000)
    compositions: tuple[Counts, ...] = Field(max_length=MOST_COMPOSITIONS)


@value_class
class Exported:
    """The exported counts, and what was left out of them."""

    shared: SharedCounts
    left_out: tuple[str, ...]
    """Ids of configurations that callers described in words of their own, and of plans of somebody's own."""


def export(compositions: Iterable[Composition], *, known: Mapping[AgentName, object]) -> Exported:
    """Count the real sessions of each composition.

    Args:
        known: Agents that come with the program.
    """
    found: dict[tuple[object, ...], dict[str, int]] = {}
    examples: dict[tuple[object, ...], tuple[str, str, tuple[Member, ...]]] = {}
    left_out: list[str] = []
    for one in compositions:
        real = [outcome for outcome in one.sessions.values() if not outcome.rehearsal and _may_be_told(outcome)]
        if not real:
            left_out.append(one.id)
        for outcome in real:
            key = key_of(outcome, known)
            examples[key] = key
            cells = found.setdefault(key, dict.fromkeys(CELLS, 0))
            cells[cell_of(outcome)] += 1
    counts = [_counts(examples[key], cells) for key, cells in found.items()]
    counts.sort(key=lambda one: (one.pattern, one.team, one.configuration))
    return Exported(SharedCounts(compositions=tuple(counts[:MOST_COMPOSITIONS])), tuple(left_out))


def _may_be_told(outcome: RecordedOutcome) -> bool:
    """Whether its team is built in: what a plan of somebody's own did would be counted as what another team did."""
    return not outcome.plan and len(outcome.members) <= MOST_MEMBERS


def key_of(outcome: RecordedOutcome, known: Mapping[AgentName, object]) -> tuple[str, str, tuple[Member, ...]]:
    """Kind of task, team and members of a session, as far as they may be told."""
    members = tuple(
        Member(
            role=Role(member.role),
            agent=member.agent if member.agent in known else OTHER,
            version=told_version(member.version),
        )
        for member in outcome.members
        if member.role in set(Role)
    )
    pattern = outcome.pattern if outcome.pattern in PATTERNS else str(Domain.GENERAL)
    return pattern, outcome.team if outcome.team in set(Team) else str(Team.CHANGE), members


def told_version(version: str) -> str:
    """The version, where it has the form of one."""
    return version if not version or _VERSION.fullmatch(version) else OTHER


def cell_of(outcome: RecordedOutcome) -> str:
    """Which of the three counts a session belongs to."""
    return {"success": "successes", "failure": "failures", "unknown": "unknown"}[outcome.result]


class Noise(Protocol):
    """Where chance comes from: :class:`random.SystemRandom`, or a seeded one in tests."""

    def random(self) -> float: ...


def noised(
    outcomes: Iterable[RecordedOutcome],
    domain: Sequence[tuple[str, str, tuple[Member, ...]]],
    *,
    epsilon: float,
    known: Mapping[AgentName, object],
    noise: Noise,
) -> SharedCounts:
    """Counts that tell nearly the same with any one session as without it.

    One session changes one count by one, and each count gets noise of a two-sided geometric law with ratio ``e^-ε``;
    so no result is more than ``e^ε`` times as likely with a session as without it.  Which rows there are must not
    depend on the sessions, else a row alone would tell of one.

    Args:
        domain: Every row that is told of, whether or not any session belongs to it.
        epsilon: Above 0, up to 10.
    """
    found = {key: dict.fromkeys(CELLS, 0) for key in domain}
    for outcome in outcomes:
        cells = found.get(key_of(outcome, known))
        if cells is not None and not outcome.rehearsal and _may_be_told(outcome):
            cells[cell_of(outcome)] += 1
    counts = [
        _counts(key, {name: value + geometric(epsilon, noise) for name, value in cells.items()})
        for key, cells in found.items()
    ]
    return SharedCounts(epsilon=epsilon, compositions=tuple(counts))


def geometric(epsilon: float, noise: Noise) -> int:
    """A whole number, ``k`` with a probability in proportion to ``e^-ε|k|``: the difference of two geometric ones."""

    def one() -> int:
        return math.floor(math.log(1.0 - noise.random()) / -epsilon)

    return one() - one()


def merged(files: Sequence[SharedCounts]) -> SharedCounts:
    """The sum of several, in an order that tells nothing of who gave what.

    Raises:
        ValueError: There are no counts, some are noised and some are not, or the sum is beyond what a file may claim.
    """
    if not files:
        raise ValueError("there is nothing to merge")
    if len({one.epsilon is None for one in files}) > 1:
        raise ValueError("some of them are noised and some are not: a sum would tell the others exactly")
    found: dict[tuple[str, str, tuple[Member, ...]], dict[str, int]] = {}
    for file in files:
        for counts in file.compositions:
            cells = found.setdefault(counts.key, dict.fromkeys(CELLS, 0))
            for name in CELLS:
                cells[name] += getattr(counts, name)
    rows = sorted(
        (_counts(key, cells) for key, cells in found.items()), key=lambda one: (one.pattern, one.configuration)
    )
    told = [one.epsilon for one in files if one.epsilon is not None]
    return _whole(
        SharedCounts,
        epsilon=max(told) if told else None,
        contributors=sum(one.contributors for one in files),
        compositions=tuple(rows),
    )


def file_of(shared: SharedCounts) -> str:
    """The file's text."""
    return to_json(shared, indent=2, exclude_none=True).decode() + "\n"


def parsed(content: bytes) -> SharedCounts:
    """Read a file that somebody else made.

    Raises:
        ValueError: The file holds no counts; the message says what is wrong where.
    """
    try:
        return SharedCounts.model_validate_json(content)
    except ValidationError as error:
        raise ValueError(_words_of(error)) from None


def _words_of(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def _counts(key: tuple[str, str, tuple[Member, ...]], cells: Mapping[str, int]) -> Counts:
    pattern, team, members = key
    return _whole(Counts, pattern=pattern, team=Team(team), members=members, **cells)


def _whole(kind: type[_Model], **values: Any) -> _Model:
    try:
        return kind(**values)
    except ValidationError as error:
        raise ValueError(_words_of(error)) from None
