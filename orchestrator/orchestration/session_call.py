"""Run an order in a process of its own, from whatever event loop or thread the caller is in."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import anyio
import anyio.abc

import orchestrator
from orchestrator.errors import ExitCode, OrchestrateError, UsageError
from orchestrator.orchestration.session_order import ORDER, REPORT, SessionOrder, SessionReport

_log = logging.getLogger("orchestrator.orchestration")

STOP_S: Final = 90.0
"""How long a session may take to stop its workers before its process is killed; its workers' shims then see to them."""
MOST_REPORT_BYTES: Final = 256 * 1024**2
_ROOT: Final = Path(orchestrator.__file__).resolve().parent.parent
# Not `-m`: the caller's folder, which may be the target, would go before the package.
PROCESS: Final = "orchestrator.orchestration.session_process"
_CODE: Final = (
    "import sys; from importlib import import_module; sys.path.insert(0, sys.argv[1]); "
    "import_module(sys.argv[2]).main()"
)
_LAST_LINES: Final = 20
Say = Callable[[str], None]

_at_work: dict[Path, object] = {}
"""Targets that sessions of this process write in."""


async def call_session(
    order: SessionOrder, *, writes: bool, environ: Mapping[str, str], module: str = PROCESS, say: Say | None = None
) -> SessionReport:
    """Run the session to its end.  Cancelled, it stops the session's workers before it returns.

    Args:
        writes: Somebody may write in the target itself, so that sessions of this process take turns there.
        module: Whose ``main`` the session's process runs.
        say: Told what the session says, a line at a time.

    Raises:
        OrchestrateError: No session was begun; with the reason.
    """
    async with _turn(order.target, wait=writes):
        report = await _in_process(order, environ, module, say or _ignore)
    if report.error:
        raise _error_of(report)
    _log.debug("session %s ended: %s (%s)", report.session, report.outcome, report.reason)
    return report


async def _in_process(order: SessionOrder, environ: Mapping[str, str], module: str, say: Say) -> SessionReport:
    last: deque[str] = deque(maxlen=_LAST_LINES)
    output = bytearray()
    # Whoever is stopped while it starts would leave a process behind that nobody knows.
    with anyio.CancelScope(shield=True):
        process = await anyio.open_process(
            [sys.executable, "-P", "-c", _CODE, str(_ROOT), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        with suppress(anyio.BrokenResourceError):  # it died before it read; what it said tells why
            await process.stdin.send(ORDER.dump_json(order) + b"\n")
        async with anyio.create_task_group() as group:
            group.start_soon(_log_lines, process.stderr, last, say)
            async for chunk in process.stdout:
                output += chunk
        await process.wait()
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
    try:
        return REPORT.validate_json(bytes(output))
    except ValueError:
        said = "\n".join(last) or "it said nothing"
        raise OrchestrateError(f"the session's process ended with {process.returncode}:\n{said}") from None


def _ignore(_text: str) -> None:
    """Say nothing."""


async def _end(process: anyio.abc.Process) -> None:
    """End the session's process by closing its standard input, and wait for it."""
    if process.stdin is not None:
        with suppress(anyio.BrokenResourceError, OSError):
            await process.stdin.aclose()
    if process.returncode is None:
        async with anyio.create_task_group() as group:
            # What nobody reads any more must not hold it up.
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    group.start_soon(_drain, stream)
            with anyio.move_on_after(STOP_S):
                await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
    await process.aclose()


async def _drain(stream: anyio.abc.ByteReceiveStream) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.BusyResourceError):
        async for _ in stream:
            pass


async def _log_lines(stream: anyio.abc.ByteReceiveStream, last: deque[str], say: Say) -> None:
    rest = b""
    async for chunk in stream:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace")
            last.append(text)
            _log.debug("%s", text)
            say(text)
    if rest:
        last.append(rest.decode("utf-8", "replace"))


@asynccontextmanager
async def _turn(target: Path, *, wait: bool) -> AsyncIterator[None]:
    """Wait until no other session of this process writes in the target."""
    if not wait:
        yield
        return
    # Their event loops may be different ones, so none can wake the other.
    turn = object()
    # One step for look and entry, since they may be in different threads.
    while _at_work.setdefault(target, turn) is not turn:  # noqa: ASYNC110 - their event loops may differ
        await anyio.sleep(0.1)
    try:
        yield
    finally:
        del _at_work[target]


def _error_of(report: SessionReport) -> OrchestrateError:
    hint = report.hint or None
    if report.error_code == ExitCode.USAGE:
        return UsageError(report.error, hint=hint)
    error = OrchestrateError(report.error, hint=hint)
    # No agent is usable, a budget is spent: it is for a person, as on the command line.
    error.exit_code = ExitCode(report.error_code)
    return error


def seconds_of(name: str, value: object) -> float | None:
    """A time limit from a context; ``None`` where there is none.

    Raises:
        ValueError: The limit is no number above 0.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a number above 0, not {value!r}")
    return float(value)
