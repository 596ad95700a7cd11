"""Measure one session: a fold over the lines of its journal that looks only at those which a figure comes from.

It takes lines as they are written, not entries: most lines tell of what agents said and are not even parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from orchestrator.tuning.behaviours import Behaviour, BehaviourFold, rework_found
from orchestrator.tuning.review_measures import ReviewMeasure as ReviewMeasure
from orchestrator.value_class import value_class

MEASURED: Final = frozenset(
    {
        *("session_opened", "session_closed", "worker_started", "start_failed", "worker_exited", "work_measured"),
        *("baseline_measured", "checks_measured", "change_measured", "user_command", "coordinator_resumed"),
        *("clock_moved", "told", "effect_intended", "agent_output"),
    }
)
"""Kinds of entries that a figure comes from."""
_MEASURED: Final = frozenset(kind.encode() for kind in MEASURED)
_EFFECTS: Final = (b'"kind":"save_review"', b'"kind":"record_plan"', b'"kind":"ask_person"', b'"kind":"feedback_')
"""Of effects, and of facts, those alone: the others hold prompts and are long."""
_KIND: Final = b'"kind":"'
_OUTPUT: Final = b"agent_output"
_ACTS: Final = (b'"kind":"tool_called"', b'"kind":"tool_returned"', b'"kind":"reported"', b'"kind":"turn_ended"')
_WORDS: Final = (*_ACTS, b"ait", b"AIT", b"lock", b"epend", b" pass", b"green", b"succe")
"""What workers did, and of what they said only that in which a query could find something."""
_ABSTAINED: Final = "abstained"


@value_class
class FeedbackMeasure:
    """What one agent answered about a session that it had worked in."""

    agent: str
    clarity: int
    """1 to 5; 0: it gave no answer that counts."""
    workflow: int
    change: str
    """What would have helped."""


@value_class
class SessionMeasures:
    """What the journal of one session tells in figures."""

    session: str
    opened_at: datetime
    closed_at: datetime | None = None
    ended: str = ""
    """Empty while it has not ended."""
    rehearsal: bool = False
    reuses: str = ""
    entries: int = 0
    away_s: float = 0.0
    """For how long nobody ran it, or the machine slept."""
    ran_s: Mapping[str, float] = field(default_factory=dict)
    """By agent, over all its workers and attempts."""
    reviews: tuple[ReviewMeasure, ...] = ()
    starts: tuple[tuple[int, str], ...] = ()
    """Entry and worker of each start."""
    handoffs: int = 0
    """Workers that were started on what another one had made."""
    failed_handoffs: int = 0
    """Those of them that could not be started, or needed a further attempt."""
    lost_workers: int = 0
    written: int = 0
    """Lines that workers added and removed, as the work of each was measured last."""
    left: int | None = None
    """Lines that differ when the session ends; ``None`` where that was not measured."""
    suites_before: Mapping[str, str] = field(default_factory=dict)
    suites_after: Mapping[str, str] = field(default_factory=dict)
    """What each suite did before anybody worked, and at the last review."""
    questions: int = 0
    commands: int = 0
    """What a person did by hand: stop, pause, answer…"""
    behaviours: tuple[Behaviour, ...] = ()
    """Ways of going wrong that its workers showed."""
    feedback: tuple[FeedbackMeasure, ...] = ()
    """What agents answered about it."""

    @property
    def wall_s(self) -> float:
        """From its beginning to its end, without the time that nobody used."""
        if self.closed_at is None:
            return 0.0
        return max(0.0, (self.closed_at - self.opened_at).total_seconds() - self.away_s)

    @property
    def is_compared(self) -> bool:
        """Whether a suite was measured before and after."""
        return any(self.suites_before.get(name) in _TOLD for name in self.suites_after)

    @property
    def has_regressed(self) -> bool:
        """Whether a suite that passed before fails after."""
        before, after = self.suites_before, self.suites_after
        return any(before.get(name) == "passed" and state == "failed" for name, state in after.items())


_TOLD: Final = ("passed", "failed")


class _Fold:
    """The measurement so far, line by line."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.ran: dict[str, float] = {}
        self.running: dict[tuple[str, int], datetime] = {}
        self.agents: dict[str, str] = {}
        self.depends: set[str] = set()
        self.handed: set[str] = set()
        self.failed: set[str] = set()
        self.reviews: list[ReviewMeasure] = []
        self.written: dict[str, int] = {}
        self.starts: list[tuple[int, str]] = []
        self.behaviours = BehaviourFold()
        self.found: list[Behaviour] = []
        self.entry = 0
        self.asked: frozenset[str] = frozenset()
        """Workers that were asked, when all was done, how it went; what they do then is no work."""
        self.asked_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.feedback: list[FeedbackMeasure] = []

    def add(self, name: str, amount: float) -> None:
        self.known[name] = self.known.get(name, 0) + amount

    def take(self, kind: str, at: datetime, body: Mapping[str, Any]) -> None:  # noqa: C901 - one row a kind
        if kind in ("agent_output", "worker_started", "worker_exited") and body["worker"] not in self.asked:
            self.found.extend(self.behaviours.take(self.entry, kind, body))
        match kind:
            case "session_opened":
                options = body["options"]
                self.known |= {"session": body["session"], "opened_at": at, "reuses": options.get("reuses", "")}
                self.known["rehearsal"] = options.get("rehearsal") is not None
            case "worker_started":
                self._start(body["worker"], body["attempt"], at)
            case "start_failed":
                self._hand_over(body["worker"], failed=True)
            case "worker_exited":
                self._stop(body["worker"], body["attempt"], at)
                lost = body["exit"].get("stopped_by") in ("orphaned", "shim lost")
                self.add("lost_workers", lost and body["worker"] not in self.asked)
            case "work_measured":
                if body.get("problem") is None:
                    self.written[body["worker"]] = body["insertions"] + body["deletions"]
            case "baseline_measured":
                self.known["suites_before"] = _states(body.get("suites"))
            case "checks_measured":
                if body.get("suites") is not None:
                    self.known["suites_after"] = _states(body["suites"])
            case "change_measured":
                if body.get("problem") is None:
                    self.known["left"] = body.get("insertions", 0) + body.get("deletions", 0)
            case "user_command":
                self.behaviours.asked_again()
                self.add("commands", 1)
            case "coordinator_resumed":
                self._leave_answers_out()
                if body.get("follow_up"):
                    self.behaviours.asked_again()
                self.add("away_s", max(0.0, body.get("away_s", 0.0)))
            case "clock_moved":
                self.add("away_s", body["seconds"])
            case "told" | "effect_intended":
                self._take_effect(body.get("fact") or body["effect"], at)
            case "session_closed":
                self._leave_answers_out()
                self.known |= {"closed_at": at, "ended": body["outcome"]}

    def _leave_answers_out(self) -> None:
        """The time in which agents answered how it went is none of the session's."""
        if self.asked_at is not None and self.answered_at is not None:
            self.add("away_s", max(0.0, (self.answered_at - self.asked_at).total_seconds()))
        self.asked, self.asked_at, self.answered_at = frozenset(), None, None

    def _take_effect(self, effect: Mapping[str, Any], at: datetime) -> None:
        match effect["kind"]:
            case "ask_person":
                self.add("questions", 1)
            case "feedback_asked":
                self.asked_at, self.asked = at, frozenset(map(str, effect["workers"]))
            case "feedback_given":
                self.feedback.append(
                    FeedbackMeasure(
                        agent=str(effect["agent"]),
                        clarity=int(effect.get("clarity", 0)),
                        workflow=int(effect.get("workflow", 0)),
                        change=str(effect.get("change", "")),
                    )
                )
                self.answered_at = at
            case "record_plan":
                for step in effect["breakdown"]["steps"]:
                    self.agents[step["worker"]] = step["agent"]
                    if step.get("depends_on"):
                        self.depends.add(step["worker"])
            case "save_review":
                asked = datetime.fromisoformat(effect["request"]["asked_at"])
                told = [
                    (str(one["reviewer"]), str(one["verdict"]))
                    for one in effect["reviews"]
                    if one["verdict"] != _ABSTAINED
                ]
                latency = max(0.0, (at - asked).total_seconds())
                request, action = effect["request"], effect["decision"]["action"]
                if action == "pause_and_clarify":
                    self.behaviours.asked_again()
                about, trigger = request.get("about") or "", request["trigger"]
                self.reviews.append(ReviewMeasure(latency, action, tuple(told), self.entry, about, trigger))

    def _start(self, worker: str, attempt: int, at: datetime) -> None:
        if worker in self.asked:
            return
        self.running[worker, attempt] = at
        self.starts.append((self.entry, worker))
        self._hand_over(worker, failed=attempt > 1)

    def _hand_over(self, worker: str, *, failed: bool) -> None:
        if worker in self.depends:
            self.handed.add(worker)
            if failed:
                self.failed.add(worker)

    def _stop(self, worker: str, attempt: int, at: datetime) -> None:
        began = self.running.pop((worker, attempt), None)
        if began is not None:
            agent = self.agents.get(worker) or worker.rsplit("-", 1)[-1]
            self.ran[agent] = self.ran.get(agent, 0.0) + max(0.0, (at - began).total_seconds())

    def measures(self, entries: int) -> SessionMeasures:
        rework = rework_found(sum(self.written.values()), self.known.get("left"), entries)
        return SessionMeasures(
            **self.known,
            entries=entries,
            ran_s=self.ran,
            reviews=tuple(self.reviews),
            starts=tuple(self.starts),
            handoffs=len(self.handed),
            failed_handoffs=len(self.failed),
            written=sum(self.written.values()),
            feedback=tuple(self.feedback),
            behaviours=(*self.found, rework) if rework is not None else tuple(self.found),
        )


