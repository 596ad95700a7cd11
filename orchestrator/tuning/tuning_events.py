"""Everything that ever happens to the parameters is one of these, in the order in which it happened.

What is in force follows from them alone; each that changes a value says what it rests on and how it is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from orchestrator.models.field_marks import BY_KIND
from orchestrator.tuning.parameters import Measure, Value
from orchestrator.tuning.predictions import Expectation, Prediction
from orchestrator.value_class import value_class

Arm: TypeAlias = Literal["", "incumbent", "candidate"]


@value_class
class SessionResult:
    """What of a session counts for tuning; it follows from its journal."""

    session: str
    success: bool | None
    """``None``: no gate measured it, so that it counts for nothing."""
    hours: float
    cost: float | None
    """In US dollars, else in tokens; ``None``: nobody told it."""
    interventions: float
    failures: float
    """Failed handoffs, lost workers and reviews that stopped everybody."""
    utilisation: float


@value_class
class Switched:
    """A person switched tuning on or off, or froze it: then the values stay as they are and nothing is tried."""

    to: Literal["on", "off", "frozen"]
    by: str
    seed: str = ""
    """What the order within pairs is drawn from; nobody else knows it beforehand."""
    kind: Literal["switched"] = "switched"


@value_class
class Proposed:
    """A trial begins: from now on sessions are split in pairs between what is in force and one value more."""

    trial: str
    number: int
    """Of the run, from 1: its part of the error budget follows from that."""
    parameter: str
    """Empty for a return to the baseline, in which all parameters take part."""
    before: Value
    after: Value
    because: str
    aims: tuple[Measure, ...]
    alpha: float
    scales: Mapping[Measure, float]
    """How far single sessions differed before; in these units pairs are compared."""
    reference: float | None
    """The rate of success, surely reached before, below which the candidate is not to fall."""
    most_pairs: int
    expires_after: int
    """So many sessions after a claim it has to prove itself against the baseline again."""
    settings: str
    """A hash over the rules and the tables that were in force."""
    kind: Literal["proposed"] = "proposed"


@value_class
class Redecided:
    """A step was held against reviews on record before any session tries it, at no tokens."""

    judgement: str
    """``offline-`` and its number."""
    parameter: str
    before: Value
    after: Value
    because: str
    """Why it would be tried."""
    prediction: Prediction
    workspace: str
    journals: tuple[tuple[str, str], ...]
    """The sessions that it rests on, and a hash over the journal of each."""
    settings: str
    kind: Literal["redecided"] = "redecided"


@value_class
class Searched:
    """All settings were searched for the one that weighs most; it only says what to try next."""

    search: str
    engine: str
    """The program that searched, and its version."""
    seed: int
    tries: int
    """Settings that it looked at."""
    weights: Mapping[str, float]
    """What each aim counts, as shares of 1."""
    known: tuple[Expectation, ...]
    """What was expected of each step, and why."""
    front: int
    """Settings that no other beats in every aim."""
    best: Mapping[str, Value]
    """Of these, the one that weighs most."""
    gains: Mapping[str, float]
    """What it is expected to gain, by aim, in standard deviations of a session."""
    parameter: str
    """Which step towards it is to be tried next; empty where none is expected to gain."""
    before: Value
    after: Value
    kind: Literal["searched"] = "searched"


@value_class
class Place:
    """A session's place in what is tried."""

    trial: str
    arm: Arm
    pair: int


@value_class
class Assigned:
    """A session opened with these values."""

    session: str
    values: Mapping[str, Value]
    """Those that are not named are at their defaults."""
    trial: str = ""
    arm: Arm = ""
    pair: int = 0
    folder: str = ""
    """Where its journal lies, so that its result can be taken from there later."""
    crossed: tuple[Place, ...] = ()
    """Its places in further steps that are tried at the same time."""
    kind: Literal["assigned"] = "assigned"

    @property
    def places(self) -> tuple[Place, ...]:
        """All its places."""
        return (Place(self.trial, self.arm, self.pair), *self.crossed) if self.trial else ()


@value_class
class Resulted:
    """What came of a session is known."""

    result: SessionResult
    kind: Literal["resulted"] = "resulted"


@value_class
class Abandoned:
    """A session of a trial has not ended for so long that its pair counts for nothing."""

    session: str
    kind: Literal["abandoned"] = "abandoned"


@value_class
class Claimed:
    """The candidate is better: it is in force from now on."""

    trial: str
    parameter: str
    before: Value
    after: Value
    e_value: float
    needed: float
    pairs: int
    evidence: str
    """A hash over the sessions and results of all pairs."""
    reference: float = 0.6
    """Its rate of success, as far as that is sure: a fall below takes it back."""
    heirs: int = 0
    """So many numbers after it share its error budget; 0: the next one had it all in its ``alpha``."""
    kind: Literal["claimed"] = "claimed"


@value_class
class Stopped:
    """A trial ended without a change."""

    trial: str
    because: str
    is_harm: bool
    e_value: float
    pairs: int
    evidence: str
    kind: Literal["stopped"] = "stopped"


@value_class
class RolledBack:
    """A change was taken back."""

    trial: str
    parameter: str
    before: Value
    after: Value
    because: str
    by: str = "tuning"
    ends_all: bool = True
    """All that was tried ended with it; else what leans on the change was stopped before, and the rest goes on."""
    kind: Literal["rolled_back"] = "rolled_back"


@value_class
class Renewed:
    """What is in force was held against the baseline, and stays."""

    trial: str
    because: str
    pairs: int
    evidence: str
    kind: Literal["renewed"] = "renewed"


@value_class
class Reset:
    """All parameters are at the baseline again."""

    because: str
    values: Mapping[str, Value]
    """What was in force: the inverse."""
    by: str = "tuning"
    trial: str = ""
    ends_all: bool = True
    """As of :class:`RolledBack`."""
    kind: Literal["reset"] = "reset"


@value_class
class Escalated:
    """Something persists that tuning cannot mend: a person is to look at it."""

    because: str
    sessions: tuple[str, ...] = field(default=())
    kind: Literal["escalated"] = "escalated"


TuningEvent: TypeAlias = Annotated[
    Switched
    | Redecided
    | Searched
    | Proposed
    | Assigned
    | Resulted
    | Abandoned
    | Claimed
    | Stopped
    | RolledBack
    | Renewed
    | Reset
    | Escalated,
    BY_KIND,
]
