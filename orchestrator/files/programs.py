"""Run a short program on the host (git and its like) that outlives neither its time, its caller nor us.

A watcher in the program's process group holds one end of a pipe whose other end we hold.  When that closes because we
died, by whatever signal, the watcher kills the group.  What a program that had to be ended started outside its group is
found by a mark in its environment.
"""

from __future__ import annotations

import os
import secrets
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Final, Literal

from orchestrator.files.time_limits import ending, off_loop, time_left
from orchestrator.value_class import value_class

MARK: Final = "ORCHESTRATE_SHORT_PROGRAM"
"""Names the call in the environment of everything that it starts."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of each output; a program that says more is ended."""
_WATCHED: Final = """
(read -r _ <"/dev/fd/$1"; kill -KILL 0) >/dev/null 2>&1 </dev/null &
shift; "$@"; code=$?
kill -KILL $! 2>/dev/null; wait $! 2>/dev/null
exit $code
"""
"""The watcher is ended and reaped by its own parent, so that where nobody adopts orphans no dead ones pile up."""
_CHUNK: Final = 1 << 16


@value_class
class ProgramResult:
    """How a short program went."""

    ended: Literal["exit", "time", "output", "start"]
    """By itself; because its time was over; because it said too much; or it could not be started at all."""
    code: int | None
    """The exit code (below 0: the signal that ended it); ``None`` where it did not end by itself."""
    stdout: bytes
    stderr: bytes
    detail: str = ""
    """Why it could not be started, or which limit it met."""

    @property
    def is_good(self) -> bool:
        """Whether it ended by itself, with 0."""
        return self.ended == "exit" and self.code == 0

    @property
    def problem(self) -> str | None:
        """What went wrong, in words: its own last ones where it has any; ``None`` where nothing did."""
        if self.is_good:
            return None
        if self.ended != "exit":
            return self.detail
        said = self.stderr.decode("utf-8", "replace").strip().splitlines()
        return " / ".join(said[-3:]) if said else f"it ended with {self.code}"


