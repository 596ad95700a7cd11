"""Start the dashboard's server as a process beside the coordinator, and say its address.

A process of its own, because five hundred viewers on the coordinator's event loop would keep a blocker waiting, and
because a fault in showing must not end what is shown (docs/adr/0003).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from orchestrator.journal.folder import SessionFolder

_ROOT = Path(__file__).resolve().parents[2]
# -I: nothing of the folder we are started in may stand in for a module of ours.
_PROGRAM = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from orchestrator.cli.main import main; main()"
BEGIN_AFTER_S = 0.5
"""A server costs more to start than a short session does in all; one that is over by then needs none."""
_GRACE_S = 2.0
_LONGEST_LINE = 4096


async def show_dashboard(folder: SessionFolder, port: int, say: Callable[[str], None]) -> None:
    """Serve the session's dashboard until cancelled; without one the run goes on all the same."""
    # The first worker starts meanwhile, and does not share the processor with what shows it.
    await anyio.sleep(BEGIN_AFTER_S)
    log = folder.path / "dashboard.log"
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # A run may end while this starts, and a process whose start was cancelled is nobody's: it is waited for
            # by a thread that outlives the event loop, and says so on the user's terminal.
            with anyio.CancelScope(shield=True):
                process = await anyio.open_process(
                    _command(folder, port),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=descriptor,
                    cwd=folder.path,
                    # Ctrl-C is for the coordinator: whoever watches wants to see the end.
                    start_new_session=True,
                )
        finally:
            os.close(descriptor)
    except OSError as error:
        say(f"no dashboard: {error.strerror}")
        return
    address: list[str] = []

    def say_and_note(text: str) -> None:
        address.append(text)
        say(text)

    try:
        await _say_lines(process, say_and_note)
        say(f"the dashboard has ended by itself; {log} says why")
    finally:
        await _end(process, is_watched=bool(address))


def _command(folder: SessionFolder, port: int) -> list[str]:
    where = ["--workspace", str(folder.workspace), "--session", folder.id, "--port", str(port)]
    return [sys.executable, "-I", "-c", _PROGRAM, "serve", "--tied", *where]


async def _say_lines(process: Process, say: Callable[[str], None]) -> None:
    assert process.stdout is not None
    lines = BufferedByteReceiveStream(process.stdout)
    try:
        while True:
            say((await lines.receive_until(b"\n", _LONGEST_LINE)).decode(errors="replace"))
    except (anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.EndOfStream):
        return


async def _end(process: Process, *, is_watched: bool) -> None:
    """End the server by closing its standard input, so that it tells its viewers.

    Args:
        is_watched: whether anybody has been told its address; before that it has nobody to tell.
    """
    assert process.stdin is not None
    with anyio.CancelScope(shield=True):
        await process.stdin.aclose()
        if not is_watched and process.returncode is None:
            process.kill()
        with anyio.move_on_after(_GRACE_S):
            await process.wait()
        await process.aclose()
