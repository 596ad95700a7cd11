"""One line in, one record or noise out, and never an exception."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.wire.lines import LineFramer
from orchestrator.wire.records import (
    MAX_NOISE_CHARACTERS,
    Noise,
    RawRecord,
    decode_line,
    whole_record,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_json_object_is_a_record(value: dict[str, object]) -> None:
    assert decode_line(json.dumps(value).encode(), "stdout") == (RawRecord(value),)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_noise_or_blank(data: bytes) -> None:
    assert all(isinstance(one, RawRecord | Noise) for one in decode_line(data, "stdout"))


@pytest.mark.parametrize("blank", [b"", b"  ", b"\r", b"\x00\x00\x00", b" \x1b[0m "], ids=repr)
def test_a_blank_line_is_nothing(blank: bytes) -> None:
    assert decode_line(blank, "stdout") == ()


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
    assert decode_line(line, "stdout") == (RawRecord({"a": 1}),)


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
    (said,) = decode_line(line, "stdout")
    assert isinstance(said, Noise)


def test_half_a_surrogate_pair_does_not_lose_the_record() -> None:
    assert decode_line(rb'{"text":"cut \ud83d"}', "stdout") == (RawRecord({"text": "cut �"}),)


def test_broken_utf8_does_not_lose_the_record() -> None:
    assert decode_line(b'{"text":"caf\xe9"}', "stdout") == (RawRecord({"text": "caf�"}),)


def test_stderr_is_never_a_record() -> None:
    assert decode_line(b'{"error":"x"}', "stderr") == (Noise('{"error":"x"}', "stderr"),)


def test_colours_are_removed_from_noise() -> None:
    assert decode_line(b"\x1b[31mGemini CLI is not running\x1b[0m", "stderr") == (
        Noise("Gemini CLI is not running", "stderr"),
    )


def test_noise_is_cut_to_its_limit() -> None:
    (noise,) = decode_line(b"x" * 20_000, "stdout")
    assert isinstance(noise, Noise)
    assert len(noise.text) == MAX_NOISE_CHARACTERS


KNOWN = frozenset({"call", "result"})
CALL = {"type": "call", "input": {"type": "result", "ok": True}, "text": 'a "quoted" {brace} \\'}
RESULT = {"type": "result", "ok": True}


def on_a_line(*parts: str) -> list[object]:
    """What is read of the parts, written one after the other without a newline: records as they are, noise as text."""
    said = decode_line("".join(parts).encode("utf-8", "surrogatepass"), "stdout", KNOWN)
    return [one.data if isinstance(one, RawRecord) else one.text for one in said]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param((json.dumps(CALL), json.dumps(RESULT)), [CALL, RESULT], id="two objects"),
        pytest.param(("Loaded. ", json.dumps(RESULT)), ["Loaded.", RESULT], id="noise before"),
        pytest.param((json.dumps(RESULT), "^[done"), [RESULT, "^[done"], id="noise after"),
        pytest.param((json.dumps(CALL), " and ", json.dumps(RESULT)), [CALL, "and", RESULT], id="noise between"),
        pytest.param((json.dumps(CALL), "\0\0\0", json.dumps(RESULT)), [CALL, RESULT], id="NULs between"),
        pytest.param(("{foo {bar", json.dumps(RESULT)), ["{foo {bar", RESULT], id="open braces before"),
        pytest.param(("{foo} ", json.dumps(RESULT)), ["{foo}", RESULT], id="braces before"),
        pytest.param((json.dumps(CALL)[:-1],), [json.dumps(CALL)[:-1]], id="cut at its end, an object inside"),
        pytest.param(
            ('{"type":"call","text":"hel', json.dumps(RESULT)),
            ['{"type":"call","text":"hel', RESULT],
            id="cut in a text",
        ),
        pytest.param(('{"type":"call",', json.dumps(RESULT)), ['{"type":"call",', RESULT], id="cut between two names"),
        pytest.param(
            ('{"type":"new","inner":', json.dumps(RESULT), "}", json.dumps(RESULT)),
            [f'{{"type":"new","inner":{json.dumps(RESULT)}}}', RESULT],
            id="a record within an unknown one",
        ),
        pytest.param(
            ('{"x": oops, "y": ', json.dumps(RESULT), "}", json.dumps(RESULT)),
            [f'{{"x": oops, "y": {json.dumps(RESULT)}}}', RESULT],
            id="a record within what is no JSON",
        ),
        pytest.param(('{"type":"result","n":NaN}', "!"), ['{"type":"result","n":NaN}!'], id="no number"),
    ],
)
def test_records_that_share_a_line_are_found(parts: tuple[str, ...], expected: list[object]) -> None:
    assert on_a_line(*parts) == expected


def test_an_unknown_type_on_a_line_of_its_own_is_a_record() -> None:
    assert on_a_line('{"type":"new"}') == [{"type": "new"}]


RECORDS = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(sorted(KNOWN)),
    st.dictionaries(st.text(), JSON, max_size=3),
)
NOISE = st.text(st.characters(exclude_characters='{}"\n\x1b\x00', exclude_categories=["Cs"]), max_size=12)


@pytest.mark.slow
@given(
    st.lists(st.tuples(RECORDS, st.sampled_from(["", "\n", "\0", "\r\n", " "]) | NOISE), min_size=1, max_size=6),
    NOISE,
    st.data(),
)
def test_any_sequence_of_records_and_noise_cut_anywhere_gives_the_same_records(
    pairs: list[tuple[dict[str, object], str]], before: str, data: st.DataObject
) -> None:
    stream = (before + "".join(json.dumps(record) + noise for record, noise in pairs)).encode()
    framer, lines, at = LineFramer(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 40))
        lines += framer.feed(stream[at : at + size])
        at += size
    lines += framer.finish()
    read = [one for line in lines for one in decode_line(line.data or b"", "stdout", KNOWN)]
    assert [one.data for one in read if isinstance(one, RawRecord)] == [record for record, _ in pairs]
    said = "".join(one.text for one in read if isinstance(one, Noise))
    assert "".join(said.split()) == "".join((before + "".join(noise for _, noise in pairs)).replace("\0", "").split())


@given(
    st.binary(max_size=40).map(lambda data: b"{" + data + b"}")
    | st.dictionaries(st.text(), JSON, max_size=2).map(lambda value: json.dumps(value).encode())
)
def test_a_whole_record_is_what_the_long_way_finds(data: bytes) -> None:
    record = whole_record(data)
    assert record is None or decode_line(data, "stdout") == (record,)
