"""A child that does what its arguments say, one after the other.  It never writes but with whole ``write`` calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time


def say(text: str) -> None:
    os.write(1, text.encode() + b"\n")


def wait_for_ever() -> None:
    while True:
        signal.pause()


def count_for_ever(path: str) -> None:
    """Append a byte every millisecond: a file that grows as long as we run."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        os.write(descriptor, b".")
        time.sleep(0.001)


def fork_for_ever(path: str) -> None:
    """Each generation lives for a moment, forks the next one and ends."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.setsid()
    while True:
        os.write(descriptor, b".")
        time.sleep(0.002)
        if os.fork():
            os._exit(0)


def grandchild(kind: str) -> None:
    """Leave behind what is hard to end; it ignores every signal that can be ignored."""
    if os.fork():
        os.wait() if kind == "double" else None
        return
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if kind in ("setsid", "double"):
        os.setsid()
    if kind == "double" and os.fork():
        os._exit(0)
    say(f"{kind} {os.getpid()}")
    if kind == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    wait_for_ever()


def on_term(code: int) -> None:
    def leave(number: int, frame: object) -> None:
        say(f"caught {number}")
        os._exit(code)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


def main(words: list[str]) -> None:  # noqa: C901 - one row a word
    while words:
        match words.pop(0):
            case "say":
                say(words.pop(0))
            case "err":
                os.write(2, words.pop(0).encode() + b"\n")
            case "echo":
                os.write(1, sys.stdin.buffer.read())
            case "raw":
                os.write(1, bytes(range(256)) * int(words.pop(0)))
            case "flood":
                for number in range(int(words.pop(0))):
                    os.write(1, f"line {number} {'x' * 200}\n".encode())
            case "environment":
                say(repr(sorted(os.environ.items())))
            case "hang":
                say("ready")
                wait_for_ever()
            case "ignore-term":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            case "on-term":
                on_term(int(words.pop(0)))
            case "grandchild":
                grandchild(words.pop(0))
            case "fork":
                path = words.pop(0)
                if not os.fork():
                    fork_for_ever(path)
            case "count":
                path = words.pop(0)
                say("ready")
                count_for_ever(path)
            case "python":
                exec(words.pop(0), {"os": os, "say": say, "subprocess": subprocess})  # noqa: S102 - its own test wrote it
            case "exit":
                os._exit(int(words.pop(0)))


main(sys.argv[1:])
