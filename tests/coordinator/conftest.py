"""Whole sessions against the rehearsal's model server, played by stand-ins or by the real CLIs."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from orchestrator.coordinator import run_session
from orchestrator.coordinator.clocks import Clock, utc_now
from orchestrator.coordinator.session_request import RehearsalRequest, RunRequest, SessionResult
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import JournalEntry
from orchestrator.models.identity import AgentName
from orchestrator.models.recovery import RecoveryAction
from orchestrator.prompts import load_templates
from orchestrator.rehearsal.scenario import SCENARIOS
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.replaying import replay
from orchestrator.session.state import Session
from tests.coordinator.killing import Killing, serving

FAKES = Path(__file__).with_name("fakes")


def racing(times: float, *, walks: Callable[[], bool]) -> Clock:
    """A clock that goes so many times as fast as the machine's, but for the time in which it ``walks``."""
    begun, looked_at, gone_s = utc_now(), time.monotonic(), 0.0

    def gone() -> float:
        nonlocal looked_at, gone_s
        now = time.monotonic()
        gone_s += (now - looked_at) * (1 if walks() else times)
        looked_at = now
        return gone_s

    return Clock(lambda: begun + timedelta(seconds=gone()), gone)


@dataclass(slots=True)
class Stage:
    """A target and a workspace of a test's own, and a way to run a task there."""

    root: Path
    stand_ins: bool = True
    variables: dict[str, str] = field(default_factory=dict)
    """Added to the coordinator's environment."""
    seen: list[tuple[Session, JournalEntry]] = field(default_factory=list)
    watch: Callable[[Session, JournalEntry], None] | None = None
    """Called after every entry: a test may answer or stop from here."""
    clock: Clock = field(default_factory=Clock)
    """The coordinator's."""

    @property
    def target(self) -> Path:
        return self.root / "target"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def request(self, scenario: str, **changes: object) -> RunRequest:
        """A rehearsal of a scenario that ships with the program, or of a text of the test's own."""
        path = SCENARIOS / f"{scenario}.toml"
        if "\n" in scenario:
            path = self.root / "scenario.toml"
            path.write_text(scenario)
        values: dict[str, Any] = {
            "task": "Add input validation to the signup form",
            "target": self.target,
            "workspace": self.workspace,
            "policy": STANDARD,
            "sandbox": load_sandbox_policy("default"),
            "templates": load_templates(None),
            "rehearsal": RehearsalRequest(path, stand_ins=self.stand_ins),
            "timeout_s": 100.0,
            **changes,
        }
        return RunRequest(**values)

    async def run(self, scenario: str, **changes: object) -> SessionResult:
        """Run to the end, then prove that what was decided can be derived again from the journal alone."""
        return self.proven(
            await run_session(
                self.request(scenario, **changes), environ=self.environ, observe=self.note, clock=self.clock
            )
        )

    def stage_claude(self, act: str, **changes: object) -> RunRequest:
        """A request for which ``claude`` alone is there, a script that does ``act`` (see ``fakes/talking.py``)."""
        programs, home = self.root / "programs", self.root / "home"
        programs.mkdir(exist_ok=True)
        home.mkdir(exist_ok=True)
        script = programs / "claude"
        beginning = f"#!{sys.executable} -I\nimport sys\nsys.path.insert(0, {str(FAKES)!r})\nfrom talking import *\n"
        body = textwrap.indent(textwrap.dedent(act).strip() or "pass", "    ")
        script.write_text(f"{beginning}\ndef act():\n{body}\n\nwork(act)\n")
        script.chmod(0o755)
        self.variables |= {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home)}
        return self.request(
            "plain",
            **{
                "rehearsal": None,
                "agents": (AgentName("claude"),),
                "sandbox": load_sandbox_policy("open"),
                "policy": STANDARD,
                **changes,
            },
        )

    def command_line(self, act: str, *options: str) -> list[str]:
        """A run as users start it, with a made-up ``claude`` that does ``act``; see :meth:`stage_claude`."""
        request = self.stage_claude(act)
        words = ["run", "task", "--sandbox", "open", "--no-interactive", "--no-dashboard", *options]
        folders = ["--target", str(request.target), "--workspace", str(request.workspace)]
        return [sys.executable, "-m", "orchestrator", *words, *folders]

    async def run_claude(self, act: str, **changes: object) -> SessionResult:
        """Run a task to its end with a made-up ``claude``; see :meth:`stage_claude`."""
        request = self.stage_claude(act, **changes)
        return self.proven(await run_session(request, environ=self.environ, observe=self.watch))

    def proven(self, result: SessionResult) -> SessionResult:
        replayed = replay(self.journal(result))
        assert replayed.session == result.state
        assert replayed.unrecorded == ()
        for worker in result.state.workers.values():
            if worker.shim is not None:
                assert worker.exit is not None, f"{worker.id} has no exit record"
                assert worker.exit.proof != "none", f"nothing proves that {worker.id} is gone"
        return result

    def note(self, session: Session, entry: JournalEntry) -> None:
        self.seen.append((session, entry))
        if self.watch is not None:
            self.watch(session, entry)

    @property
    def environ(self) -> Mapping[str, str]:
        return {**os.environ, "ANTHROPIC_API_KEY": "canary-that-no-rehearsal-may-see", **self.variables}

    def journal(self, result: SessionResult) -> Sequence[JournalEntry]:
        return list(read_journal(SessionFolder(result.folder).journal_file))

    def recoveries(self, result: SessionResult) -> Mapping[str, RecoveryAction]:
        return {action.rule: action for action in result.state.recoveries}


@pytest.fixture
def git(not_proven: Callable[[str], NoReturn]) -> None:
    """For tests of what is done by git alone."""
    if shutil.which("git") is None:
        not_proven("git is not installed")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path.resolve())
    made.target.mkdir()
    (made.target / "notes.txt").write_text("hello\n")
    return made


@pytest.fixture
def killing(stage: Stage) -> Iterator[Killing]:
    with serving(stage.workspace) as serve:
        yield Killing(stage, serve)
