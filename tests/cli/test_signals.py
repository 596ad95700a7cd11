"""The signals that ask for the end, but for those that were ignored at the start."""

from __future__ import annotations

import os
import signal

import anyio
import pytest

from orchestrator.cli.signals import ending_signals


async def first() -> signal.Signals | None:
    """The signal that comes first; ``None`` if none comes soon."""
    with anyio.move_on_after(0.2):
        async for number in ending_signals():
            return number
    return None


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
async def test_a_signal_is_heeded(number: signal.Signals) -> None:
    got: list[signal.Signals | None] = []

    async def wait() -> None:
        with anyio.fail_after(60):
            async for heard in ending_signals():
                got.append(heard)
                return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        os.kill(os.getpid(), number)
    assert got == [number]


async def test_a_signal_that_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        assert await first() is None
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
