"""What the adapters say of old releases is what the matrix of releases found."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.cli_matrix import DOCUMENT, Row, chosen_releases, document, number, read_document, results
from orchestrator.agents.registry import AGENTS, get_agent

ROWS = read_document(DOCUMENT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", AGENTS)
def test_the_oldest_release_an_adapter_works_with_was_tried_and_passed(name: str) -> None:
    rows = [row for row in ROWS if row.agent == name]
    oldest = AGENTS[get_agent(name).name].oldest
    tried = [row for row in rows if number(row.version)[: len(oldest)] == oldest]
    assert tried, f"{name}: no release {oldest} in {DOCUMENT.name}"
    for row in rows:
        if number(row.version) >= oldest:
            assert not row.failed, row
    before = [row for row in rows if number(row.version) < oldest]
    assert not before or max(before, key=lambda row: number(row.version)).failed, f"{name}: an older one works as well"


@pytest.mark.parametrize("name", AGENTS)
def test_the_pinned_release_was_tried(name: str) -> None:
    assert any((row.agent, row.version) == (name, get_agent(name).pinned) for row in ROWS)


def test_the_page_is_the_scripts_own() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(ROWS, whole=False)


def test_there_are_enough_releases() -> None:
    assert len({(row.agent, row.version) for row in ROWS}) >= 15


def test_the_page_is_read_as_it_is_written() -> None:
    rows = [Row("a", "1.10.0", "2026-01-02", 3, ("x[1]", "y")), Row("a", "1.9.0", "", 0, ("not installed: z",))]
    assert read_document(document(rows, whole=True)) == rows


def test_of_each_month_the_highest_release_is_tried_whatever_it_is_worth() -> None:
    agent = get_agent("claude")
    times = {
        "created": "2026-11-01",
        "2.1.400": "2026-11-02T00:00:00Z",
        "2.1.399": "2026-11-03T00:00:00Z",
        "2.1.398-beta": "2026-11-03T00:00:00Z",
        "2.1.300": "2026-10-03T00:00:00Z",
        "1.0.0": "2026-09-03T00:00:00Z",
        "2.1.100": "2025-09-03T00:00:00Z",
    }
    chosen = chosen_releases(times, agent, datetime(2026, 11, 30, tzinfo=UTC))
    assert [version for version, _ in chosen] == ["2.1.400", "2.1.300", "1.0.0"]


def test_a_test_that_was_skipped_has_not_passed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<t><testcase name="a"/><testcase name="b"><skipped/></testcase></t>')
    assert results(report) == (1, ("b",))
    assert results(tmp_path / "none.xml") == (0, ("the tests did not start",))
