"""Find six ways of going wrong in what one session's workers did, by exact queries over its entries.

They are among the failure modes of MAST (Cemri and others, "Why Do Multi-Agent LLM Systems Fail?", 2025): step
repetition, being unaware of the end, reasoning that contradicts action; beside thrash, deadlock and rework.

:func:`heard` is the whole of it, and pure: the session's fold asks it while a session runs, and :class:`BehaviourFold`
over a journal afterwards.  What it keeps is bounded, so an event costs the same however many came before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from orchestrator.models.events import Reported, Said, ToolCalled, ToolReturned, TurnEnded
from orchestrator.value_class import value_class

LEAST_REPEATS: Final = 4
"""So often the same call with the same answer, one after the other."""
MOST_AFTER_END: Final = 5
"""So many calls after a worker has said that all is done are too many."""
LEAST_WRITTEN, MOST_KEPT = 60, 1 / 3
"""Of at least so many lines at most this share is left: the rest was done again."""
MOST_FILES: Final = 100
"""Of so many files, those written last, it is remembered who wrote them."""
MOST_OPEN: Final = 50
"""So many runs of tests may be open in one attempt; of one beyond that the result is not looked at."""
LATEST_CALLS: Final = 20
"""Of so many of a worker's calls it is remembered whether they failed."""

