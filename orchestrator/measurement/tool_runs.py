"""Run the gates' tools on a layer of the project: each with a time limit, without a network, none believed blindly."""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.programs import ProgramResult, run_program_off_loop
from orchestrator.files.time_limits import off_loop
from orchestrator.gates.gate import (
    HOME,
    LIST,
    PROBES,
    PROJECT,
    RECORDS,
    TOOLS,
    WORK,
    Command,
    Gate,
    ToolRun,
    Unmeasured,
)
from orchestrator.late_pattern import late_pattern
from orchestrator.measurement.tool_environment import ToolEnvironment
from orchestrator.sandbox.layers import Layer
from orchestrator.value_class import value_class

VERSION_TIME_S: Final = 60.0
MOST_OUTPUT_BYTES: Final = 64 * 1024 * 1024
VERSION_ASKED: Final = 3
"""So often at most, where a run looks too fast: the quickest answer counts."""
LOOKS: Final = 4
"""So often that is done, each time with another run."""
TOO_FAST: Final = 0.5
"""Of that answer's time.  Both are mostly the start of a program, which a busy machine draws out."""
_VERSION: Final = late_pattern(r"\d+\.\d+[\w.+-]*")
_PREPARE_S: Final = 30.0
_ENTER: Final = 'cd -- "$1" && shift && exec "$@"'


@value_class
class Measured:
    """One run of a tool, with what makes it repeatable."""

    outcome: ToolRun | Unmeasured
    version: str = ""
    command: str = ""
    duration_s: float | None = None
    tool: str = ""
    """The tool that ran; empty: the gate's."""


@dataclass(slots=True)
class ToolRunner:
    """Runs commands of gates on one layer."""

    layer: Layer
    tools: ToolEnvironment
    probes: Path
    """Our own small programs, in a folder that the sandbox shows."""
    within_s: float = 300.0
    """The longest run of one tool."""
    is_offline: bool = False
    python: str = ""
    """The interpreter of the project's environment."""
    records: str = ""
    """Where Node's processes wrote what ran of them."""
    versions: dict[str, tuple[str, float] | Unmeasured] = field(default_factory=dict)
    """Each tool's answer to ``--version``, and how long the quickest one took."""
    _lock: anyio.Lock = field(default_factory=anyio.Lock)
    _shell: tuple[str, ...] = ()

    async def measure(self, gate: Gate, command: Command) -> Measured:
        """Run a gate's command; whatever goes wrong is *not measured*, with the reason."""
        shown = command.shown or shlex.join(command.argv)
        if command.tool:
            gate = replace(gate, tool=command.tool, version_argv=command.version_argv)
        measured = await self._measured(gate, command, shown)
        return replace(measured, tool=gate.tool)

    async def _measured(self, gate: Gate, command: Command, shown: str) -> Measured:
        if command.needs_network and self.is_offline:
            return Measured(Unmeasured(f"{gate.tool} needs the network, and --offline says to use none"), "", shown)
        version = await self._version(gate, command)
        if isinstance(version, Unmeasured):
            return Measured(version, "", shown)
        name, least_s = version
        result, duration_s = await self._run(command)
        for _ in range(LOOKS):
            if result.ended != "exit" or duration_s >= TOO_FAST * least_s:
                break
            # Look again before anybody is called a liar: what else the machine does comes in bursts.
            least_s = min(least_s, await self._quickest_version(gate, command))
            result, duration_s = await self._run(command)
        return Measured(
            believed(gate.tool, result, duration_s, least_s, at=str(self.layer.at)), name, shown, duration_s
        )

    async def _version(self, gate: Gate, command: Command) -> tuple[str, float] | Unmeasured:
        if gate.tool not in self.versions:
            self.versions[gate.tool] = await self._asked(gate, command)
        return self.versions[gate.tool]

    async def _asked(self, gate: Gate, command: Command) -> tuple[str, float] | Unmeasured:
        if not gate.version_argv:
            return "", 0.0
        result, duration_s = await self._run(_version_of(gate, command))
        if not result.is_good:
            return Unmeasured(f"{gate.tool} is missing or does not start: {result.problem}")
        said = (result.stdout + result.stderr).decode("utf-8", "replace").strip().splitlines()
        first = said[0] if said else ""
        wanted = self.tools.versions.get(gate.tool)
        if wanted is None:
            number = _VERSION.search(first)
            return (first if number is None else number[0])[:80], duration_s
        if wanted not in first.replace(",", " ").split():
            return Unmeasured(f"{gate.tool} says that it is {first[:80]!r}, and {wanted} is what was installed")
        return wanted, duration_s

    async def _quickest_version(self, gate: Gate, command: Command) -> float:
        if not gate.version_argv:
            return 0.0
        return min([(await self._run(_version_of(gate, command)))[1] for _ in range(VERSION_ASKED)])

    async def _run(self, command: Command) -> tuple[ProgramResult, float]:
        folder = self.layer.bench.scratch / f"tool-{secrets.token_hex(12)}"
        work, listed = folder / "work", folder / "files"
        try:
            await off_loop(partial(_prepare, folder, work, listed, command.files), within_s=_PREPARE_S, what="its list")
            places = {
                TOOLS: str(self.tools.programs),
                PROBES: str(self.probes),
                WORK: str(work),
                PROJECT: str(self.layer.at),
                LIST: str(listed),
                RECORDS: self.records,
                HOME: self.layer.bench.environ.get("HOME", str(work)),
            }
            argv = [filled(word, places) for word in command.argv]
            cwd = self.layer.at if command.cwd == "project" else work
            entered = ("sh", "-c", _ENTER, "sh", str(cwd), *argv)
            environ = self._environ(work, {name: filled(text, places) for name, text in command.env.items()})
            if HOME in command.env.values():
                environ = {**_named(self.layer.bench.environ, TOOLCHAIN_VARIABLES), **environ}
            if command.needs_network:
                wrapped: Sequence[str] = entered
                environ = {**environ, **_named(self.layer.bench.environ, NETWORK_VARIABLES)}
            else:
                wrapped = (*await self._sandboxed_shell(), *entered[1:])
            if command.runs_project and self.python:
                environ = {**environ, "PATH": f"{Path(self.python).parent}:{environ['PATH']}"}
            began = time.monotonic()
            result = await run_program_off_loop(
                wrapped,
                cwd=Path("/"),
                env=environ,
                within_s=command.within_s or self.within_s,
                most_bytes=MOST_OUTPUT_BYTES,
                thorough=True,
            )
            return result, time.monotonic() - began
        except OSError as error:
            return ProgramResult("start", None, b"", b"", f"it could not be run: {error}"), 0.0
        finally:
            remove = partial(ForeignFolder(self.layer.bench.scratch).remove_all, folder.name)
            with anyio.CancelScope(shield=True), suppress(TimeoutError):
                await off_loop(remove, within_s=2.0, what="the removal of what a tool wrote")

    async def _sandboxed_shell(self) -> Sequence[str]:
        """The command line of a shell in the sandbox, to which its arguments are put.

        It is made once: the files that a sandbox is shown would else be written anew while another one reads them.
        """
        async with self._lock:
            if not self._shell:
                wrap = partial(self.layer.wrap, ("sh",))
                self._shell = tuple(await off_loop(wrap, within_s=_PREPARE_S, what="the sandbox"))
        return self._shell

    def _environ(self, work: Path, own: Mapping[str, str]) -> Mapping[str, str]:
        """The environment of a tool: no setting of the user or the project is in it."""
        return {
            "PATH": self.layer.bench.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(work),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            **own,
        }


