"""One session's folder in, the proof out: every number once, replay agrees, nothing is left, the end was reached."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestrator.agents.registry import AGENTS
from orchestrator.files.temporary import own_mark
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import AgentOutput, JournalEntry, WorkerExited
from orchestrator.models.events import Reported, Said, Unrecognised
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.sandbox.control_groups import own_group
from orchestrator.sandbox.kernel_limits import delegated
from orchestrator.session.replaying import replay
from orchestrator.shim.orphan_processes import marked_records
from tests.coordinator.exactness import leftovers

SAID = re.compile(r"(?:count|aside|found) (\d+) end")
RAW = {"stdout": rb"count (\d+) end[^\n{]*\n", "stderr": rb"aside (\d+) end\n", "events": rb"found (\d+) end[^\n]*\n"}
GONE_WITHIN_S = 30.0
CONVERSATIONS = {path.parts[:2] for agent in AGENTS.values() for path in agent.conversations}
"""What of a private home stays when a session is done."""
# A torn record on stdout is noise, and its number comes again; on stderr noise is all there is.
MEANT = {"stdout": Said, "stderr": Unrecognised, "events": Reported}


class Miscounted(Exception):
    """What was promised is not what is there."""


@dataclass(slots=True)
class Counted:
    """Sums over all sessions that were checked."""

    events: int = 0
    entries: int = 0
    effects: int = 0
    lost: int = 0
    doubled: int = 0
    leftovers: int = 0
    groups: int = 0
    """Control groups, of every hierarchy, that were still there when the session had ended."""
    folders: int = 0
    """Temporary folders that were."""
    lingered_s: float = 0.0
    """How long after the end of a session its last process was gone, at most."""

    def add(self, other: Counted) -> None:
        """Count another's as well."""
        for name in ("events", "entries", "effects", "lost", "doubled", "leftovers", "groups", "folders"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.lingered_s = max(self.lingered_s, other.lingered_s)


def numbers_in(entries: Sequence[JournalEntry]) -> Mapping[tuple[str, str], list[int]]:
    """The numbers that the journal holds, in its order, by worker and stream."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for body in (entry.body for entry in entries):
        if isinstance(body, AgentOutput):
            for event in body.events:
                payload = event.payload
                if isinstance(payload, Said | Reported | Unrecognised) and type(payload) is MEANT[body.stream]:
                    found[body.worker, body.stream] += map(int, SAID.findall(payload.text))
    return found


def check_session(
    folder: SessionFolder,
    sums: Counted,
    *,
    expected: Mapping[str, int],
    root: Path,
    makers: Collection[int],
    temporary: Path,
    outcomes: Collection[Outcome] = (Outcome.DONE,),
) -> None:
    """Check one session that has ended, and add it up.

    Args:
        expected: How far each worker that has finished must have counted, by worker.
        makers: The pids of its coordinators, which stand in the names of the control groups they made.
        temporary: The folder that they took for the system's temporary one.
        outcomes: How it may have ended.

    Raises:
        Miscounted: Something is lost, doubled, left, or not what replay derives.
        AssertionError: Something that must hold does not.
    """
    entries = list(read_journal(folder.journal_file))
    result = replay(entries)
    sums.entries += len(entries)
    sums.effects += result.effects
    said = numbers_in(entries)
    problems: list[str] = []
    for worker in result.session.workers:
        for stream, pattern in RAW.items():
            numbers = said.get((worker, stream), [])
            raw = written(folder, worker, stream=stream, pattern=pattern)
            problems += _compare(f"{worker} {stream}", numbers, raw, sums)
        whole = list(range(1, expected.get(worker, 0) + 1))
        is_done = result.session.workers[worker].status is WorkerStatus.DONE
        if worker in expected and (is_done or Outcome.FAILED not in outcomes) and said.get((worker, "stdout")) != whole:
            problems.append(f"{worker}: the journal does not hold 1..{expected[worker]} once and in order")
    left = _left(partial(_processes, root), sums)
    sums.leftovers += len(left)
    groups = _left(partial(groups_of, makers), sums)
    sums.groups += len(groups)
    folders = _left(lambda: [str(path) for path in sorted(temporary.iterdir())], sums)
    sums.folders += len(folders)
    problems += [f"left: {one}" for one in (*left, *groups, *folders)]
    if result.unrecorded:
        problems.append("effects were derived that are not in the journal")
    if result.session.effects_open:
        problems.append(f"effects without an outcome: {result.session.effects_open}")
    if result.session.closed is None or result.session.closed.outcome not in outcomes:
        problems.append(f"it did not reach its end: {result.session.closed}")
    is_kept = result.session.closed is not None and result.session.closed.outcome is not Outcome.DONE
    files = (path for path in folder.homes_dir.rglob("*") if path.is_file())
    own = [path.relative_to(folder.homes_dir).parts for path in files]
    left_over = [path for path in own if path[1:3] not in CONVERSATIONS]
    if left_over and not is_kept:
        problems.append(f"more than conversations is left of the private homes: {left_over[:3]}")
    problems += unproven(entries)
    if problems:
        raise Miscounted("; ".join(problems))


def groups_of(makers: Collection[int]) -> Sequence[str]:
    """The control groups that these processes made and that are still there."""
    own = own_group()
    parents = {*delegated().values(), *(() if own is None else (own,))}
    marks = [f"-{own_mark().split('.')[0]}.{pid}." for pid in makers]
    found = [path for parent in parents for path in parent.glob("orchestrate-*")]
    return sorted(str(path) for path in found if any(mark in path.name for mark in marks))


def _processes(root: Path) -> Sequence[str]:
    return [*leftovers(root), *(record for record in marked_records() if record.startswith(str(root)))]


def _left(look: Callable[[], Sequence[str]], sums: Counted) -> Sequence[str]:
    """What is still there when what ends on its own account, a shim that has said its last word, is gone."""
    began = time.monotonic()
    while left := look():
        if time.monotonic() - began > GONE_WITHIN_S:
            return left
        time.sleep(0.02)
        sums.lingered_s = max(sums.lingered_s, time.monotonic() - began)
    return []


def unproven(entries: Sequence[JournalEntry]) -> list[str]:
    """Attempts that are said to have ended twice."""
    ends = Counter((e.body.worker, e.body.attempt) for e in entries if isinstance(e.body, WorkerExited))
    return [f"{worker}.{attempt} ended {times} times" for (worker, attempt), times in ends.items() if times > 1]


def written(folder: SessionFolder, worker: str, *, stream: str, pattern: bytes) -> list[int]:
    """The numbers that the worker really wrote, whole lines only."""
    name = WorkerId(worker)
    path = {"stdout": folder.raw_stdout, "stderr": folder.raw_stderr, "events": folder.events_file}[stream](name)
    return [int(number) for number in re.findall(pattern, path.read_bytes())] if path.exists() else []


def _compare(where: str, numbers: Sequence[int], raw: Sequence[int], sums: Counted) -> list[str]:
    sums.events += len(raw)
    journalled, emitted = Counter(numbers), Counter(raw)
    lost, doubled = emitted - journalled, journalled - emitted
    sums.lost += lost.total()
    sums.doubled += doubled.total()
    problems = []
    if lost:
        problems.append(f"{where}: lost {sorted(lost)[:5]}")
    if doubled:
        problems.append(f"{where}: doubled {sorted(doubled)[:5]}")
    return problems