def run_program(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    within_s: float,
    stdin: bytes = b"",
    most_bytes: int = MOST_BYTES,
    pass_fds: Sequence[int] = (),
    thorough: bool = False,
) -> ProgramResult:
    """Run a program to its end, or to the end of its time; nothing it started is left when this returns.

    Args:
        argv: The first word is looked up on the PATH of ``env``.
        within_s: Cut by what the work around it has left; see :mod:`orchestrator.files.time_limits`.
        most_bytes: Of each of its outputs.
        thorough: Look for what left its group also where it ended well: programs that the user installed may.
    """
    program = shutil.which(argv[0], path=env.get("PATH", os.defpath))
    if program is None:
        return ProgramResult("start", None, b"", b"", f"{argv[0]} is not on PATH, or cannot be executed")
    mark = secrets.token_hex(8)
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHED, "sh", str(reading), program, *argv[1:]],
            cwd=cwd,
            env={**env, MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(reading, *pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        os.close(writing)
        return ProgramResult("start", None, b"", b"", f"{argv[0]} cannot be started: {error.strerror}")
    finally:
        os.close(reading)
    result = ProgramResult("time", None, b"", b"", "it was ended")
    try:
        with ending(partial(_end_group, process.pid)):
            result = _attended(process, stdin, within_s=within_s, most_bytes=most_bytes)
    finally:
        # Before its leader is reaped, so that the group's number is still its own.
        _end_group(process.pid)
        os.close(writing)
        code = process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        if result.ended != "exit" or thorough:
            _end_marked(mark)
    return replace(result, code=code) if result.ended == "exit" else result


async def run_program_off_loop(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    within_s: float,
    stdin: bytes = b"",
    most_bytes: int = MOST_BYTES,
    thorough: bool = False,
) -> ProgramResult:
    """:func:`run_program` in a thread: whoever is cancelled goes on at once, and the program ends with that."""
    act = partial(
        run_program, argv, cwd=cwd, env=env, within_s=within_s, stdin=stdin, most_bytes=most_bytes, thorough=thorough
    )
    try:
        # The thread has its own time on top, to end and reap the program.
        return await off_loop(act, within_s=within_s + 2.0, what=argv[0])
    except TimeoutError as error:
        return ProgramResult("time", None, b"", b"", str(error))


def _attended(process: subprocess.Popen[bytes], stdin: bytes, *, within_s: float, most_bytes: int) -> ProgramResult:
    """Feed and read the program until it ends or must be ended; it is not reaped here."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    outputs = (process.stdout, process.stderr)
    said = {stream.fileno(): bytearray() for stream in outputs}
    deadline = time.monotonic() + within_s
    left = memoryview(stdin)

    def result(ended: Literal["exit", "time", "output"], detail: str = "") -> ProgramResult:
        out, err = (bytes(text) for text in said.values())
        return ProgramResult(ended, None, out, err, detail)

    with selectors.DefaultSelector() as waiting, _exit_of(process) as its_end:
        waiting.register(its_end, selectors.EVENT_READ)
        for stream in outputs:
            os.set_blocking(stream.fileno(), False)
            waiting.register(stream, selectors.EVENT_READ)
        left = _begin_writing(waiting, process.stdin, left)
        has_ended = False
        while True:
            seconds = time_left(deadline - time.monotonic())
            if seconds <= 0 and not has_ended:
                return result("time", f"it took longer than {within_s:g} s")
            # What it said before it ended is in the pipes by now; what it left running may hold them open for ever.
            ready = waiting.select(0 if has_ended else min(seconds, 1.0))
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    left = _write_some(waiting, process.stdin, left)
                elif key.fd == its_end:
                    waiting.unregister(its_end)
                    has_ended = True
                elif not _read_some(waiting, key, said[key.fd], most_bytes):
                    return result("output", f"it said more than {most_bytes} bytes")
            if has_ended and not any(key.fd in said for key, _ in ready):
                return result("exit")


@contextmanager
def _exit_of(process: subprocess.Popen[bytes]) -> Iterator[int]:
    """A descriptor that can be read once the process has ended, without reaping it."""
    if hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(process.pid)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
        return
    # Elsewhere a pipe that only the process's leader has, and a thread that waits for it.
    reading, writing = os.pipe()

    def wait() -> None:
        process.wait()
        os.close(writing)

    threading.Thread(target=wait, daemon=True).start()
    try:
        yield reading
    finally:
        os.close(reading)


def _read_some(waiting: selectors.BaseSelector, key: selectors.SelectorKey, said: bytearray, most_bytes: int) -> bool:
    """Read what is there; ``False`` if that exceeds the bound."""
    try:
        chunk = os.read(key.fd, _CHUNK)
    except BlockingIOError:
        return True
    said += chunk
    if not chunk:
        waiting.unregister(key.fileobj)
    return len(said) <= most_bytes


def _begin_writing(waiting: selectors.BaseSelector, stream: IO[bytes], text: memoryview) -> memoryview:
    if not text:
        stream.close()
        return text
    os.set_blocking(stream.fileno(), False)
    waiting.register(stream, selectors.EVENT_WRITE)
    return text


def _write_some(waiting: selectors.BaseSelector, stream: IO[bytes], text: memoryview) -> memoryview:
    try:
        text = text[os.write(stream.fileno(), text[:_CHUNK]) :]
    except BlockingIOError:
        return text
    except OSError:
        text = text[:0]  # it does not read what it is told
    if not text:
        waiting.unregister(stream)
        with suppress(OSError):
            stream.close()
    return text


def _end_group(leader: int) -> None:
    with suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def _end_marked(mark: str) -> None:
    """Kill processes that carry the mark of a call but left its group, where the platform shows environments."""
    if not hasattr(signal, "pidfd_send_signal"):
        return
    wanted = f"{MARK}={mark}".encode()
    for _ in range(8):
        found = [pid for pid in _pids() if wanted in _environment_of(pid)]
        if not found:
            return
        for pid in found:
            with suppress(OSError):
                descriptor = os.pidfd_open(pid)
                try:
                    # The descriptor holds the process fast, so that nobody else has its number by now.
                    if wanted in _environment_of(pid):
                        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                finally:
                    os.close(descriptor)


def _pids() -> list[int]:
    with suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]
    return []


def _environment_of(pid: int) -> Sequence[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return ()
