from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from orchestrator.cli.line_reader import LineReader


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            continue


async def test_lines_come_one_by_one_however_they_were_written(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    reader = LineReader(reading)
    os.write(writing, "größer\nse".encode())
    with anyio.fail_after(60):
        assert await reader.read_line() == "größer"
        os.write(writing, b"cond\r\n")
        assert await reader.read_line() == "second"


async def test_waiting_for_a_line_can_be_cancelled(pipe: tuple[int, int]) -> None:
    reader = LineReader(pipe[0])
    with anyio.fail_after(60):
        with anyio.move_on_after(0.01) as waiting:
            await reader.read_line()
        assert waiting.cancelled_caught
        os.write(pipe[1], b"later\n")
        assert await reader.read_line() == "later"


async def test_the_end_of_input_is_none(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"last")
    os.close(writing)
    reader = LineReader(reading)
    with anyio.fail_after(60):
        assert await reader.read_line() == "last"
        assert await reader.read_line() is None


async def test_a_terminal_that_has_gone_is_the_end_of_input() -> None:
    ours, theirs = os.openpty()
    reader = LineReader(theirs)
    os.close(ours)
    try:
        with anyio.fail_after(60):
            assert await reader.read_line() is None
    finally:
        os.close(theirs)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        pytest.param(b"\x1b[A\x1b[5~\x1bOB", "", id="arrows-and-page-up"),
        pytest.param(b"\x1byes", "yes", id="escape-before-words"),
        pytest.param(b"as \x1b[1;5Csold", "as sold", id="an-arrow-with-control"),
        pytest.param("größer\t2".encode(), "größer\t2", id="words"),
    ],
)
async def test_keys_that_are_no_letters_leave_nothing_in_an_answer(typed: bytes, read: str) -> None:
    ours, theirs = os.openpty()
    try:
        reader = LineReader(theirs)
        os.write(ours, typed + b"\n")
        with anyio.fail_after(60):
            assert await reader.read_line() == read
    finally:
        os.close(theirs)
        os.close(ours)


async def test_lines_that_are_pasted_at_once_are_one_answer() -> None:
    ours, theirs = os.openpty()
    try:
        reader = LineReader(theirs)
        with anyio.fail_after(60):
            os.write(ours, b"yes\nbut not there\n")
            assert await reader.read_answer() == "yes\nbut not there"
            os.write(ours, b"yes\n")
            assert await reader.read_answer() == "yes"
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("keys", ["yes\nbut not there", "yes\n\nbut not there", "yes\rbut\rnot there", "1\nx"])
async def test_a_pasted_line_that_has_not_ended_belongs_to_the_answer(keys: str) -> None:
    ours, theirs = os.openpty()
    try:
        reader = LineReader(theirs)
        usual = termios.tcgetattr(theirs)
        with anyio.fail_after(60):
            os.write(ours, keys.encode())
            answer = await reader.read_answer()
            assert answer is not None
            assert answer.split() == keys.split()
            assert termios.tcgetattr(theirs) == usual
            os.write(ours, b"no\n")
            assert await reader.read_answer() == "no"
    finally:
        os.close(ours)
        os.close(theirs)


async def test_a_file_can_be_standard_input(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("one\ntwo\n")
    descriptor = os.open(tmp_path / "answers", os.O_RDONLY)
    try:
        reader = LineReader(descriptor)
        with anyio.fail_after(60):
            assert [await reader.read_line() for _ in range(3)] == ["one", "two", None]
    finally:
        os.close(descriptor)


async def test_what_was_typed_ahead_is_forgotten(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    reader = LineReader(reading)
    os.write(writing, b"yes\nye")
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reader.discard_typed_ahead)
            await anyio.lowlevel.checkpoint()
            os.write(writing, b"s\n")  # in the first half second
        os.write(writing, b"no\n")
        assert await reader.read_line() == "no"


async def test_the_begin_of_a_line_at_a_terminal_is_forgotten_too() -> None:
    ours, theirs = os.openpty()
    try:
        os.write(ours, b"y")
        reader = LineReader(theirs)
        assert reader.is_terminal
        with anyio.fail_after(60):
            await reader.discard_typed_ahead()
            os.write(ours, b"no\n")
            assert await reader.read_line() == "no"
    finally:
        os.close(ours)
        os.close(theirs)
