"""Find six ways of going wrong in what one session's workers did, by exact queries over its entries.

They are among the failure modes of MAST (Cemri and others, "Why Do Multi-Agent LLM Systems Fail?", 2025): step
repetition, being unaware of the end, reasoning that contradicts action; beside thrash, deadlock and rework.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.value_class import value_class

LEAST_REPEATS: Final = 4
"""So often the same call with the same answer, one after the other."""
MOST_AFTER_END: Final = 5
"""So many calls after a worker has said that all is done are too many."""
LEAST_WRITTEN, MOST_KEPT = 60, 1 / 3
"""Of at least so many lines at most this share is left: the rest was done again."""

_WRITES: Final = re.compile(r"write|edit|change|replace|patch|create", re.IGNORECASE)
_READS: Final = re.compile(r"^(read|list|glob|grep|search|view)", re.IGNORECASE)
_WAITS: Final = re.compile(r"\b(?:waiting|waits?|blocked|depend(?:s|ing)?)\s+(?:for|on|by)\s+@?([A-Za-z][\w-]*)", re.I)
_NEGATED: Final = re.compile(r"\b(?:no longer|not|never|stopped|done)\s*$", re.IGNORECASE)
_PASSES: Final = re.compile(
    r"\b(?:all|the|every|both|[0-9]+)\b[^.\n]{0,40}\btests?\b[^.\n]{0,20}"
    r"\b(?:pass(?:es|ed)?|succeed(?:s|ed)?|are green)\b"
    r"|\btest suite (?:passes|passed|is green)\b",
    re.IGNORECASE,
)
_NO_PASS: Final = re.compile(
    r"\b(?:not|n't|once|until|when|if|make|should|will|would|must|before|so that|let|see whether|hope|fail(?:s|ed|ing)?"
    r"|except|but)\b",
    re.IGNORECASE,
)
_TESTS: Final = re.compile(
    r"\b(?:pytest|unittest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest"
    r"|(?:npm|pnpm|yarn|cargo|go|make|mvn|gradle|dotnet)\s+(?:run\s+)?(?:test|check)\b)",
    re.IGNORECASE,
)
_STARTS_TESTS: Final = re.compile(r"^(?:cat|less|ls|grep|rg|which|pip|head|tail|echo|git)\b")


@value_class
class Behaviour:
    """One that was found."""

    name: str
    summary: str
    entries: tuple[int, ...]
    """Numbers of journal entries."""


@dataclass(slots=True)
class _Worker:
    """What a worker has done in its present attempt."""

    last_call: tuple[str, str, str] = ("", "", "")
    answer: tuple[bool, str] | None = None
    repeats: list[int] = field(default_factory=list)
    calls: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Open calls: the command, and the entry."""
    failed_tests: int = 0
    """The entry in which its last run of tests failed; 0: it did not."""
    done_at: int = 0
    """The entry in which it said that all is done."""
    after_end: list[int] = field(default_factory=list)
    waits_for: str = ""
    waits_at: int = 0