def believed(
    tool: str, result: ProgramResult, duration_s: float, least_s: float, *, at: str = ""
) -> ToolRun | Unmeasured:
    """What a gate may read, or why a tool did not do its work.

    Args:
        least_s: How long the tool takes to say its version.
    """
    if result.ended != "exit" or result.code is None:
        return Unmeasured(f"{tool}: {result.detail or 'it was ended before it was done'}")
    # A shell or the sandbox passes a signal on as a code above 128.
    if result.code < 0 or result.code > 128:
        return Unmeasured(f"{tool} was ended by signal {abs(result.code) % 128}")
    if result.code in (126, 127):
        return Unmeasured(f"{tool} could not be started: {result.problem}")
    if duration_s < TOO_FAST * least_s:
        return Unmeasured(
            f"{tool} took {duration_s * 1000:.0f} ms, and "
            f"{least_s * 1000:.0f} ms to say its version: it cannot have looked"
        )
    return ToolRun(result.code, result.stdout, result.stderr, at)


def _version_of(gate: Gate, command: Command) -> Command:
    """Ask the tool for its version in the environment in which it will run."""
    return Command(gate.version_argv, env=command.env, within_s=VERSION_TIME_S)


NETWORK_VARIABLES: Final = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)


TOOLCHAIN_VARIABLES: Final = ("CARGO_HOME", "RUSTUP_HOME", "GOROOT", "GOPATH", "GOCACHE", "GOMODCACHE")
"""Where a toolchain lies, for a tool that is one."""


def _named(environ: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str]:
    return {name: environ[name] for name in names if name in environ}


def _prepare(folder: Path, work: Path, listed: Path, files: Sequence[str]) -> None:
    folder.mkdir(mode=0o700)
    work.mkdir(mode=0o700)
    text = "".join(f"{name}\n" for name in files).encode("utf-8", "surrogateescape")
    ForeignFolder(folder).write(listed.name, text)


def filled(word: str, places: Mapping[str, str]) -> str:
    """A word of a command with the real paths in place of their marks."""
    for mark, path in places.items():
        word = word.replace(mark, path)
    return word
