"""What is left at whatever moment leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import anyio
import anyio.lowlevel
import pytest

from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.sandbox.process import sandboxed


@pytest.fixture
def in_a_sandbox(not_proven: Callable[[str], NoReturn]) -> list[str]:
    """A command line's beginning."""
    bwrap = find_bubblewrap(os.environ)
    if bwrap is None:
        not_proven("there is no bubblewrap")
    return [str(bwrap), "--unshare-user", "--unshare-pid", "--die-with-parent", "--new-session", "--ro-bind", "/", "/"]


async def test_it_is_told_and_heard(in_a_sandbox: list[str], tmp_path: Path) -> None:
    async with sandboxed(
        [*in_a_sandbox, "cat"], env={"PATH": os.environ["PATH"]}, stdin=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert await process.communicate(b"hello") == (b"hello", b"")
    assert process.returncode == 0


@pytest.mark.slow
async def test_a_sandbox_that_was_still_being_made_is_ended_with_its_program(
    in_a_sandbox: list[str], tmp_path: Path
) -> None:
    # All of them hold this pipe: it is at its end when none of them is left.
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as ours:
        for turn in range(40):
            async with sandboxed([*in_a_sandbox, "sleep", "60"], env=os.environ, cwd=tmp_path, pass_fds=(writing,)):
                await anyio.sleep(turn * 0.0004)
        os.close(writing)
        with anyio.fail_after(30):
            await anyio.wait_readable(ours)
        assert ours.read() == b""


async def test_whoever_is_cancelled_while_it_starts_leaves_nothing_behind(
    in_a_sandbox: list[str], tmp_path: Path
) -> None:
    async def run() -> None:
        async with sandboxed([*in_a_sandbox, "sleep", "60"], env=os.environ, cwd=tmp_path):
            await anyio.sleep(60)

    for turns in range(8):  # of the loop, each a moment of its start
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
