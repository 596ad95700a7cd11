from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import InvalidFile
from orchestrator.toml_files import TomlFile, read_toml, toml_text, unknown_key

TEXT = """\
name = "x"

[[rule]]
when = "one"
at_least = { blocker = 1 }

[[rule]]
when = "two"
[rule.at_most]
approved = 0

[limits]
memory = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> TomlFile:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    return read_toml(path, what="policy")


@pytest.mark.parametrize(
    ("table", "nth", "key", "line"),
    [
        pytest.param(None, 0, "name", 1, id="a key at the top"),
        pytest.param(None, 0, "rule", 3, id="a table for a key"),
        pytest.param("rule", 0, None, 3, id="a table's header"),
        pytest.param("rule", 1, "when", 8, id="a key of the second of two"),
        pytest.param("rule", 0, "blocker", 5, id="a key of an inline table"),
        pytest.param("rule", 1, "at_most", 9, id="a table of its own inside another"),
        pytest.param("rule", 1, "approved", 10, id="a key in there"),
        pytest.param("limits", 0, "memory", 13, id="a key of a plain table"),
        pytest.param("rule", 1, "nowhere", 7, id="a key that is not written is its table's fault"),
        pytest.param(None, 0, "nowhere", None, id="and without a table has no line"),
    ],
)
def test_a_fault_has_the_line_where_its_key_stands(
    file: TomlFile, table: str | None, nth: int, key: str | None, line: int | None
) -> None:
    assert file.line_of(table=table, nth=nth, key=key) == line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(b"a = 1\nb = \n", 2, id="a value is missing"),
        pytest.param(b"a = 1\nb = [\n", 3, id="the file ends too early"),
        pytest.param(b"a = 1\nb = '\xff'\n", 2, id="no UTF-8"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as caught:
        read_toml(path, what="policy")
    assert caught.value.line == line
    assert "line" not in caught.value.reason


def test_the_mark_with_which_some_editors_begin_a_file_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert read_toml(path, what="policy").data == tomllib.loads(TEXT)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no such policy"):
        read_toml(tmp_path / "none.toml", what="policy")
    with pytest.raises(InvalidFile, match="this is no file, and so no policy"):
        read_toml(tmp_path, what="policy")


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"a": 1, "b": {"c": "d", "e": {}}, "f": {"g": {"h": [1, {"i": True}]}}},
        {"a key": 'with "quotes"\nand \\ and \x7f and \u00fc', "x.y": {"": 1.5}},
        {"when": datetime(2026, 11, 30, 12, tzinfo=UTC), "empty": []},
    ],
)
def test_what_is_written_is_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(table)) == table


def test_an_unknown_key_is_told_with_the_one_that_may_be_meant() -> None:
    assert unknown_key("tols", ("id", "tools")) == "there is no key 'tols'; did you mean 'tools'?"
    assert unknown_key("tier", ("id", "tier_preference")).endswith("did you mean 'tier_preference'?")
    assert unknown_key("zzz", ("id", "tools")).endswith("there are id, tools")


def test_what_has_no_end_is_not_read_to_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="this is no file, and so no policy"):
        read_toml(Path("/dev/zero"), what="policy")
    with (tmp_path / "huge.toml").open("wb") as huge:
        huge.truncate(1 << 40)
    with pytest.raises(InvalidFile, match="has more than 4,000,000 bytes, and is no policy"):
        read_toml(tmp_path / "huge.toml", what="policy")


def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "policy.toml"
    os.mkfifo(pipe)
    with pytest.raises(InvalidFile, match="this is no file, and so no policy"):
        read_toml(pipe, what="policy")
    (tmp_path / "link.toml").symlink_to(pipe)
    with pytest.raises(InvalidFile, match="this is no file"):
        read_toml(tmp_path / "link.toml", what="policy")
