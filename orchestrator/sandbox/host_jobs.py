"""Run a program in a worker's place, with what it needs and nothing else, and report how it ended.

Each runs in a sandbox of its own that no worker sees: without a network, or with exactly one host and port; with
exactly the credentials it is given; with a home of its own.  Nothing of it outlives the call, or us.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import anyio
import anyio.abc

from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.network.parent_proxy import upstream_for
from orchestrator.network.proxy_requests import ProxyRequest
from orchestrator.network.relay import Ends, connect_through, join
from orchestrator.sandbox.bubblewrap import find_bubblewrap, wrap
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.mounts import Mount
from orchestrator.sandbox.process import sandboxed
from orchestrator.sandbox.system_files import write_system_files
from orchestrator.value_class import value_class

HOME: Final = Path("/tmp")  # noqa: S108 - the sandbox's own; ssh asks the user database, which says the same
PASSED_ON: Final = ("LANG", "PATH", "TZ")
_POLICY: Final = SandboxConfig(name="host job", network="none", guard=False, never_writable=())
_CREDENTIALS: Final = struct.Struct("3i")
"""Process, user and group of whoever sent a message (unix(7))."""
_GATE: Final = """
import os, signal, socket, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
channel = socket.socket(fileno=int(sys.argv[1]))
channel.set_inheritable(False)
channel.send(b"here")
channel.recv(1) or sys.exit("orchestrate: no connection to the host was opened")
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs in the sandbox first, and waits there until its one connection is open."""
_OPENER: Final = """
import sys
sys.path.insert(0, sys.argv[1])
import _socket
from orchestrator.shim.connection_listener import listen_inside
listening = listen_inside(int(sys.argv[2]), int(sys.argv[3])).to_bytes(4, sys.byteorder)
rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, listening)
_socket.socket(fileno=int(sys.argv[4])).sendmsg([b"door"], [rights])
"""
"""A process of its own, since there is no way back from the sandbox's namespaces."""
_SOURCES: Final = str(Path(__file__).parent.parent.parent)
Reach: TypeAlias = Callable[[], Awaitable[Ends]]
_PYTHON: Final = (os.path.realpath(sys.executable), "-I", "-S", "-c")


@value_class
class JobResult:
    """How a host job ended."""

    code: int | None
    """``None``: it took too long and was ended."""
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Its standard output."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def problem(self) -> str | None:
        """Its last words where it failed; ``None`` where it did not."""
        if self.code == 0:
            return None
        if self.code is None:
            return "it took too long"
        said = self.stderr.decode("utf-8", "replace").strip().splitlines()
        return " / ".join(said[-3:]) if said else f"it ended with {self.code}"


@value_class
class HostJob:
    """One program, and everything it may touch."""

    argv: Sequence[str]
    folder: Path
    """Where it runs, and the only place it writes."""
    readable: Sequence[Path] = ()
    writable: Sequence[Path] = ()
    """Further places: a remote repository that lies on this machine."""
    host: str = ""
    """The one host it reaches; empty for none."""
    port: int = 0
    is_web: bool = True
    """It speaks HTTP: such a host is reached through the user's own proxy, if the environment names one."""
    credentials: Sequence[str] = ()
    """Of the user's: names of variables, and files below the home (``~/.netrc``); what is not there is left out."""
    env: Mapping[str, str] | None = None
    stdin: bytes = b""
    within_s: float = 120.0
    further: Sequence[Mount] = ()
    """Places made over all others: a worker's layers of repositories."""


