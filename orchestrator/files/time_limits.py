"""Run blocking work off the event loop for a limited time; a thread that hangs is left behind, never waited for.

The work asks :func:`is_over` between its steps, and what it starts is ended with :func:`ending`.  A step that the
kernel does not give back (a network file system that is gone) holds its own thread, and nothing else: the thread is a
daemon, so that it does not keep the process from ending either.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

MOST_LEFT_BEHIND: Final = 64
"""As many calls may hang at a time; a further one is refused at once, since threads are not free."""


class TimeLimit:
    """When a piece of work has to end, and what has to be ended with it."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._is_ended = False
        self._enders: list[Callable[[], None]] = []

    def remaining_s(self) -> float:
        """How long the work may still take; 0 when it has to end."""
        return 0.0 if self._is_ended else max(0.0, self._deadline - time.monotonic())

    def end(self) -> None:
        """End the work now: whoever asks hears that its time is over, and what it started is ended."""
        with self._lock:
            self._is_ended = True
            enders, self._enders = self._enders, []
        for act in enders:
            with suppress(OSError):
                act()

    @contextmanager
    def ending(self, act: Callable[[], None]) -> Iterator[None]:
        """While the block runs, ``act`` is called when the work has to end; at once where it had to already."""
        with self._lock:
            is_late = self._is_ended
            if not is_late:
                self._enders.append(act)
        if is_late:
            act()
        try:
            yield
        finally:
            with self._lock, suppress(ValueError):
                self._enders.remove(act)


_LIMIT: contextvars.ContextVar[TimeLimit | None] = contextvars.ContextVar("time limit of foreign work", default=None)
_LEFT_BEHIND: set[threading.Thread] = set()


def is_over() -> bool:
    """Whether the work that is running here has no time left."""
    limit = _LIMIT.get()
    return limit is not None and limit.remaining_s() <= 0


def time_left(most_s: float) -> float:
    """The smaller of ``most_s`` and what the work that is running here has left."""
    limit = _LIMIT.get()
    return most_s if limit is None else min(most_s, limit.remaining_s())


@contextmanager
def ending(act: Callable[[], None]) -> Iterator[None]:
    """While the block runs, ``act`` is called when the surrounding work has to end before its time."""
    limit = _LIMIT.get()
    if limit is None:
        yield
        return
    with limit.ending(act):
        yield


async def off_loop(act: Callable[[], T], *, within_s: float, what: str = "it") -> T:
    """Run ``act`` in a thread of its own, and return what it returns.

    Whoever is cancelled while waiting goes on at once; the thread then ends at its next step, or is left behind.

    Args:
        what: Names the work in the error.

    Raises:
        TimeoutError: It took longer than ``within_s``, or too many earlier calls still hang.
    """
    import asyncio  # not for a listing: the two take as long to import as all of one

    import anyio

    limit = TimeLimit(within_s)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def report(result: Callable[[], T]) -> None:
        if not done.done():
            try:
                done.set_result(result())
            except BaseException as error:
                done.set_exception(error)

    def tell(result: Callable[[], T]) -> None:
        # The loop may be closed by now; then nobody waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(report, result)

    thread = _start(act, limit, tell, what)
    try:
        with anyio.move_on_after(within_s):
            return await done
    finally:
        if done.cancelled() or not done.done():
            _leave_behind(thread, limit)
    raise TimeoutError(f"{what} took longer than {within_s:g} s")


def in_time(act: Callable[[], T], *, within_s: float, what: str = "it") -> T:
    """The same for code without an event loop: run ``act``, and wait for it no longer than ``within_s``.

    Raises:
        TimeoutError: It took longer, or too many earlier calls still hang.
    """
    limit = TimeLimit(within_s)
    answer: list[Callable[[], T]] = []
    thread = _start(act, limit, answer.append, what)
    try:
        thread.join(within_s)
    finally:
        if not answer:
            _leave_behind(thread, limit)
    if not answer:
        raise TimeoutError(f"{what} took longer than {within_s:g} s")
    return answer[0]()


def _start(
    act: Callable[[], T], limit: TimeLimit, tell: Callable[[Callable[[], T]], None], what: str
) -> threading.Thread:
    context = contextvars.copy_context()

    def run() -> None:
        _LIMIT.set(limit)
        try:
            value = act()
        except BaseException as error:
            tell(partial(_raise, error))
        else:
            tell(lambda: value)

    _LEFT_BEHIND.difference_update([thread for thread in _LEFT_BEHIND if not thread.is_alive()])
    if len(_LEFT_BEHIND) >= MOST_LEFT_BEHIND:
        raise TimeoutError(f"{what} was not tried: {len(_LEFT_BEHIND)} earlier calls still hang")
    thread = threading.Thread(target=context.run, args=(run,), name=f"orchestrate: {what}", daemon=True)
    thread.start()
    return thread


def _raise(error: BaseException) -> NoReturn:
    raise error


def _leave_behind(thread: threading.Thread, limit: TimeLimit) -> None:
    limit.end()
    if thread.is_alive():
        _LEFT_BEHIND.add(thread)
