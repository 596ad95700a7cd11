"""Start programs that the coordinator runs itself, each in a sandbox, and end them whole at whatever moment."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio

from orchestrator.shim.orphan_processes import MARK, end_marked


@asynccontextmanager
async def sandboxed(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program while the block runs; what still runs when it is left is killed, with all it has started.

    Args:
        argv: the whole command line, bubblewrap's words in front.

    Raises:
        OSError: it cannot be started.
    """
    mark = f"host job {secrets.token_hex(8)}"
    # Shielded: a caller cancelled in the middle of the start would have no process to end.
    with anyio.CancelScope(shield=True):
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=cwd,
            env={**env, MARK: mark},
            pass_fds=pass_fds,
            # A Ctrl-C at the terminal is for the session, which waits for what is under way.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            # Killing bubblewrap ends its sandbox only once that is set up: killed before (0.8.0), it leaves a half-made
            # sandbox behind, which then runs the program.  So everything that bears the mark is ended as well.
            end_marked(mark)
            with suppress(ProcessLookupError):
                process.kill()
        with anyio.CancelScope(shield=True):
            await process.communicate()
