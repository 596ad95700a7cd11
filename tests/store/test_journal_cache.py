from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from orchestrator.store.journal_cache import JournalCache
from orchestrator.value_class import value_class


@value_class
class Content:
    version: int
    sessions: Mapping[str, int]


CACHE: JournalCache[int] = JournalCache("kept.json", TypeAdapter(Content), 3, 1_000)


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    assert CACHE.read(tmp_path) == {}
    CACHE.write(tmp_path, Content(3, {"s": 1}))
    assert CACHE.read(tmp_path) == {"s": 1}


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"version": 3, "sessions": {"s": "x"}}', b"\xff", b" " * 1_001])
def test_a_damaged_or_larger_file_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CACHE.name).write_bytes(content)
    assert CACHE.read(tmp_path) == {}


def test_a_file_of_another_version_or_that_is_no_file_holds_nothing(tmp_path: Path) -> None:
    replace(CACHE, version=2).write(tmp_path, Content(2, {"s": 1}))
    assert CACHE.read(tmp_path) == {}
    (tmp_path / CACHE.name).unlink()
    os.mkfifo(tmp_path / CACHE.name)
    assert CACHE.read(tmp_path) == {}


def test_where_nothing_can_be_kept_nothing_is_said(tmp_path: Path) -> None:
    CACHE.write(tmp_path / "none", Content(3, {"s": 1}))
    assert not (tmp_path / "none").exists()