_WRITES: Final = r"(?i)write|edit|change|replace|patch|create"
_READS: Final = r"(?i)^(read|list|glob|grep|search|view)"
_WAITS: Final = r"(?i)\b(?:waiting|waits?|blocked|depend(?:s|ing)?)\s+(?:for|on|by)\s+@?([A-Za-z][\w-]*)"
_WAIT_SIGNS: Final = ("ait", "AIT", "lock", "LOCK", "epend", "EPEND")
"""Without one of these in it a text says nothing of waiting, and need not be searched."""
_NEGATED: Final = r"(?i)\b(?:no longer|not|never|stopped|done)\s*$"
_PASSES: Final = (
    r"(?i)\b(?:all|the|every|both|[0-9]+)\b[^.\n]{0,40}\btests?\b[^.\n]{0,20}"
    r"\b(?:pass(?:es|ed)?|succeed(?:s|ed)?|are green)\b"
    r"|\btest suite (?:passes|passed|is green)\b"
)
_DOUBTS: Final = (
    r"(?i)\b(?:not|n't|once|until|when|if|make|should|will|would|must|before|so that|let|see whether|hope"
    r"|fail(?:s|ed|ing)?|except|but)\b"
)
_TESTS: Final = (
    r"(?i)\b(?:pytest|unittest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest"
    r"|(?:npm|pnpm|yarn|cargo|go|make|mvn|gradle|dotnet)\s+(?:run\s+)?(?:test|check)\b)"
)
_STARTS_TESTS: Final = r"^(?:cat|less|ls|grep|rg|which|pip|head|tail|echo|git)\b"
_ENDS_SENTENCE: Final = r"(?<=[.!?])\s+|\n+"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compile one of the patterns above when it is needed first: most commands need none."""
    return re.compile(text)


@value_class
class Behaviour:
    """One that was found."""

    name: str
    summary: str
    entries: tuple[int, ...]
    """Numbers of journal entries."""


@dataclass(slots=True)
class Trace:
    """What a worker has done in its present attempt.  Nobody changes one: what is heard makes another."""

    last_call: tuple[str, str, str] = ("", "", "")
    answer: tuple[bool, str] | None = None
    repeats: tuple[int, ...] = ()
    """The entries in which the last call was made again and again, the latest ones."""
    testing: frozenset[str] = frozenset()
    """Open calls that run tests."""
    failed_tests: int = 0
    """The entry in which its last run of tests failed; 0: it did not."""
    done_at: int = 0
    """The entry in which it said that all is done."""
    after_end: tuple[int, ...] = ()
    waits_for: str = ""
    waits_at: int = 0
    progress_at: int = 0
    """The entry of its last sign of progress: another write, tests that pass, a higher progress it reported."""
    progress: float = 0.0
    failed_calls: int = 0
    """A bit for each of its latest calls that came back, the last one lowest; 1: it failed."""
    calls: int = 0
    """How many of them there are."""

    def copy(self) -> Trace:
        """Another of the same."""
        return Trace(
            self.last_call,
            self.answer,
            self.repeats,
            self.testing,
            self.failed_tests,
            self.done_at,
            self.after_end,
            self.waits_for,
            self.waits_at,
            self.progress_at,
            self.progress,
            self.failed_calls,
            self.calls,
        )

    @property
    def failed_share(self) -> float | None:
        """The share of failures among its latest calls; ``None`` while they are too few to say."""
        return self.failed_calls.bit_count() / self.calls if self.calls >= LATEST_CALLS else None


@value_class
class Scene:
    """What is remembered of all workers together.  Nobody changes one: what is heard makes another."""

    writers: Mapping[str, tuple[tuple[str, int], ...]]
    """By path, the one written last at the end: who wrote it, and in which entry; the same worker counts once."""
    told: frozenset[tuple[str, str]]
    """What was found, so that nothing is told twice."""


NOTHING_DONE: Final = Trace()
NOTHING_SEEN: Final = Scene({}, frozenset())
Heard: TypeAlias = ToolCalled | ToolReturned | Said | Reported | TurnEnded
HEARD: Final = frozenset({ToolCalled, ToolReturned, Said, Reported, TurnEnded})
"""Of other events nothing follows."""
Crew: TypeAlias = Iterable[tuple[str, str, Trace]]
"""The workers that run: name, agent, and what each has done."""


class _Hearing:
    """Takes one event: what follows for the worker, for all, and what it shows."""

    __slots__ = ("crew", "entry", "found", "name", "scene", "trace", "was")

    def __init__(self, entry: int, name: str, trace: Trace, scene: Scene, crew: Crew) -> None:
        self.entry, self.name, self.was, self.trace, self.scene, self.crew = entry, name, trace, trace, scene, crew
        self.found: list[Behaviour] = []

    def change(self) -> Trace:
        """The worker's trace, to be changed: a copy, made once."""
        if self.trace is self.was:
            self.trace = self.was.copy()
        return self.trace

    def called(self, call: ToolCalled) -> None:
        trace = self.change()
        trace.waits_for = ""
        command = call.command or ""
        same = (call.tool, command or call.summary, call.path or "")
        is_another = same != trace.last_call
        if is_another:
            trace.last_call, trace.answer, trace.repeats = same, None, ()
        trace.repeats = (*trace.repeats, self.entry)[-LEAST_REPEATS:]
        if command and _runs_tests(command) and len(trace.testing) < MOST_OPEN:
            trace.testing |= {call.call_id}
        if trace.done_at and len(trace.after_end) < MOST_AFTER_END:
            trace.after_end = (*trace.after_end, self.entry)
            if len(trace.after_end) == MOST_AFTER_END:
                said = f"{self.name} said that all is done, and made {MOST_AFTER_END} calls more nobody had asked for"
                self.tell("unaware of the end", self.name, said, (trace.done_at, *trace.after_end))
        if call.path and _pattern(_WRITES).search(call.tool) and not _pattern(_READS).match(call.tool):
            if is_another:
                trace.progress_at = self.entry
            self.written(call.path)

    def written(self, path: str) -> None:
        before = self.scene.writers.get(path, ())
        if before and before[-1][0] == self.name:
            return
        after = (*before, (self.name, self.entry))[-3:]
        kept = {one: who for one, who in self.scene.writers.items() if one != path}
        if len(kept) >= MOST_FILES:
            del kept[next(iter(kept))]
        self.scene = Scene({**kept, path: after}, self.scene.told)
        if len(after) == 3 and after[0][0] == self.name:
            short, other = path.rpartition("/")[2], after[1][0]
            said = f"{self.name}, {other} and {self.name} again wrote {short}, and no review had asked for it"
            self.tell("thrash", path, said, [entry for _, entry in after])

    def returned(self, back: ToolReturned) -> None:
        trace, found = self.change(), (back.ok, back.text)
        if trace.answer is not None and found != trace.answer:
            trace.repeats = trace.repeats[-1:]
        trace.answer = found
        trace.failed_calls = (trace.failed_calls << 1 | (not back.ok)) & _MASK
        trace.calls = min(trace.calls + 1, LATEST_CALLS)
        if len(trace.repeats) >= LEAST_REPEATS:
            tool, words, path = trace.last_call
            said = f"{self.name} made the same call {LEAST_REPEATS} times with the same answer: {tool} {words or path}"
            self.tell("step repetition", f"{self.name}:{trace.last_call}", said[:300], trace.repeats)
        if back.call_id in trace.testing:
            trace.testing -= {back.call_id}
            failed = back.exit_code not in (None, 0) or (back.exit_code is None and not back.ok)
            trace.failed_tests = self.entry if failed else 0
            if not failed:
                trace.progress_at = self.entry

    def words(self, text: str, progress: float | None) -> None:
        trace = self.trace
        if trace.failed_tests:
            claim = next(filter(_claims, _sentences(text)), "")
            if claim:
                said = f'{self.name} says "{claim.strip()[:120]}", and the last run of tests in its attempt failed'
                self.tell("reasoning contradicts action", self.name, said, [trace.failed_tests, self.entry])
        if any(map(text.__contains__, _WAIT_SIGNS)):
            self.waits(text)
        if progress is not None and progress > trace.progress:
            trace = self.change()
            trace.progress, trace.progress_at = progress, self.entry
        if progress is not None and progress >= 100:
            trace = self.change()
            trace.done_at, trace.after_end = trace.done_at or self.entry, ()

    def waits(self, text: str) -> None:
        for found in _pattern(_WAITS).finditer(text):
            other = self.named(found[1])
            if other and other != self.name and not _pattern(_NEGATED).search(text[: found.start()]):
                trace = self.change()
                trace.waits_for, trace.waits_at = other, self.entry
                self.ring()

    def named(self, word: str) -> str:
        """The worker that a word names, by its own name or by its agent's, where that has but one."""
        low = word.lower()
        crew = [(name, agent) for name, agent, _ in self.crew]
        for name, _ in crew:
            if name.lower() == low:
                return name
        same = [name for name, agent in crew if agent.lower() == low]
        return same[0] if len(same) == 1 else ""

    def ring(self) -> None:
        traces = {name: trace for name, _, trace in self.crew} | {self.name: self.trace}
        path = [self.name]
        while (following := traces[path[-1]].waits_for if path[-1] in traces else "") not in path:
            if not following:
                return
            path.append(following)
        ring = path[path.index(following) :]
        said = " waits for ".join([*ring, ring[0]])
        self.tell("deadlock", ",".join(sorted(ring)), said, [traces[one].waits_at for one in ring])

    def tell(self, name: str, about: str, summary: str, entries: Sequence[int]) -> None:
        if (name, about) not in self.scene.told:
            self.scene = Scene(self.scene.writers, self.scene.told | {(name, about)})
            self.found.append(Behaviour(name, summary, tuple(sorted(set(entries)))))


