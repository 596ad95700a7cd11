"""What starting a worker costs: the shim and the sandbox beside a bare ``exec``, all in one run, taken in turns.

Run it with the project's own Python: ``python -m benchmarks.launch [rounds]``.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest import mock

from orchestrator.agents.contract import Agent, Credential, Translation
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.sandbox import kernel_limits
from orchestrator.sandbox.bubblewrap import find_bubblewrap, wrap
from orchestrator.sandbox.kernel_limits import make_limit_groups
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.proof import prove_backend
from orchestrator.sandbox.system_files import write_system_files
from orchestrator.workers.crew import Crew, CrewLayout

TRUE = "/bin/true"
SANDBOX_GOAL_MS = 4.0
ALL_GOAL_MS = 15.0
SHIM_GOAL_MIB = 10.0
POLICY = SandboxConfig(name="benchmark")
AGENT = Agent(
    name=AgentName("true"),
    title="true",
    executable=TRUE,
    package="",
    pinned="",
    launch=lambda assignment: LaunchSpec(argv=(TRUE,), cwd=assignment.target),
    translate=lambda state, record, at: (Translation(), ()),
    recovery_rules=(),
    credential=Credential(environment=(), files=(), login_hint=""),
    oldest=(),
)


class Launches:
    """The ways to start ``/bin/true`` that are compared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = folder / "target"
        self.target.mkdir()
        self.attempt = 0
        self.crews = {backend: self._crew(backend) for backend in ("none", "bubblewrap", "no groups", "cold")}
        self.returned: dict[str, list[float]] = {backend: [] for backend in self.crews}

    def _crew(self, backend: str) -> Crew:
        session = self.folder / backend
        session.mkdir()
        layout = CrewLayout(
            session_dir=session,
            workspace=self.folder / "workspace",
            own=(self.folder / "workspace" / "state",),
            workers_dir=session / "workers",
            control_dir=session / "control",
            lock=None,
            stdout=lambda worker: session / f"{worker}.jsonl",
            stderr=lambda worker: session / f"{worker}.stderr.log",
        )
        chosen = "none" if backend == "none" else "bubblewrap"
        crew = Crew(layout, sandbox=POLICY, backend=chosen, environ=os.environ, orphan_grace_s=60)
        if backend == "no groups":
            crew._setup._group = None
            with mock.patch.object(kernel_limits, "make_limit_groups", return_value=()):
                crew.stand_by()
        elif backend != "cold":
            crew.stand_by()
        return crew

    def assignment(self, backend: str) -> Assignment:
        home = self.folder / backend / "home"
        return Assignment(
            *(WorkerId("w"), AgentName("true"), Role.IMPLEMENTER, ""), target=self.target, scratch=home, home=home
        )

    def sandbox_argv(self) -> list[str]:
        """What the crew runs, without a shim around it."""
        bwrap = find_bubblewrap(os.environ)
        assert bwrap is not None
        write_system_files(self.folder / "etc")
        (self.folder / "bubblewrap" / "home").mkdir(exist_ok=True)
        return wrap(
            (TRUE,),
            bwrap=bwrap,
            config=POLICY,
            request=SandboxRequest.of(self.assignment("bubblewrap")),
            cwd=self.target,
            masked=(),
            etc=self.folder / "etc",
            environ=os.environ,
            info_fd=False,
        )

    async def worker(self, backend: str) -> None:
        """A whole worker: from the call to its exit record."""
        self.attempt += 1
        crew = self.crews[backend]
        began = time.perf_counter()
        spec = LaunchSpec(argv=(TRUE,), cwd=self.target)
        makes = (lambda *_, **__: ()) if backend == "no groups" else make_limit_groups
        with mock.patch.object(kernel_limits, "make_limit_groups", makes):
            crew.start(self.assignment(backend), self.attempt, agent=AGENT, spec=spec)
        self.returned[backend].append((time.perf_counter() - began) * 1000)
        record = await crew.wait_exited(WorkerId("w"))
        assert record.code == 0, record


async def bare(argv: list[str]) -> None:
    subprocess.run(argv, check=True, stderr=subprocess.DEVNULL)  # noqa: ASYNC221 - nothing else runs in this loop


async def measure(rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Milliseconds of every launch, by name; and of the coordinator's own share of a worker's."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
        launches = Launches(Path(name).resolve())  # noqa: ASYNC240 - nothing else runs in this loop
        ways: dict[str, Callable[[], Awaitable[None]]] = {
            "bare exec of /bin/true": lambda: bare([TRUE]),
            "python -I -S -c pass": lambda: bare([sys.executable, "-I", "-S", "-c", "pass"]),
            "worker without sandbox": lambda: launches.worker("none"),
        }
        if prove_backend(POLICY, os.environ).works:
            argv = launches.sandbox_argv()
            ways["sandbox alone"] = lambda: bare(argv)
            # To join a group, the kernel first waits for every other processor: 6 to 19 ms where nobody else just did.
            # A shim that is kept ready has waited for that, and for its interpreter and modules, before.
            ways["worker, no shim kept ready"] = lambda: launches.worker("cold")
            ways["worker, without control groups"] = lambda: launches.worker("no groups")
            ways["worker (shim + sandbox)"] = lambda: launches.worker("bubblewrap")
        took: dict[str, list[float]] = {way: [] for way in ways}
        for round_number in range(rounds + 3):
            for way, launch in ways.items():
                began = time.perf_counter()
                await launch()
                if round_number >= 3:  # the first ones fill caches
                    took[way].append((time.perf_counter() - began) * 1000)
        for crew in launches.crews.values():
            crew.release()
        return took, launches.returned


def report(took: dict[str, list[float]], returned: dict[str, list[float]]) -> None:
    ground = statistics.median(took["bare exec of /bin/true"])
    goals = {"sandbox alone": SANDBOX_GOAL_MS + ground, "worker (shim + sandbox)": ALL_GOAL_MS}
    print(f"{'launch and exit of /bin/true':<32}{'p50 ms':>8}{'p90 ms':>8}{'best':>8}{'ratio':>8}{'goal ms':>9}")
    for way, times in took.items():
        middle, high = statistics.median(times), statistics.quantiles(times, n=10)[8]
        goal = f"{goals[way]:9.1f} {'reached' if middle <= goals[way] else 'NOT reached'}" if way in goals else ""
        print(f"{way:<32}{middle:8.2f}{high:8.2f}{min(times):8.2f}{middle / ground:7.1f}x{goal}")
    for backend, times in returned.items():
        if times:
            # With it, the groups of the next worker, which are made while this one runs.
            print(f"coordinator's share, {backend:<11}{statistics.median(times):8.2f}")


if __name__ == "__main__":
    report(*asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 30)))