class BehaviourFold:
    """Takes the entries of one session in their order; each finding is told once."""

    def __init__(self) -> None:
        self._workers: dict[str, _Worker] = {}
        self._agents: dict[str, str] = {}
        """Worker by agent, where it is the only one."""
        self._writers: dict[str, list[tuple[str, int]]] = {}
        """By path: who wrote it, and in which entry; one after another of the same worker counts once."""
        self._told: set[tuple[str, str]] = set()

    def take(self, entry: int, kind: str, body: Mapping[str, Any]) -> Iterator[Behaviour]:
        """One entry."""
        match kind:
            case "worker_started":
                self._workers[body["worker"]] = _Worker()
            case "agent_output":
                for event in body["events"]:
                    yield from self._event(entry, str(body["worker"]), str(event.get("agent", "")), event["payload"])
            case "worker_exited":
                self._workers.pop(body["worker"], None)
            case _:
                pass

    def asked_again(self) -> None:
        """A review sent work back, or a person asked for more: what follows was asked for."""
        self._writers.clear()
        for worker in self._workers.values():
            worker.done_at, worker.after_end = 0, []

    def _event(self, entry: int, name: str, agent: str, payload: Mapping[str, Any]) -> Iterator[Behaviour]:
        worker = self._workers.setdefault(name, _Worker())
        if agent:
            self._agents[agent] = name
        match payload["kind"]:
            case "tool_called" if not payload.get("parent"):
                yield from self._called(entry, name, worker, payload)
            case "tool_returned":
                yield from self._returned(entry, name, worker, payload)
            case "said" | "reported" | "turn_ended":
                yield from self._told_text(entry, name, worker, str(payload.get("text", "")))
                if (payload.get("progress") or 0) >= 100:
                    worker.done_at, worker.after_end = worker.done_at or entry, []

    def _called(self, entry: int, name: str, worker: _Worker, call: Mapping[str, Any]) -> Iterator[Behaviour]:
        worker.waits_for = ""
        command = str(call.get("command") or "")
        same = (str(call["tool"]), command or str(call.get("summary") or ""), str(call.get("path") or ""))
        if same != worker.last_call:
            worker.last_call, worker.answer, worker.repeats = same, None, []
        worker.repeats.append(entry)
        worker.calls[str(call.get("call_id"))] = (command, entry)
        if worker.done_at:
            worker.after_end.append(entry)
            if len(worker.after_end) == MOST_AFTER_END:
                said = f"{name} said that all is done, and made {MOST_AFTER_END} calls more that nobody had asked for"
                yield from self._once("unaware of the end", name, said, [worker.done_at, *worker.after_end])
        path = call.get("path")
        if path and _WRITES.search(same[0]) and not _READS.match(same[0]):
            yield from self._written(entry, name, str(path))

    def _written(self, entry: int, name: str, path: str) -> Iterator[Behaviour]:
        writers = self._writers.setdefault(path, [])
        if not writers or writers[-1][0] != name:
            writers.append((name, entry))
        if len(writers) >= 3 and writers[-3][0] == name:
            other = writers[-2][0]
            said = f"{name}, {other} and {name} again wrote {path.rpartition('/')[2]}, and no review had asked for it"
            yield from self._once("thrash", path, said, [one for _, one in writers[-3:]])

    def _returned(self, entry: int, name: str, worker: _Worker, answer: Mapping[str, Any]) -> Iterator[Behaviour]:
        command, _ = worker.calls.pop(str(answer.get("call_id")), ("", 0))
        found = (bool(answer.get("ok")), str(answer.get("text", "")))
        if worker.answer is not None and found != worker.answer:
            worker.repeats = worker.repeats[-1:]
        worker.answer = found
        if len(worker.repeats) >= LEAST_REPEATS:
            tool, words, path = worker.last_call
            said = f"{name} made the same call {len(worker.repeats)} times with the same answer: {tool} {words or path}"
            yield from self._once("step repetition", f"{name}:{worker.last_call}", said[:300], worker.repeats)
        if _TESTS.search(command) and not _STARTS_TESTS.match(command.strip()):
            failed = answer.get("exit_code") not in (None, 0) or (answer.get("exit_code") is None and not found[0])
            worker.failed_tests = entry if failed else 0

    def _told_text(self, entry: int, name: str, worker: _Worker, text: str) -> Iterator[Behaviour]:
        if worker.failed_tests:
            claim = next((one for one in _sentences(text) if _PASSES.search(one) and not _NO_PASS.search(one)), "")
            if claim:
                said = f'{name} says "{claim.strip()[:120]}", and the last run of tests in its attempt failed'
                entries = [worker.failed_tests, entry]
                yield from self._once("reasoning contradicts action", name, said, entries)
        for found in _WAITS.finditer(text):
            other = self._named(found[1])
            if other and other != name and not _NEGATED.search(text[: found.start()]):
                worker.waits_for, worker.waits_at = other, entry
                yield from self._cycle(name)

    def _named(self, word: str) -> str:
        """The worker that a word names, by its own name or its agent's."""
        low = word.lower()
        for name in self._workers:
            if name.lower() == low:
                return name
        return self._agents.get(low, "")

    def _cycle(self, begin: str) -> Iterator[Behaviour]:
        path = [begin]
        while (following := self._workers[path[-1]].waits_for if path[-1] in self._workers else "") not in path:
            if not following:
                return
            path.append(following)
        ring = path[path.index(following) :]
        said = " waits for ".join([*ring, ring[0]])
        yield from self._once("deadlock", ",".join(sorted(ring)), said, [self._workers[one].waits_at for one in ring])

    def _once(self, name: str, about: str, summary: str, entries: Sequence[int]) -> Iterator[Behaviour]:
        if (name, about) not in self._told:
            self._told.add((name, about))
            yield Behaviour(name, summary, tuple(sorted(set(entries))))


def _sentences(text: str) -> Sequence[str]:
    return re.split(r"(?<=[.!?])\s+|\n+", text)


def rework_found(written: int, left: int | None, entry: int) -> Behaviour | None:
    """The rework of a session in which most of what was written is not left."""
    if left is None or written < LEAST_WRITTEN or left > MOST_KEPT * written:
        return None
    share = 1 - left / written
    return Behaviour("rework", f"of {written} lines that were written {left} are left: {share:.0%} rework", (entry,))
