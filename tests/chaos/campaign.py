"""Sessions of counting agents whose coordinators, shims and workers are killed at random moments, and what came of it.

Everything random comes from the seed; what the machine's own timing adds is printed with each session.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import CoordinatorResumed
from orchestrator.models.identity import WorkerId
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from orchestrator.shim.processes import descendants, process_table, send_signal
from orchestrator.workers.attempts import AttemptFiles, read_record
from orchestrator.workers.worker_process import is_same
from tests.chaos import teams
from tests.chaos.counting import Counted, Miscounted, check_session

AGENTS = ("gemini", "claude", "codex")
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FAULTS: Mapping[str, int] = {
    "coordinator": 8,
    "coordinator and shim": 4,
    "coordinator and worker": 3,
    "coordinator, journal torn": 4,
    "shim": 10,
    "worker": 5,
    "coordinator stopped": 1,
    "disk full": 3,
}
"""What is done to a session, and how often in proportion."""
CREW_EFFECTS = frozenset({"start_worker", "stop_worker", "freeze_worker", "thaw_worker"})
LOOKS = frozenset({"take_snapshot", "measure_work", "measure_baseline", "run_checks", "measure_gates", "merge_layers"})
MOST_LIVES = 80
"""Coordinators a session may need before it counts as stuck."""
LIFE_WITHIN_S = 90.0
DISK_MIB = 24
"""The whole file system of a session that is played on a small disk."""
CHANGE = "change"
FOLLOW_UP = "continue"
"""A team whose name begins with this is asked for more when it is done, and meets its faults then."""
FOLLOWED_UP = (CHANGE, "sequential", "parallel", "nested")
"""Teams all of whose agents work once more in a follow-up, so that all count twice as far."""
CLOCKS_S = (0, 0, 0, 0, -90, -5, 5, 90)
"""How wrong a coordinator's clock may go, from one life to the next."""


@dataclass(slots=True)
class Figures:
    """What a campaign comes to."""

    sessions: int = 0
    lives: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    struck: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Kills, by victim, by what was under way, and by team."""
    counted: Counted = field(default_factory=Counted)
    problems: list[str] = field(default_factory=list)
    took_s: float = 0.0

    def add(self, other: Figures) -> None:
        """Count what another one comes to as well; how long it took is not added."""
        self.sessions += other.sessions
        self.lives += other.lives
        self.faults += other.faults
        self.kills += other.kills
        self.struck += other.struck
        self.counted.add(other.counted)
        self.problems += other.problems

    def __str__(self) -> str:
        rows = [
            f"{self.sessions} sessions, {self.lives} coordinators, {self.took_s:.0f} s",
            f"kills survived: {self.kills}",
            *(f"  {what}: {count}" for what, count in sorted(self.faults.items())),
            f"events checked: {self.counted.events} in {self.counted.entries} journal entries",
            f"effects derived again by replay: {self.counted.effects}",
            *self._table(),
            f"lost: {self.counted.lost}, doubled: {self.counted.doubled}",
            f"left: {self.counted.leftovers} processes, {self.counted.groups} control groups,"
            f" {self.counted.folders} temporary folders"
            f" (the last was gone {self.counted.lingered_s:.1f} s after a session's end)",
            *(f"PROBLEM {problem}" for problem in self.problems),
        ]
        return "\n".join(rows)

    def _table(self) -> Iterator[str]:
        victims, phases, played = (sorted({key[place] for key in self.struck}) for place in (0, 1, 2))
        width = max(map(len, ("team      ", *played))) + 2
        yield "".join(["team".ljust(width), "while".ljust(44), *(victim.rjust(14) for victim in victims)])
        for team in played:
            for phase in phases:
                counts = [self.struck[victim, phase, team] for victim in victims]
                if any(counts):
                    row = [team.ljust(width), phase.ljust(44), *(str(count).rjust(14) for count in counts)]
                    yield "".join(row)

    def of_team(self, team: str) -> int:
        """How many were killed while this team was at work."""
        return sum(count for (_, _, struck), count in self.struck.items() if struck == team)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one session is played."""

    seed: str
    count: int = 150
    pace_s: float = 0.004
    grace_s: float = 20.0
    sandbox: str = "open"
    faults: int = 12
    """Coordinators that meet faults before the session is left in peace to end."""
    disk: bool = False
    """Played on a small disk of its own, which is filled now and then."""
    team: str = ""
    """Of :mod:`tests.chaos.teams`; without a name it is design, change, review."""
    follow_up: bool = False
    """The session ends in peace, more is asked of it (``orchestrate continue``), and the faults come then."""

    @property
    def played(self) -> str:
        """The team, as the figures name it."""
        return f"{FOLLOW_UP} {self.team or CHANGE}" if self.follow_up else self.team or CHANGE


