from __future__ import annotations

import os
import pty
import termios

import anyio
import pytest

from orchestrator.cli.key_reader import KeyReader, key_names


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("p", ["p"]),
        ("lt?", ["l", "t", "?"]),
        ("\x1b", ["escape"]),
        ("\x1b[A\x1bOB\x1b[6~q", ["up", "down", "page down", "q"]),
        ("\x1b[1;5C", []),
        ("\r\t\x01", []),
        ("yes\r", []),
        ("keep them for thirty days", []),
        ("llllll", ["l"] * 6),
    ],
)
def test_what_is_typed_is_told_apart(typed: str, names: list[str]) -> None:
    assert key_names(typed) == names


async def test_keys_come_without_an_echo_and_the_terminal_is_given_back() -> None:
    ours, its = pty.openpty()
    try:
        before = termios.tcgetattr(its)
        reader = KeyReader(its)
        os.write(ours, b"p")
        with anyio.fail_after(20):
            assert await reader.read() == ["p"]
            assert not termios.tcgetattr(its)[3] & (termios.ECHO | termios.ICANON)
            with reader.lent():
                assert termios.tcgetattr(its)[3] == before[3]
            os.write(ours, b"q")
            assert await reader.read() == ["q"]
        reader.close()
        assert termios.tcgetattr(its)[3] == before[3]
    finally:
        os.close(ours)
        os.close(its)


async def test_a_terminal_that_has_gone_has_no_keys() -> None:
    ours, its = pty.openpty()
    os.close(ours)
    try:
        with anyio.fail_after(20):
            assert await KeyReader(its).read() == []
    finally:
        os.close(its)