def measures_of(lines: Iterable[bytes]) -> SessionMeasures:
    """Measure the session whose journal has these lines; what a crash has cut short at the end is no line.

    Raises:
        ValueError: It opens no session, or a line that counts is damaged.
    """
    from pydantic_core import from_json

    fold, entries = _Fold(), 0
    for line in lines:
        if not line.endswith(b"\n"):
            break
        entries += 1
        if _tells_nothing(line):
            continue
        try:
            entry, fold.entry = from_json(line), entries
            at = datetime.fromisoformat(entry["at"])
            if at.tzinfo is None:
                raise ValueError(f"the time {entry['at']!r} has no time zone")
            fold.take(entry["body"]["kind"], at, entry["body"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"entry {entries} is damaged: {error!r}") from None
    if "session" not in fold.known:
        raise ValueError("its journal opens no session")
    try:
        return fold.measures(entries)
    except TypeError as error:
        raise ValueError(f"its figures are none: {error}") from None


def _tells_nothing(line: bytes) -> bool:
    """Whether no figure comes from the line, as far as can be seen without parsing it.

    An entry ends with its own kind, so that is the last in its line.  Lines of another layout are parsed.
    """
    start = line.rfind(_KIND)
    if start < 0:
        return False
    start += len(_KIND)
    kind = line[start : line.find(b'"', start)]
    if kind == _OUTPUT:
        for one in _WORDS:  # noqa: SIM110 - faster than all(), and most lines of a journal are such
            if one in line:
                return False
        return True
    if kind in (b"told", b"effect_intended"):
        return not any(one in line for one in _EFFECTS)
    return kind not in _MEASURED


def _states(suites: Mapping[str, Any] | None) -> dict[str, str]:
    found = (suites or {}).get("suites", ())
    return {suite["name"]: suite["state"] for suite in found}
