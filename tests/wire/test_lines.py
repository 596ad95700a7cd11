"""The framer: every cut of the input gives the same lines."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.wire.lines import Line, LineFramer

SAMPLE = '{"a":"grüße 👋"}\r\n\n\x00\x00{"b":1}\nlast'.encode()


def framed(*chunks: bytes, max_line_bytes: int = 1_000, start: int = 0) -> list[Line]:
    framer = LineFramer(max_line_bytes, start)
    return [line for chunk in chunks for line in framer.feed(chunk)] + framer.finish()


def test_lines_carry_the_offsets_they_came_from() -> None:
    assert framed(b"one\ntwo\n", start=100) == [
        Line(100, 104, b"one"),
        Line(104, 108, b"two"),
    ]


def test_every_cut_of_the_input_gives_the_same_lines() -> None:
    whole = framed(SAMPLE)
    for cut in range(len(SAMPLE) + 1):
        assert framed(SAMPLE[:cut], SAMPLE[cut:]) == whole


def test_one_byte_writes_give_the_same_lines() -> None:
    assert framed(*(SAMPLE[i : i + 1] for i in range(len(SAMPLE)))) == framed(SAMPLE)


@pytest.mark.slow
@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6), st.integers(1, 20))
def test_any_cuts_of_any_bytes_give_the_same_lines(data: bytes, cuts: list[int], limit: int) -> None:
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    lines = framed(*chunks, max_line_bytes=limit)
    assert lines == framed(data, max_line_bytes=limit)
    assert [line.data for line in lines] == [
        piece if len(piece) <= limit else None for piece in data.removesuffix(b"\n").split(b"\n") if data
    ]


@given(st.binary(max_size=60), st.integers(0, 1_000))
def test_lines_tile_the_stream_without_a_gap(data: bytes, start: int) -> None:
    lines = framed(data, start=start)
    offsets = [start, *(line.end for line in lines)]
    assert [line.start for line in lines] == offsets[:-1]
    assert offsets[-1] == start + len(data)


def test_a_missing_final_newline_gives_a_torn_line_once() -> None:
    framer = LineFramer()
    assert framer.feed(b"half") == []
    assert (framer.pending, framer.position) == (0, 4)
    assert framer.finish() == [Line(0, 4, b"half", torn=True)]
    assert framer.finish() == []
    assert framer.feed(b"next\n") == [Line(4, 9, b"next")]


def test_a_torn_overlong_line_is_reported() -> None:
    assert framed(b"x" * 20, max_line_bytes=10) == [Line(0, 20, None, torn=True)]


@pytest.mark.parametrize("step", [1, 3, 1000], ids=lambda step: f"chunks of {step}")
def test_an_overlong_line_is_skipped_and_framing_goes_on(step: int) -> None:
    data = b"a\n" + b"x" * 50 + b"\nb\n"
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    assert framed(*chunks, max_line_bytes=10) == [
        Line(0, 2, b"a"),
        Line(2, 53, None),
        Line(53, 55, b"b"),
    ]


def test_a_line_of_exactly_the_limit_is_kept() -> None:
    assert framed(b"x" * 10 + b"\n", max_line_bytes=10) == [Line(0, 11, b"x" * 10)]


def peak_while_feeding(chunk: bytes, times: int, *, limit: int) -> int:
    framer = LineFramer(limit)
    tracemalloc.start()
    try:
        for _ in range(times):
            framer.feed(bytearray(chunk))  # type: ignore[arg-type]  # a fresh object each time, as a read gives
        framer.feed(b"\n")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_line_costs_at_most_twice_its_length() -> None:
    peak = peak_while_feeding(b"x" * 4_096, 4_096, limit=1 << 26)
    assert peak <= 2.1 * 4_096 * 4_096


def test_an_overlong_line_costs_no_more_than_the_limit() -> None:
    assert peak_while_feeding(b"x" * 4_096, 4_096, limit=100_000) < 400_000
