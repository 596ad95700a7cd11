"""Work that hangs holds its own thread and nobody else."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from functools import partial

import anyio
import pytest

from orchestrator.files import time_limits
from orchestrator.files.time_limits import ending, in_time, is_over, off_loop, time_left


class Hanging:
    """A call that the kernel gives back only when somebody writes."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()

    def __call__(self) -> bytes:
        return os.read(self._reading, 1)

    def close(self) -> None:
        os.close(self._writing)
        for thread in list(time_limits._LEFT_BEHIND):
            thread.join(30)
        os.close(self._reading)


async def test_what_is_returned_comes_back_and_what_is_raised_too() -> None:
    assert await off_loop(lambda: 42, within_s=30) == 42
    with pytest.raises(ZeroDivisionError):
        await off_loop(lambda: 1 // 0, within_s=30)


async def test_a_call_that_hangs_is_left_behind_after_its_time() -> None:
    hanging = Hanging()
    try:
        with pytest.raises(TimeoutError, match=r"the look took longer than 0\.05 s"):
            await off_loop(hanging, within_s=0.05, what="the look")
    finally:
        hanging.close()


async def test_who_is_cancelled_does_not_wait_for_a_call_that_hangs() -> None:
    hanging = Hanging()
    try:
        with anyio.move_on_after(0.05) as scope:
            await off_loop(hanging, within_s=3600)
        assert scope.cancelled_caught
    finally:
        hanging.close()


async def test_the_work_of_who_was_cancelled_hears_that_its_time_is_over() -> None:
    heard = threading.Event()
    started = anyio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(started.set)
        while not is_over():
            time.sleep(0.001)
        heard.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(off_loop, work, within_s=3600))
        await started.wait()
        tasks.cancel_scope.cancel()
    assert heard.wait(30)


async def test_what_the_work_started_is_ended_with_its_time() -> None:
    ended = threading.Event()

    def work() -> bool:
        with ending(ended.set):
            return ended.wait(30)

    with anyio.move_on_after(0.05):
        await off_loop(work, within_s=3600)
    assert ended.wait(30)


def test_work_outside_any_limit_has_all_the_time_it_asks_for() -> None:
    assert not is_over()
    assert time_left(7.0) == 7.0


def test_code_without_a_loop_waits_no_longer_either() -> None:
    assert in_time(lambda: 1, within_s=30) == 1
    hanging = Hanging()
    try:
        with pytest.raises(TimeoutError):
            in_time(hanging, within_s=0.05)
    finally:
        hanging.close()


def test_when_too_many_calls_hang_the_next_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limits, "MOST_LEFT_BEHIND", 1)
    hanging = Hanging()
    try:
        with pytest.raises(TimeoutError):
            in_time(hanging, within_s=0.01)
        with pytest.raises(TimeoutError, match="1 earlier calls still hang"):
            in_time(lambda: 1, within_s=30)
    finally:
        hanging.close()
    assert in_time(lambda: 1, within_s=30) == 1
