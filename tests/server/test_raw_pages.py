from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.server.raw_pages import read_page


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "claude.jsonl"
    path.write_text("first\nsecond\nthird\n")
    return path


def test_pages_end_at_the_end_of_a_line_and_join_without_a_gap(log: Path) -> None:
    offset, texts = 0, []
    while (page := read_page(log, offset, 9)).text:
        texts.append(page.text)
        offset = page.next_offset
    assert "".join(texts) == log.read_text()
    assert texts[0] == "first\n"


def test_a_line_longer_than_the_page_is_cut_rather_than_lost(log: Path) -> None:
    assert read_page(log, 0, 3).text == "fir"


def test_a_negative_offset_counts_from_the_end(log: Path) -> None:
    assert read_page(log, -6, 100).text == "third\n"
    assert read_page(log, -600, 100).offset == 0


def test_an_offset_beyond_the_end_is_the_end(log: Path) -> None:
    page = read_page(log, 600, 100)
    assert (page.text, page.offset, page.next_offset) == ("", 19, 19)


def test_a_file_that_is_not_there_or_none_is_empty(tmp_path: Path) -> None:
    assert read_page(tmp_path / "none", 0, 10).size == 0
    assert read_page(tmp_path, 0, 10).text == ""


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, log: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(log)
    with pytest.raises(OSError, match=r"[Ll]ink|[Ss]ymbolic"):
        read_page(link, 0, 10)


def test_secrets_are_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "claude.jsonl"
    path.write_text('{"key":"sk-ant-' + "a1" * 20 + '"}\n')
    assert "[redacted:api-key]" in read_page(path, 0, 1000).text