def run_campaign(
    folder: Path,
    *,
    seed: int,
    kills: int,
    say: Callable[[str], object] = lambda text: None,
    sandboxes: Sequence[str] = ("open", "default"),
    disks: bool = False,
    at_once: int = 1,
    played: Sequence[str] = (CHANGE,),
    each: int = 0,
) -> Figures:
    """Play sessions until at least so many processes have been killed.

    Args:
        played: The teams, one after the other; ``each`` says how many have to be killed of every one.
        disks: Every third session has a small disk of its own; needs the right to mount one.
        at_once: Sessions that are played side by side.
    """
    figures, begun, numbers, lock = Figures(), time.monotonic(), itertools.count(), threading.Lock()

    def play_on() -> None:
        while figures.kills < kills or any(figures.of_team(team) < each for team in played):
            with lock:
                number = next(numbers)
            plan, found = play_one(number)
            with lock:
                figures.add(found)
                figures.took_s = time.monotonic() - begun
                say(f"{plan}: {figures.kills} kills so far; {len(figures.problems)} problems")

    def next_team(number: int) -> str:
        wanting = [team for team in played if figures.of_team(team) < each] or played
        return wanting[number % len(wanting)]

    def play_one(number: int) -> tuple[Plan, Figures]:
        found = Figures(sessions=1)
        chance = random.Random(f"{seed} {number}")
        follow_up, team = named(next_team(number))
        plan = Plan(
            seed=f"{seed}.{number}",
            count=chance.choice((40, 150, 300)),
            pace_s=chance.choice((0.0, 0.002, 0.008)),
            grace_s=chance.choice((0.0, 0.3, 20.0, 20.0, 20.0)),
            sandbox=sandboxes[number % len(sandboxes)],
            faults=chance.randrange(6, 24),
            disk=disks and number % 3 == 2,
            team=team,
            follow_up=follow_up,
        )
        with small_disk(folder / f"{number:04d}") if plan.disk else nullcontext():
            Play(folder / f"{number:04d}", plan, chance, found).play()
        return plan, found

    with ThreadPoolExecutor(at_once) as pool:
        for running in [pool.submit(play_on) for _ in range(at_once)]:
            running.result()
    return figures


def named(played: str) -> tuple[bool, str]:
    """Whether it is followed up, and the name of its team; that of design, change, review is empty."""
    team = played.removeprefix(FOLLOW_UP).strip()
    return played.startswith(FOLLOW_UP), "" if team == CHANGE else team


