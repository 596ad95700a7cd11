"""Puts the attacks into a real crew's sandbox and looks afterwards at what they did: backend in, outcomes out.

Run as a program it prints one JSON object, so that a test can run it as another user:
``python -m tests.sandbox.escaping POLICY BACKEND FOLDER``.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.agents.contract import Agent, Credential, Translation
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.launch import LaunchSpec, PlacedFile
from orchestrator.models.sandbox import ResourceLimits, SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.models.workers import ExitRecord
from orchestrator.safety.resources import ResourceMonitor, judge
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.value_class import changed
from orchestrator.workers.crew import Crew, CrewLayout
from tests.sandbox.attacking import ENDS_THE_WORKER

HERE = Path(__file__).parent
SAMPLE_EVERY_S, HOLD_S = 0.1, 5.0
"""A coordinator measures every two seconds; the bomb stands long enough to be measured three times, and no longer."""
PROCESSES, MEMORY_MIB, FILE_MIB, TMP_MIB, OPEN_FILES = 100, 128, 8, 16, 256
AGENT = Agent(
    name=AgentName("attacker"),
    title="Attacker",
    executable="python3",
    package="",
    pinned="1",
    launch=lambda assignment: LaunchSpec(argv=(), cwd=assignment.target),
    translate=lambda state, record, at: (Translation(), ()),
    recovery_rules=(),
    credential=Credential(environment=(), files=(), login_hint=""),
    oldest=(1,),
)


def policy(name: str, backend: str, *, listed: tuple[str, ...] = ()) -> SandboxConfig:
    """The shipped policy with bounds small enough to be tried, and further hosts."""
    limits = ResourceLimits(
        memory_mib=MEMORY_MIB,
        processes=PROCESSES,
        file_mib=FILE_MIB,
        tmp_mib=TMP_MIB,
        open_files=OPEN_FILES,
        cpu_percent=200,
    )
    config = load_sandbox_policy(name)
    changes = {"backend": backend, "enforcement": "preferred", "limits": limits, "guard": False}
    hosts = (*config.allowed_hosts, *listed)
    return changed(config, **{**changes, "allowed_hosts": hosts, "readable": (HERE,)})


def escapes(policy_name: str, backend: str, folder: Path) -> Mapping[str, tuple[bool, str]]:
    """Run every attack once; by name whether it got out, and what stopped it."""
    with ExitStack() as stack:
        world = _world(folder, stack)
        # A name that is listed, and that leads back to this machine.
        config = policy(policy_name, backend, listed=(f"localhost:{world['listed']}",))
        said = asyncio.run(_run(config, backend, folder, world))
    outcomes: dict[str, tuple[bool, str]] = {ENDS_THE_WORKER: (False, "measured and stopped")}
    planted: list[str] = []
    for line in said.splitlines():
        name, result, detail = json.loads(line)
        if name == "planted":
            planted = detail
        else:
            outcomes[name] = (result == "escaped", detail)
    assert planted is not None, said
    _correct(outcomes, world, folder)
    return outcomes


def _correct(outcomes: dict[str, tuple[bool, str]], world: Mapping[str, object], folder: Path) -> None:
    """What an attack believes is one thing; what is there when the worker has ended is another."""
    for name, path in (
        ("plant new agent settings (.gemini)", ".gemini/settings.json"),
        ("plant an MCP server (.mcp.json)", ".mcp.json"),
        ("plant an editor's task (.vscode/tasks.json)", ".vscode/tasks.json"),
        ("plant a shell start-up file (.bashrc)", ".bashrc"),
    ):
        if outcomes[name][0] and not (folder / "target" / path).exists():
            outcomes[name] = (False, "taken back when the worker ended")
    if (folder / "workspace" / "session" / "journal.jsonl").read_text() == "record":
        outcomes["write the session's journal"] = (False, "what it wrote lies in its own /tmp")
    left = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, text=True, check=False).stdout
    mark = f"sleep {world['mark']}"
    alive = [line for line in left.splitlines() if line.strip().endswith(mark)]
    outcomes["outlive the session by a double fork"] = (bool(alive), "ended with its session")


def _world(folder: Path, stack: ExitStack) -> dict[str, object]:
    home, outside, target = folder / "user", folder / "outside", folder / "target"
    session = folder / "workspace" / "session"
    for path in (home / ".ssh", outside, target / ".git" / "hooks", target / ".claude"):
        path.mkdir(parents=True)
    for path in (target / "vendor/lib/.git/hooks", target / ".git/modules/sub/hooks", target / "sub"):
        path.mkdir(parents=True)
    for path in (outside / "package" / "workers", session / "homes" / "other", folder / "workspace" / "another"):
        path.mkdir(parents=True)
    for path, text in (
        (home / ".ssh" / "id", "canary"),
        (outside / "secret", "canary"),
        (outside / "victim", ""),
        (outside / "victim2", ""),
        (outside / "mode", "canary"),
        (target / ".git" / "config", "[core]\n"),
        (target / ".git" / "hooks" / "sample", ""),
        (target / ".claude" / "settings.json", "{}"),
        (target / "vendor/lib/.git/config", "[core]\n"),
        (target / ".git/modules/sub/HEAD", "ref: refs/heads/main\n"),
        (target / "sub/.git", "gitdir: ../.git/modules/sub\n"),
        (outside / "package" / "workers" / "shim.py", "code"),
        (session / "journal.jsonl", "record"),
        (session / "homes" / "other" / "credential", "canary"),
    ):
        path.write_text(text)
    neighbour = stack.enter_context(
        subprocess.Popen(["/bin/sleep", "600"], env={"ORCHESTRATE_CANARY": "CANARY=1"}, start_new_session=True)
    )
    stack.callback(neighbour.kill)
    abstract = f"orchestrate-test-{secrets.token_hex(4)}"
    return {
        **{"secret": str(outside / "secret"), "outside": str(outside), "target": str(target), "session": str(session)},
        **{"user_home": str(home), "other_home": str(session / "homes" / "other")},
        **{"home": str(session / "homes" / "w1"), "hold_s": HOLD_S},
        **{"package": str(outside / "package"), "coordinator": os.getpid(), "neighbour": neighbour.pid},
        **{"mark": f"600.{secrets.randbelow(10**6):06d}", "uts": str(Path("/proc/self/ns/uts").readlink())},
        **{"processes": PROCESSES, "memory": MEMORY_MIB * 2**20, "file": FILE_MIB * 2**20, "tmp": TMP_MIB * 2**20},
        **{"open_files": OPEN_FILES, "abstract": abstract, "unix": str(outside / "service.sock")},
        **stack.enter_context(_services(outside / "service.sock", abstract)),
    }


@contextmanager
def _services(path: Path, abstract: str) -> Iterator[dict[str, object]]:
    """Services of this machine that no worker may reach."""
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        anywhere = stack.enter_context(socket.create_server(("127.8.8.8", 0)))
        listed = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        tcp6 = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        local, named = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        folder = os.open(path.parent, os.O_RDONLY)
        local.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        named.bind("\0" + abstract)
        for server in (local, named):
            server.listen()
        done = threading.Event()
        answering = threading.Thread(target=_answer, args=(udp, done))
        answering.start()
        try:
            ports = {"tcp": tcp, "listed": listed, "any": anywhere, "tcp6": tcp6, "udp": udp}
            yield {name: server.getsockname()[1] for name, server in ports.items()}
        finally:
            done.set()
            answering.join()


def _answer(udp: socket.socket, done: threading.Event) -> None:
    udp.settimeout(0.1)
    while not done.is_set():
        try:
            _, sender = udp.recvfrom(64)
            udp.sendto(b"pong", sender)
        except OSError:
            continue


async def _run(config: SandboxConfig, backend: str, folder: Path, world: Mapping[str, object]) -> str:
    session = folder / "workspace" / "session"
    layout = CrewLayout(
        session_dir=session,
        workspace=session.parent,
        own=(session.parent / "state",),
        workers_dir=session / "workers",
        control_dir=session / "control",
        lock=None,
        stdout=lambda worker: session / f"{worker}.jsonl",
        stderr=lambda worker: session / f"{worker}.stderr.log",
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder / "user"), "ORCHESTRATE_CANARY": "CANARY=1"}
    crew = Crew(layout, sandbox=config, backend=backend, environ=environ, orphan_grace_s=30)
    async with crew.proxy_listener(refused=lambda refusal: None), asyncio.timeout(60):
        said = await _attack(crew, WorkerId("w1"), folder, world=world)
        said += await _attack(crew, WorkerId("w2"), folder, world=world, only=ENDS_THE_WORKER)
    crew.close()
    return said


async def _attack(
    crew: Crew, worker: WorkerId, folder: Path, *, world: Mapping[str, object], only: str | None = None
) -> str:
    session = folder / "workspace" / "session"
    scratch, home = session / "scratch" / worker, session / "homes" / worker
    assignment = Assignment(
        worker,
        AGENT.name,
        Role.IMPLEMENTER,
        "",
        target=folder / "target",
        scratch=scratch,
        home=home,
        writable=(scratch, folder / "target"),
    )
    scratch.mkdir(parents=True)
    (scratch / "world.json").write_text(json.dumps(world))
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    argv = (python, "-I", "-S", str(HERE / "attacking.py"), str(scratch / "world.json"), *([only] if only else []))
    settings = PlacedFile(home / ".cli" / "settings.json", "{}")
    crew.start(assignment, 1, agent=AGENT, spec=LaunchSpec(argv=argv, cwd=folder / "target", files=(settings,)))
    if only is None:
        ended = await crew.wait_exited(worker)
        stopped = False
    else:
        ended, stopped = await _measured(crew, worker)
    said = (session / f"{worker}.jsonl").read_text()
    # Where a control group bounds it, the kernel ends the bomb, and may take whoever threw it as well.
    stopped = stopped or (only is not None and "the kernel killed" in ended.note)
    assert stopped or ended.code == 0, f"{ended} {(session / f'{worker}.stderr.log').read_text()} {said[-300:]}"
    return said


async def _measured(crew: Crew, worker: WorkerId) -> tuple[ExitRecord, bool]:
    """What a coordinator does beside: measure, judge, and stop a worker that holds too much; whether it did."""
    monitor, limits = ResourceMonitor(), ResourceLimits(memory_mib=MEMORY_MIB, cpu_percent=200)
    waiting = asyncio.create_task(crew.wait_exited(worker))
    stopped = False
    while not waiting.done():
        await asyncio.wait([waiting], timeout=SAMPLE_EVERY_S)
        sample = crew.sample(worker)
        if sample is None or stopped:
            continue
        monitor, findings = judge(monitor, sample, datetime.now(UTC), limits, ran_s=0)
        if any(finding.stop for finding in findings):
            crew.stop(worker, because="it holds too much memory")
            stopped = True
    return await waiting, stopped


if __name__ == "__main__":
    sys.stdout.write(json.dumps(escapes(sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve())) + "\n")
