"""An object that is spread over several lines is one, and everything else stays as it came."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.wire.lines import Line, LineFramer
from orchestrator.wire.records import Noise, RawRecord, decode_line
from orchestrator.wire.spread_objects import MOST_LINES, SpreadObjects
from tests.wire.test_records import NOISE, RECORDS

RESULT = {"type": "result", "list": [1, {"a": "x{y"}, []], "text": "\\" + '"', "empty": {}}
PRETTY = json.dumps(RESULT, indent=2)


def lines_of(text: str) -> Sequence[Line]:
    framer, spread = LineFramer(), SpreadObjects()
    lines = [*framer.feed(text.encode()), *framer.finish()]
    return [*(whole for line in lines for whole in spread.feed(line)), *spread.finish()]


def read(text: str) -> list[object]:
    """The records as they are, and what is noise as text."""
    found = [one for line in lines_of(text) for one in decode_line(line.data or b"")]
    return [one.data if isinstance(one, RawRecord) else one.text for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(PRETTY, [RESULT], id="without an end of line"),
        pytest.param(f"{PRETTY}\n{PRETTY}\n", [RESULT, RESULT], id="two of them"),
        pytest.param(f"{PRETTY}{PRETTY}", [RESULT, RESULT], id="no line between them"),
        pytest.param(f"Loaded. {PRETTY} bye\n", ["Loaded.", RESULT, "bye"], id="noise on its lines"),
        pytest.param(json.dumps(RESULT, indent="\t").replace("\n", "\r\n"), [RESULT], id="tabs and carriage returns"),
        pytest.param(json.dumps(RESULT, indent=0), [RESULT], id="no indentation"),
        pytest.param('{"type": "a",\n "b": [1,\n 2]}\n', [{"type": "a", "b": [1, 2]}], id="broken at commas"),
        pytest.param('{\n{"type":"a"}\n', ["{", {"type": "a"}], id="a record after an open brace"),
        pytest.param("f() {\n  go();\n}\n", ["f() {", "go();", "}"], id="code"),
        pytest.param('{\n  "a": oops\n}\n', ["{", '"a": oops', "}"], id="no JSON"),
        pytest.param('{\n  "a": "cut\n{"type":"b"}\n', ["{", '"a": "cut', {"type": "b"}], id="a text that is cut"),
        pytest.param('{\n  "a": [\n  3\n', ["{", '"a": [', "3"], id="never closed"),
        pytest.param("{\nnode: warning\n" + PRETTY, ["{", "node: warning", RESULT], id="noise after an open brace"),
        pytest.param("{\n" + PRETTY, ["{", RESULT], id="one after an open brace"),
        pytest.param('{\n  "a": [\n' + PRETTY, ["{", '"a": [', RESULT], id="one after another that was cut"),
        pytest.param('{"type":"a"} {\n"type":"b"\n}', [{"type": "a"}, {"type": "b"}], id="behind one on its own line"),
    ],
)
def test_what_is_spread_is_one_and_the_rest_as_it_came(text: str, expected: list[object]) -> None:
    assert read(text) == expected


def test_the_lines_tile_the_stream() -> None:
    text = f"a\nLoaded. {PRETTY} bye\n{{\nno\n{PRETTY}{PRETTY}\n{{\n"
    lines = lines_of(text)
    assert [one.start for one in lines] == [0, *(one.end for one in lines[:-1])]
    assert lines[-1].end == len(text.encode())


def test_what_never_closes_is_given_back_in_time() -> None:
    spread = SpreadObjects()
    lines = [Line(0, 2, b"{"), *(Line(2 + 8 * at, 10 + 8 * at, b'"a": 3,') for at in range(MOST_LINES + 5))]
    given = [whole for line in lines for whole in spread.feed(line)]
    assert given == lines
    assert [*given, *spread.finish()] == lines


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(RECORDS, st.sampled_from([None, 0, 2, "\t"]), st.sampled_from(["", "\n", "\r\n", " "]) | NOISE),
        min_size=1,
        max_size=5,
    ),
    NOISE,
)
def test_records_in_any_print_and_noise_give_the_same_records(
    parts: list[tuple[dict[str, object], int | str | None, str]], before: str
) -> None:
    text = before + "".join(json.dumps(record, indent=indent) + noise for record, indent, noise in parts)
    found = [one for line in lines_of(text) for one in decode_line(line.data or b"")]
    assert [one.data for one in found if isinstance(one, RawRecord)] == [record for record, _, _ in parts]
    said = "".join(one.text for one in found if isinstance(one, Noise))
    assert "".join(said.split()) == "".join((before + "".join(noise for *_, noise in parts)).split())