@dataclass(slots=True)
class Play:
    """One session from its first coordinator to its proven end."""

    root: Path
    plan: Plan
    chance: random.Random
    figures: Figures
    session: SessionFolder | None = None
    words: tuple[str, ...] = ()
    makers: set[int] = field(default_factory=set)
    """The pids of its coordinators."""
    count: int = field(init=False)
    """How far its agents count in all: twice as far once more was asked of them."""

    def __post_init__(self) -> None:
        self.count = self.plan.count

    def play(self) -> None:
        (self.root / "target").mkdir(parents=True)
        self.temporary.mkdir()
        (self.root / "target" / "notes.txt").write_text("hello\n")
        teams.prepare(self.plan.team, self.root / "target")
        place_agents(self.root / "agents")
        if self.plan.follow_up:
            first = self.live(faulty=False)
            if not first.startswith("ended done"):
                self.figures.problems.append(f"{self.root}: left in peace, it was not done: {first}")
                return
            self.count *= 2
        ended = ""
        for life in range(MOST_LIVES):
            ended = self.live(faulty=life < self.plan.faults)
            if self._is_to_be_followed_up():  # killed before the takeover, or the takeover's line was torn
                continue
            # One that was killed between the journal's last entry and its own last word leaves nothing to resume.
            if ended.startswith("ended done") or (ended.startswith("refused") and " is done: " in ended):
                break
            if self.plan.team and ended.startswith("ended failed"):  # an agent of a plan that is killed has failed
                break
        else:
            self.figures.problems.append(f"{self.root}: stuck after {MOST_LIVES} coordinators: {ended}")
        if self.session is not None:
            try:
                alone = {agent: self.count for agent in AGENTS}
                check_session(
                    self.session,
                    self.figures.counted,
                    expected=teams.expected(self.plan.team, self.count) if self.plan.team else alone,
                    root=self.root,
                    makers=self.makers,
                    outcomes=(Outcome.DONE, Outcome.FAILED) if self.plan.team else (Outcome.DONE,),
                    temporary=self.temporary,
                )
            except (Miscounted, AssertionError) as problem:
                self.figures.problems.append(f"{self.root}: {problem}")

    @property
    def temporary(self) -> Path:
        """What its coordinators take for the system's temporary folder."""
        return self.root / "temporary"

    def live(self, *, faulty: bool) -> str:
        """One coordinator's life; its last words, empty if it was killed."""
        self.figures.lives += 1
        with self._coordinator() as process:
            watchdog = threading.Timer(LIFE_WITHIN_S, process.kill)
            watchdog.start()
            try:
                return self._watch(process, faulty=faulty)
            finally:
                watchdog.cancel()
                watchdog.join()
                process.kill()
                (self.root / "filler").unlink(missing_ok=True)

    @contextmanager
    def _coordinator(self) -> Iterator[subprocess.Popen[str]]:
        mode: tuple[str | Path, ...] = ("run", self.root)
        if self.session is not None:
            mode = ("continue" if self._is_to_be_followed_up() else "resume", self.session.path)
        skew = self.chance.choice(CLOCKS_S) if self.session is not None else 0
        with (
            (self.root / "coordinator.stderr").open("ab") as log,
            subprocess.Popen(
                [sys.executable, str(HERE / "coordinating.py"), *map(str, mode), str(skew), *self.words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment(),
            ) as process,
        ):
            self.makers.add(process.pid)
            yield process

    def _is_to_be_followed_up(self) -> bool:
        """Whether more is to be asked, and its journal does not say so yet."""
        if not self.plan.follow_up or self.session is None:
            return False
        bodies = (entry.body for entry in read_journal(self.session.journal_file))
        return not any(isinstance(body, CoordinatorResumed) and body.follow_up is not None for body in bodies)

    def _environment(self) -> dict[str, str]:
        interpreters = ":".join(str(Path(prefix) / "bin") for prefix in (sys.prefix, sys.base_prefix))
        return {
            "PATH": f"{self.root / 'agents'}:{os.environ['PATH']}:{interpreters}",
            "HOME": str(self.root),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
            "ANTHROPIC_API_KEY": "no-key",
            "GEMINI_API_KEY": "no-key",
            "CODEX_API_KEY": "no-key",
            "OPENAI_API_KEY": "no-key",
            "CHAOS_SEED": self.plan.seed,
            "CHAOS_COUNT": str(self.count),
            "CHAOS_PACE_S": str(self.plan.pace_s),
            "CHAOS_GRACE_S": str(self.plan.grace_s),
            "CHAOS_SANDBOX": self.plan.sandbox,
            "CHAOS_TEAM": self.plan.team,
            "CHAOS_LEAST_FREE": str((DISK_MIB // 6 if self.plan.disk else 64) * 1024**2),
        }

    def _watch(self, process: subprocess.Popen[str], *, faulty: bool) -> str:
        """Follow it to its end, or to the moment that chance has chosen."""
        assert process.stdout is not None
        moment = self._moment() if faulty else None
        last = ""
        for seen, line in enumerate(process.stdout, start=1):
            last = line.strip()
            if last.startswith("session "):
                self.session = SessionFolder(Path(last.removeprefix("session ")))
            if moment is not None and seen >= moment and self.session is not None:
                time.sleep(self.chance.choice((0.0, 0.0, self.chance.random() * 0.05)))
                if self._strike(process):
                    return ""
                moment = seen + self._moment()
        process.wait()
        # Whoever asks a person gets an answer next time.
        self.words = ("go on",) if "ended needs_person" in last or "waits for an answer" in last else ()
        return last

    def _moment(self) -> int:
        return self.chance.choice((1, 2, self.chance.randrange(3, 30), self.chance.randrange(3, 150)))

    def _strike(self, process: subprocess.Popen[str]) -> bool:
        """Do one fault; whether the coordinator is gone."""
        [fault] = self.chance.choices(list(FAULTS), list(FAULTS.values()))
        if fault == "disk full":
            if self.plan.disk:
                fill(self.root / "filler")
                self.figures.faults[fault] += 1
            return False
        if fault == "coordinator stopped":
            process.send_signal(signal.SIGSTOP)
            time.sleep(self.chance.random() * 2)
            process.send_signal(signal.SIGCONT)
            self.figures.faults[fault] += 1
            return False
        ends_coordinator = fault.startswith("coordinator")
        others = [victim for victim in ("shim", "worker") if victim in fault]
        # Held still, so that what is under way is still under way when it is killed.
        process.send_signal(signal.SIGSTOP)
        phase = None if self.session is None else phase_of(self.session)
        if phase is None:
            process.send_signal(signal.SIGCONT)
            return False
        victims = [victim for victim in others if self._kill(victim)]
        if ends_coordinator:
            process.kill()
            process.wait()
            self.words = ()
            victims.append("coordinator")
        else:
            process.send_signal(signal.SIGCONT)
        struck = len(victims)
        self.figures.kills += struck
        self.figures.struck.update((victim, phase, self.plan.played) for victim in victims)
        if "torn" in fault and self.session is not None:
            tear(self.session.journal_file, self.chance)
        if ends_coordinator or struck:
            self.figures.faults[fault] += 1
        return ends_coordinator

    def _kill(self, victim: str) -> bool:
        """SIGKILL one shim, or one process of one worker's tree, of those that run now."""
        shims = sorted(running_shims(self.session)) if self.session is not None else []
        if not shims:
            return False
        pid, started = self.chance.choice(shims)
        if victim == "shim":
            return send_signal(pid, started, signal.SIGKILL)
        below = [row for row in descendants(pid, process_table()) if not row.is_dead]
        if not below:
            return False
        row = self.chance.choice(below)
        return send_signal(row.pid, row.start_ticks, signal.SIGKILL)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of a few MiB that is gone afterwards; its files are copied out for whoever wants to read them."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "none", folder], check=True)
    try:
        yield
    finally:
        shutil.copytree(folder, folder.with_name(f"{folder.name}-kept"), symlinks=True)
        subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits; it is full until the file is removed."""
    with path.open("ab", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(64 * 1024)):
            pass


def place_agents(folder: Path) -> None:
    """Put the counting agent on a PATH of its own, under the names of the three CLIs."""
    folder.mkdir()
    code = (HERE / "counting_agent.py").read_text()
    for name in AGENTS:
        path = folder / name
        path.write_text(f"#!{Path(sys.executable).resolve()} -IS\n{code}")
        path.chmod(0o755)


def phase_of(session: SessionFolder) -> str | None:
    """What is under way in a session whose coordinator stands still; ``None``: no worker lives and nothing is."""
    state: Session | None = None
    for entry in read_journal(session.journal_file):
        state, _ = step(state, entry)
    if state is None:
        return None
    kinds = {*state.effects_open.values()}
    lives = any(True for _ in running_shims(session))
    if state.ending is not None and (kinds or lives):
        return "the session ends"
    if kinds & CREW_EFFECTS:
        return "a worker is started, held or ended"
    if kinds & LOOKS:
        return "the target is looked at"
    if kinds:
        return "another decision is half done"
    if not lives:
        return None
    return (
        "a review is under way"
        if any(each.decision is None for each in state.assessment.reviews.values())
        else "agents work"
    )


def running_shims(session: SessionFolder) -> Iterator[tuple[int, int]]:
    """Shims of the session that run now, with their starts."""
    for path in session.workers_dir.glob("*.json"):
        worker, _, attempt = path.stem.rpartition(".")
        if attempt.isdecimal():
            files = AttemptFiles(session.workers_dir, session.control_dir / worker, WorkerId(worker), int(attempt))
            with suppress(OSError):
                record = read_record(files)
                if record is not None and record.exit is None and is_same(record.shim):
                    yield record.shim.pid, record.shim.start_ticks


def tear(journal: Path, chance: random.Random) -> None:
    """Cut the last line somewhere, as a power cut may: everything before it was written earlier."""
    data = journal.read_bytes()
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    if start > 0:
        os.truncate(journal, chance.randrange(start, len(data)))
