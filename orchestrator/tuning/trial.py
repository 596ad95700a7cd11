"""Weigh one trial: pairs of sessions, one with what is in force and one with the candidate, in random order."""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

from orchestrator.tuning.betting import Bet
from orchestrator.tuning.parameters import HIGHER_IS_BETTER, MEASURES, Measure
from orchestrator.tuning.proposals import WEIGHTS
from orchestrator.tuning.tuning_events import Arm, Proposed, SessionResult

GUARDED: Final[tuple[Measure, ...]] = ("success", "hours", "interventions", "failures")
GUARD_AT: Final = 50.0
"""Evidence of harm at which a trial stops: it stops a harmless one in at most 2 % for each measure."""
FAST_AT: Final = 20.0
"""The same for the candidate's successes alone, against the rate that was surely reached before."""
FAST_SHARE: Final = 0.65
"""What of that rate is looked for."""
LEAST_PAIRS: Final = 30
"""Fewer prove nothing, however clear they look: of a slow harm nothing is seen yet."""
MOST_LOSS: Final = 0.075
"""So much less success has to be ruled out, with 80 % confidence, before a claim."""
_Z80: Final = 0.8416
FUTILE_AFTER, FUTILE_STEP, FUTILE_ERRORS = 80, 20, 1.0
"""From so many pairs on, and each so many more, it is asked whether a trial could be decided in time if the step were
so many standard errors better than it looks.  What it found is kept."""
LATEST: Final = 100
"""So many of the candidate's latest sessions say which rate of success is sure when it is claimed."""
CLIP: Final = 2.5
"""Standard deviations of a pair's difference beyond which it counts as so much."""
SPREADS: Final[Mapping[Measure, float]] = {
    "success": 0.45,
    "hours": 0.5,
    "cost": 0.5,
    "interventions": 1.0,
    "failures": 0.8,
    "utilisation": 0.15,
}
"""Where too little is known of how sessions differ."""
_SMALLEST: Final = 0.02
"""Of a scale: where sessions hardly differed, a small difference is no news yet."""

Verdict = Literal["", "claim", "harm", "futile", "bound"]


def reading(result: SessionResult, measure: Measure) -> float | None:
    """The measure of one session, the better the higher; times and costs by their logarithm."""
    value = getattr(result, measure)
    if value is None:
        return None
    if measure in ("hours", "cost"):
        return -math.log(max(float(value), 1e-6))
    return float(value) if measure in HIGHER_IS_BETTER else -min(float(value), 6.0)


def _told(result: SessionResult | None) -> Mapping[str, object] | None:
    """The result as a log gives it back: a whole number that was counted is read as 2.0, and is the same evidence."""
    if result is None:
        return None
    return {name: float(one) if type(one) is int else one for name, one in asdict(result).items()}


