"""One line in, one record or noise out, and never an exception."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.wire.records import (
    MAX_NOISE_CHARACTERS,
    Noise,
    RawRecord,
    decode_line,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_json_object_is_a_record(value: dict[str, object]) -> None:
    assert decode_line(json.dumps(value).encode(), "stdout") == RawRecord(value)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_noise_or_blank(data: bytes) -> None:
    assert isinstance(decode_line(data, "stdout"), RawRecord | Noise | None)


@pytest.mark.parametrize("blank", [b"", b"  ", b"\r", b"\x00\x00\x00", b" \x1b[0m "], ids=repr)
def test_a_blank_line_is_nothing(blank: bytes) -> None:
    assert decode_line(blank, "stdout") is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":1}\r',
        b'\x00\x00{"a":1}',
        b'{"a":1}\x00\x00',
        b'  {"a":1} ',
        b'\x1b[32m{"a":1}\x1b[0m',
    ],
    ids=["CR LF", "NULs before", "NULs after", "blanks", "colours"],
)
def test_what_stands_around_a_record_is_dropped(line: bytes) -> None:
    assert decode_line(line, "stdout") == RawRecord({"a": 1})


@pytest.mark.parametrize(
    "line",
    [
        b"[1]",
        b"3",
        b'"x"',
        b'{"a":',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"{" * 5_000,
        b'{"a":' * 2_000,
    ],
    ids=["array", "number", "string", "cut", "NaN", "infinity", "braces", "deep"],
)
def test_what_is_no_json_object_is_noise(line: bytes) -> None:
    assert isinstance(decode_line(line, "stdout"), Noise)


def test_half_a_surrogate_pair_does_not_lose_the_record() -> None:
    assert decode_line(rb'{"text":"cut \ud83d"}', "stdout") == RawRecord({"text": "cut �"})


def test_broken_utf8_does_not_lose_the_record() -> None:
    assert decode_line(b'{"text":"caf\xe9"}', "stdout") == RawRecord({"text": "caf�"})


def test_stderr_is_never_a_record() -> None:
    assert decode_line(b'{"error":"x"}', "stderr") == Noise('{"error":"x"}', "stderr")


def test_colours_are_removed_from_noise() -> None:
    assert decode_line(b"\x1b[31mGemini CLI is not running\x1b[0m", "stderr") == Noise(
        "Gemini CLI is not running", "stderr"
    )


def test_noise_is_cut_to_its_limit() -> None:
    noise = decode_line(b"x" * 20_000, "stdout")
    assert isinstance(noise, Noise)
    assert len(noise.text) == MAX_NOISE_CHARACTERS