_MASK: Final = (1 << LATEST_CALLS) - 1


def heard(
    entry: int, name: str, trace: Trace, scene: Scene, payload: Heard, crew: Crew
) -> tuple[Trace, Scene, Sequence[Behaviour]]:
    """Take in one event of a worker: what is remembered from now on, and what it shows.

    Args:
        trace: What the worker has done; the same object is returned where nothing of it has changed.
        crew: Everybody that runs; asked only where a text tells of waiting.
    """
    hearing = _Hearing(entry, name, trace, scene, crew)
    if isinstance(payload, ToolCalled):
        if not payload.parent:
            hearing.called(payload)
    elif isinstance(payload, ToolReturned):
        hearing.returned(payload)
    else:
        hearing.words(payload.text, payload.progress if isinstance(payload, Reported) else None)
    return hearing.trace, hearing.scene, hearing.found


def tells_nothing(text: str, trace: Trace) -> bool:
    """Whether no query could find anything in what the worker says."""
    return not trace.failed_tests and not any(map(text.__contains__, _WAIT_SIGNS))


def asked_again(trace: Trace) -> Trace:
    """A review sent work back, or a person asked for more: what follows of the worker was asked for."""
    if not trace.done_at:
        return trace
    trace = trace.copy()
    trace.done_at, trace.after_end = 0, ()
    return trace