@dataclass(slots=True)
class Moments:
    """Mean and spread of the numbers so far."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def take(self, value: float) -> None:
        """One number more."""
        self.n += 1
        self.total += value
        self.squares += value * value

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def spread(self) -> float:
        if self.n < 2:
            return 0.0
        return math.sqrt(max(0.0, (self.squares - self.n * self.mean**2) / (self.n - 1)))


@dataclass(slots=True)
class Trial:
    """What is known of a trial."""

    proposed: Proposed
    slots: dict[tuple[int, Arm], str] = field(default_factory=dict)
    """Which session has which place."""
    arms: dict[str, Arm] = field(default_factory=dict)
    results: dict[str, SessionResult | None] = field(default_factory=dict)
    """``None``: it counts for nothing."""
    next_pair: int = 1
    """Pairs are taken in their order, so that which ones are known sooner decides nothing."""
    gain: Bet = field(default_factory=Bet)
    harm: dict[Measure, Bet] = field(default_factory=lambda: {one: Bet() for one in GUARDED})
    unknown: Bet = field(default_factory=Bet)
    fast: float = 0.0
    """The logarithm of the evidence that the candidate succeeds more rarely than was sure before."""
    differences: dict[Measure, Moments] = field(default_factory=lambda: {one: Moments() for one in MEASURES})
    waiting: tuple[deque[SessionResult], deque[SessionResult]] = field(default_factory=lambda: (deque(), deque()))
    """Those of each side that count and have met none of the other side yet."""
    incumbent: dict[Measure, Moments] = field(default_factory=lambda: {one: Moments() for one in MEASURES})
    candidate: list[int] = field(default_factory=lambda: [0, 0])
    """Successes and failures of the candidate."""
    latest: deque[bool] = field(default_factory=lambda: deque(maxlen=LATEST))
    """The candidate's latest successes and failures."""
    bequeathed: float = 0.0
    """What claimed steps passed on to it since it began."""
    earlier: Trial | None = None
    """The trial of the same step that this one goes on with."""

    def go_on_from(self, earlier: Trial) -> None:
        """Take over the evidence of an earlier trial of the same step: it is the same bet, and needs no new budget."""
        self.earlier = earlier
        self.gain = Bet(list(earlier.gain.logs), earlier.gain.n, earlier.gain.wealth)
        self.differences = {
            one: Moments(known.n, known.total, known.squares) for one, known in earlier.differences.items()
        }
        self.incumbent = {one: Moments(known.n, known.total, known.squares) for one, known in earlier.incumbent.items()}
        self.candidate = list(earlier.candidate)
        self.latest = earlier.latest.copy()

    @property
    def pairs(self) -> int:
        """Those that count, of earlier trials of the same step as well."""
        return self.gain.n

    @property
    def own_pairs(self) -> int:
        """Those of this trial alone."""
        return self.gain.n - (self.earlier.gain.n if self.earlier is not None else 0)

    @property
    def needed(self) -> float:
        """The e-value of a claim."""
        return 1 / self.alpha if self.alpha > 0 else math.inf

    @property
    def alpha(self) -> float:
        """Its part of the error budget."""
        return self.proposed.alpha + self.bequeathed

    def has_place(self) -> bool:
        """Whether more sessions may be assigned; others wait for those under way."""
        return len(self.slots) < 2 * self.proposed.most_pairs

    def take(self, session: str, result: SessionResult | None) -> None:
        """What came of one session; then all pairs are weighed whose turn it is."""
        self.results[session] = result
        if result is not None and result.success is not None and self.arm_of(session) == "candidate":
            self._take_fast(success=result.success)
        while True:
            arms = [self.slots.get((self.next_pair, arm)) for arm in ("incumbent", "candidate")]
            if any(one is None or one not in self.results for one in arms):
                return
            first, second = (self.results[str(one)] for one in arms)
            self.next_pair += 1
            self._meet(first, second)

    def arm_of(self, session: str) -> Arm:
        """Which side a session is on."""
        return self.arms.get(session, "")

    def place(self, session: str, pair: int, arm: Arm) -> None:
        """A session was assigned."""
        self.slots[pair, arm] = session
        self.arms[session] = arm

    def next_place(self) -> tuple[int, tuple[Arm, ...]]:
        """The pair that is to be filled next, and its places that are free."""
        pair = len(self.slots) // 2 + 1
        free: tuple[Arm, ...] = ("incumbent", "candidate")
        return pair, tuple(arm for arm in free if (pair, arm) not in self.slots)

    def _meet(self, incumbent: SessionResult | None, candidate: SessionResult | None) -> None:
        """Weigh one that counts against the next of the other side that does, in their order."""
        known = [one if one is not None and one.success is not None else None for one in (incumbent, candidate)]
        self.unknown.take(float(known[1] is None) - float(known[0] is None))
        for waiting, one in zip(self.waiting, known, strict=True):
            if one is not None:
                waiting.append(one)
        while all(self.waiting):
            self._weigh(*(waiting.popleft() for waiting in self.waiting))

    def _weigh(self, incumbent: SessionResult, candidate: SessionResult) -> None:
        found: dict[Measure, float] = {}
        for measure in MEASURES:
            one, other = reading(incumbent, measure), reading(candidate, measure)
            if one is None or other is None:
                continue
            self.incumbent[measure].take(one)
            self.differences[measure].take(other - one)
            scale = self.proposed.scales.get(measure, SPREADS[measure]) * math.sqrt(2)
            found[measure] = max(-CLIP, min(CLIP, (other - one) / max(scale, _SMALLEST))) / CLIP
        aimed = [found[one] for one in self.proposed.aims if one in found]
        # A mean of several differs less than each of them; so that as much can be bet on it, it is cut as much sooner.
        mean = sum(aimed) / math.sqrt(len(aimed)) if aimed else 0.0
        self.gain.take(max(-1.0, min(1.0, mean)))
        for measure, bet in self.harm.items():
            bet.take(-found.get(measure, 0.0))
        self.candidate[0 if candidate.success else 1] += 1
        self.latest.append(bool(candidate.success))

    def _take_fast(self, *, success: bool) -> None:
        reference = self.proposed.reference
        if reference is None:
            return
        low = FAST_SHARE * reference
        self.fast += math.log(low / reference) if success else math.log((1 - low) / (1 - reference))

    def verdict(self, *, has_room: bool = False) -> tuple[Verdict, str]:
        """What is to be done now, and why; nothing while it goes on.

        Args:
            has_room: Nobody waits for its place, so that it need not make room while it looks better.
        """
        harmed = self.harm_found()
        if harmed:
            return "harm", harmed
        if self.pairs >= LEAST_PAIRS and self.gain.wealth >= self.needed and self.is_worth_it():
            return "claim", f"e-value {self.gain.wealth:.0f}, and {self.needed:.0f} was needed"
        if self.next_pair > self.proposed.most_pairs:
            return "bound", f"{self.pairs} pairs have not decided it"
        if self.own_pairs >= FUTILE_AFTER and self.own_pairs % FUTILE_STEP == 0 and self._is_futile():
            if has_room and self.gain.wealth >= 1 and self.weighed() >= 0:
                return "", ""
            return "futile", f"after {self.pairs} pairs it is not to be expected that it is decided in time"
        return "", ""

    def harm_found(self) -> str:
        """What has become worse; empty where nothing has, as far as can be seen."""
        for measure, bet in self.harm.items():
            if bet.wealth >= GUARD_AT:
                return f"{measure} became worse (e-value {bet.wealth:.0f} after {bet.n} pairs)"
        if self.unknown.wealth >= GUARD_AT:
            return f"more of its sessions were measured by no gate (e-value {self.unknown.wealth:.0f})"
        if self.fast >= math.log(FAST_AT):
            return f"fewer of its sessions succeeded than before (e-value {math.exp(self.fast):.0f})"
        return ""

    def is_worth_it(self) -> bool:
        """Whether a loss of success that matters can be ruled out, and all in all, by the weights, nothing is lost."""
        found = self.differences["success"]
        if found.n < 2 or found.mean - _Z80 * found.spread / math.sqrt(found.n) < -MOST_LOSS:
            return False
        return self.weighed() >= 0

    def weighed(self) -> float:
        """What the candidate gains by the weights of all four aims, as far as the pairs tell; each in its own size."""
        rate = math.log(self._mean("success", candidate=True) / self._mean("success"))
        risks = [self._mean(one, candidate=True) / self._mean(one) - 1 for one in ("interventions", "failures")]
        return (
            WEIGHTS["velocity"] * (rate + self.differences["hours"].mean)
            + WEIGHTS["quality"] * rate
            + WEIGHTS["cost"] * self.differences["cost"].mean
            - WEIGHTS["risk"] * sum(risks) / len(risks)
        )

    def _mean(self, measure: Measure, *, candidate: bool = False) -> float:
        """The mean of one side, kept off 0 by half a session."""
        known, other = self.incumbent[measure], self.differences[measure].total if candidate else 0.0
        return (abs(known.total + other) + 0.5) / (known.n + 1)

    def _is_futile(self) -> bool:
        """Whether the evidence would not reach the claim within the most pairs, were the step better than it looks."""
        shown = [
            found.mean / max(self.proposed.scales.get(one, SPREADS[one]) * math.sqrt(2), _SMALLEST)
            for one in self.proposed.aims
            if (found := self.differences[one]).n
        ]
        if not shown:
            return True
        likely = sum(shown) / math.sqrt(len(shown)) + FUTILE_ERRORS / math.sqrt(self.pairs)
        # Whoever bets on so many standard deviations what is best gains half their square with each pair.
        left = self.proposed.most_pairs - self.own_pairs
        return max(self.gain.logs) + max(likely, 0.0) ** 2 / 2 * left < math.log(self.needed)

    def evidence(self) -> str:
        """A hash over everything that it was decided by."""
        before = [self.earlier.evidence()] if self.earlier is not None else []
        known: list[object] = [
            [pair, arm, session, _told(self.results.get(session))]
            for (pair, arm), session in sorted(self.slots.items())
        ]
        return hashlib.sha256(json.dumps(before + known, sort_keys=True).encode()).hexdigest()[:16]