@value_class
class HostJobs:
    """Runs the host jobs of one session.

    Args:
        place: a folder of ours that no worker sees, for what the sandboxes are made of.
        masked: folders of ours that appear empty in every sandbox.
        environ: the coordinator's own environment, from which credentials come.
    """

    place: Path
    masked: Sequence[Path]
    environ: Mapping[str, str]

    async def run(self, job: HostJob) -> JobResult:
        """Run it to its end, or end it when its time is up.

        Raises:
            EnvironmentUnfit: there is no bubblewrap, or no such program.
            OSError: the sandbox cannot be made.
        """
        job.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        # Before anybody can speak: the kernel notes the speaker only for those who have asked for it.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            words = self._words(job, theirs.fileno())
            passed = (theirs.fileno(),) if job.host else ()
            async with sandboxed(words, env=self._environment(job), stdin=subprocess.PIPE, pass_fds=passed) as process:
                return await _attended(process, job, ours, theirs, partial(self._reach, job))
        finally:
            ours.close()
            theirs.close()

    async def _reach(self, job: HostJob) -> Ends:
        """Connect to the host directly, or through the proxy of the user's own network."""
        further = upstream_for(self.environ, job.host, job.port, is_tunnel=True) if job.is_web else None
        if further is None:
            return await asyncio.open_connection(job.host, job.port)
        return await connect_through(further, ProxyRequest(job.host, job.port, is_tunnel=True))

    def _words(self, job: HostJob, channel: int) -> list[str]:
        bwrap = find_bubblewrap(self.environ)
        program = shutil.which(job.argv[0], path=self.environ.get("PATH", os.defpath))
        if bwrap is None or program is None:
            missing = "bwrap" if bwrap is None else job.argv[0]
            raise EnvironmentUnfit(f"{missing} is needed to run a command in a worker's place, and is not on PATH")
        write_system_files(self.place / "etc")
        argv = [program, *job.argv[1:]]
        further = [*job.further, *(Mount(place, "read", str(source)) for place, source in self._files(job))]
        if job.host:
            argv = [*_PYTHON, _GATE, str(channel), *argv]
            further.append(Mount(Path("/etc/hosts"), "read", str(self._hosts(job.host))))
        readable, writable = tuple(job.readable), tuple(job.writable)
        request = SandboxRequest(job.folder, job.folder, job.folder, readable=readable, writable=writable)
        return wrap(
            argv,
            bwrap=bwrap,
            config=_POLICY,
            request=request,
            cwd=job.folder,
            masked=self.masked,
            etc=self.place / "etc",
            environ=self.environ,
            info_fd=False,
            further=further,
        )

    def _hosts(self, host: str) -> Path:
        path = self.place / f"hosts-{host}"
        path.write_text(f"127.0.0.1 localhost {host}\n", encoding="utf-8")
        return path

    def _files(self, job: HostJob) -> list[tuple[Path, Path]]:
        """The user's files that a job is given, and where they lie inside."""
        home = Path(self.environ.get("HOME") or "/nonexistent")
        names = [name[2:] for name in job.credentials if name.startswith("~/")]
        found = [(HOME / name, home / name) for name in names if (home / name).is_file()]
        agent = self.environ.get("SSH_AUTH_SOCK", "")
        if "SSH_AUTH_SOCK" in job.credentials and os.path.exists(agent):
            found.append((HOME / ".ssh-agent", Path(agent)))
        return found

    def _environment(self, job: HostJob) -> Mapping[str, str]:
        wanted = (*PASSED_ON, *(name for name in job.credentials if not name.startswith("~/")))
        env = {name: self.environ[name] for name in wanted if name in self.environ}
        if "SSH_AUTH_SOCK" in env:
            env["SSH_AUTH_SOCK"] = str(HOME / ".ssh-agent")
        return {"HOME": str(HOME), **env, **(job.env or {})}


async def _attended(
    process: asyncio.subprocess.Process, job: HostJob, ours: socket.socket, theirs: socket.socket, reach: Reach
) -> JobResult:
    said = (b"", b"")
    with anyio.move_on_after(job.within_s) as limit:
        async with anyio.create_task_group() as tasks:
            if job.host:
                tasks.start_soon(_keep_door, ours, theirs, job, reach, tasks)
            said = await process.communicate(job.stdin)
            tasks.cancel_scope.cancel()
    return JobResult(None if limit.cancelled_caught else process.returncode, *said)


async def _keep_door(
    ours: socket.socket, theirs: socket.socket, job: HostJob, reach: Reach, tasks: anyio.abc.TaskGroup
) -> None:
    """Connect whoever connects to the host's port inside the sandbox with the host itself."""
    await anyio.wait_readable(ours)
    _, told, _, _ = ours.recvmsg(16, socket.CMSG_SPACE(_CREDENTIALS.size))
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    # The kernel says who it is by our own count.
    pid, _, _ = _CREDENTIALS.unpack(told[0][2])
    # It ends at once, by itself.
    with anyio.CancelScope(shield=True):
        opener = await asyncio.create_subprocess_exec(
            *(*_PYTHON, _OPENER, _SOURCES, str(pid), str(job.port), str(theirs.fileno())),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # the host job itself says that nothing reaches the network
            pass_fds=(theirs.fileno(),),
        )
        code = await opener.wait()
    if code != 0:
        ours.shutdown(socket.SHUT_RDWR)
        return
    _, descriptors, _, _ = socket.recv_fds(ours, 16, 1)
    with socket.socket(fileno=descriptors[0]) as listening:
        listening.setblocking(False)
        ours.send(b"go")
        with suppress(OSError):  # What it then cannot reach it says itself.
            while True:
                connection, _ = await asyncio.get_running_loop().sock_accept(listening)
                tasks.start_soon(_carry, connection, reach)


async def _carry(connection: socket.socket, reach: Reach) -> None:
    with suppress(OSError):
        inside = await asyncio.open_connection(sock=connection)
        try:
            await join(inside, await reach())
        finally:
            inside[1].close()
