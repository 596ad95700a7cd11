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
from pathlib import Path

from orchestrator.agents.contract import Agent, Credential, Translation
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.sandbox import ResourceLimits, SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.safety.policies import load_sandbox_policy
from orchestrator.workers.crew import Crew, CrewLayout

HERE = Path(__file__).parent
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


def policy(name: str, backend: str) -> SandboxConfig:
    """The shipped policy with bounds small enough to be tried."""
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
    # A name that is listed, and that leads back to this machine.
    hosts = ("rebound.test", "rebound.test:1-65535") if config.network == "allow-list" else config.allowed_hosts
    return config.model_copy(update={**changes, "allowed_hosts": hosts[:1], "readable": (HERE,)})


def escapes(policy_name: str, backend: str, folder: Path) -> Mapping[str, tuple[bool, str]]:
    """Run every attack once; by name whether it got out, and what stopped it."""
    with ExitStack() as stack:
        world = _world(folder, stack)
        said = asyncio.run(_run(policy(policy_name, backend), backend, folder, world))
    outcomes: dict[str, tuple[bool, str]] = {}
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
        **{"package": str(outside / "package"), "supervisor": os.getpid(), "neighbour": neighbour.pid},
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
            ports = {"tcp": tcp, "any": anywhere, "tcp6": tcp6, "udp": udp}
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
        workers_dir=session / "workers",
        control_dir=session / "control",
        lock=None,
        stdout=lambda worker: session / f"{worker}.jsonl",
        stderr=lambda worker: session / f"{worker}.stderr.log",
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder / "user"), "ORCHESTRATE_CANARY": "CANARY=1"}
    crew = Crew(layout, sandbox=config, backend=backend, environ=environ, orphan_grace_s=30)
    scratch = session / "scratch" / "w1"
    assignment = Assignment(
        WorkerId("w1"),
        AGENT.name,
        Role.IMPLEMENTER,
        "",
        target=folder / "target",
        scratch=scratch,
        home=session / "homes" / "w1",
        writable=(scratch, folder / "target"),
    )
    scratch.mkdir(parents=True)
    (scratch / "world.json").write_text(json.dumps(world))
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    argv = (python, "-I", "-S", str(HERE / "attacking.py"), str(scratch / "world.json"))
    async with crew.way_out(refused=lambda refusal: None):
        crew.start(assignment, 1, agent=AGENT, spec=LaunchSpec(argv=argv, cwd=folder / "target"))
        async with asyncio.timeout(60):
            ended = await crew.wait_exited(assignment.worker)
    crew.close()
    said = layout.stdout(assignment.worker).read_text()
    assert ended.code == 0, f"{ended} {layout.stderr(assignment.worker).read_text()} {said[-300:]}"
    return said


if __name__ == "__main__":
    sys.stdout.write(json.dumps(escapes(sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve())) + "\n")