class BehaviourFold:
    """Takes the entries of one session's journal in their order; each finding is told once."""

    def __init__(self) -> None:
        self._traces: dict[str, Trace] = {}
        self._agents: dict[str, str] = {}
        """By worker, as far as its events have told it."""
        self._scene = NOTHING_SEEN

    def take(self, entry: int, kind: str, body: Mapping[str, Any]) -> Iterator[Behaviour]:
        """One entry."""
        match kind:
            case "worker_started":
                self._traces[str(body["worker"])] = NOTHING_DONE
            case "agent_output":
                for event in body["events"]:
                    yield from self._event(entry, str(body["worker"]), str(event.get("agent", "")), event["payload"])
            case "worker_exited":
                self._traces.pop(str(body["worker"]), None)
            case _:
                pass

    def asked_again(self) -> None:
        """A review sent work back, or a person asked for more: what follows was asked for."""
        self._scene = Scene({}, self._scene.told)
        self._traces = {name: asked_again(trace) for name, trace in self._traces.items()}

    def _event(self, entry: int, name: str, agent: str, payload: Mapping[str, Any]) -> Iterator[Behaviour]:
        trace = self._traces.setdefault(name, NOTHING_DONE)
        if agent:
            self._agents[name] = agent
        known = _payload(payload)
        if known is not None:
            crew = _Lazy(self._traces, self._agents)
            self._traces[name], self._scene, found = heard(entry, name, trace, self._scene, known, crew)
            yield from found


@value_class
class _Lazy:
    """The crew of a journal, made each time it is asked for."""

    traces: Mapping[str, Trace]
    agents: Mapping[str, str]

    def __iter__(self) -> Iterator[tuple[str, str, Trace]]:
        for name, trace in self.traces.items():
            yield name, self.agents.get(name, ""), trace


def _payload(payload: Mapping[str, Any]) -> Heard | None:
    """The event that the journal tells of; ``None`` for those of which nothing follows."""
    text = str(payload.get("text", ""))
    match payload["kind"]:
        case "tool_called":
            return ToolCalled(
                str(payload["tool"]),
                str(payload.get("call_id")),
                str(payload.get("summary") or ""),
                _text_of(payload.get("path")),
                _text_of(payload.get("command")),
                _text_of(payload.get("parent")),
            )
        case "tool_returned":
            return ToolReturned(str(payload.get("call_id")), bool(payload.get("ok")), text, payload.get("exit_code"))
        case "reported":
            return Reported(text, payload.get("progress"))
        case "said":
            return Said(text)
        case "turn_ended":
            return TurnEnded(bool(payload.get("ok")), "", text)
        case _:
            return None


def _text_of(value: Any) -> str | None:
    return None if value is None else str(value)


def _runs_tests(command: str) -> bool:
    return bool(_pattern(_TESTS).search(command)) and not _pattern(_STARTS_TESTS).match(command.strip())


def _claims(sentence: str) -> bool:
    """Whether it says that tests pass, without a doubt."""
    return bool(_pattern(_PASSES).search(sentence)) and not _pattern(_DOUBTS).search(sentence)


def _sentences(text: str) -> Sequence[str]:
    return _pattern(_ENDS_SENTENCE).split(text)


def rework_found(written: int, left: int | None, entry: int) -> Behaviour | None:
    """The rework of a session in which most of what was written is not left."""
    if left is None or written < LEAST_WRITTEN or left > MOST_KEPT * written:
        return None
    share = 1 - left / written
    return Behaviour("rework", f"of {written} lines that were written {left} are left: {share:.0%} rework", (entry,))
