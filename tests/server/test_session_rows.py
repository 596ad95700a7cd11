from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.journal.index import SessionRow
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import SessionId
from orchestrator.models.money import Usage
from orchestrator.server.session_rows import Figures, figures_in_report, session_entry

ID = SessionId("20261121-175811-7f3a")


@pytest.mark.parametrize(
    ("row", "status"),
    [
        pytest.param(SessionRow(ID, holder=4711), "running", id="somebody runs it"),
        pytest.param(SessionRow(ID, outcome=Outcome.DONE), "done", id="it ended"),
        pytest.param(SessionRow(ID), "lost", id="it never ended and nobody runs it"),
        pytest.param(SessionRow(ID, problem="entry 3 is damaged"), "damaged", id="it cannot be read"),
    ],
)
def test_every_session_has_a_status(row: SessionRow, status: str) -> None:
    assert session_entry(row, None, waits=False).status == status


def test_what_is_unknown_is_not_zero() -> None:
    assert session_entry(SessionRow(ID), None, waits=False).cost_usd is None
    assert session_entry(SessionRow(ID), Figures(Usage(cost_usd=0.5)), waits=False).cost_usd == 0.5


def test_figures_are_read_from_the_report_and_read_anew_when_it_changes(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert figures_in_report(report) is None
    usage = '"usage": {"input_tokens": 5, "cost_usd": 0.25}'
    report.write_text(f"{{{usage}}}")
    assert figures_in_report(report) == Figures(Usage(input_tokens=5, cost_usd=0.25))
    report.write_text(f'{{{usage}, "usage_complete": false, "cost_complete": false}}')
    os.utime(report, ns=(3, 3))
    bounds = figures_in_report(report)
    assert bounds is not None
    entry = session_entry(SessionRow(ID), bounds, waits=False)
    assert (entry.usage_complete, entry.cost_complete) == (False, False)
    change = '"change": {"files": ["a", "b"], "insertions": 3, "deletions": 1, "problem": null}'
    report.write_text(f'{{{usage}, {change}, "settled": [{{"question": "q1"}}, {{"question": ""}}], "questions": []}}')
    os.utime(report, ns=(1, 1))
    assert figures_in_report(report) == Figures(Usage(input_tokens=5, cost_usd=0.25), 2, 3, 1, 1)
    report.write_text("garbage")
    os.utime(report, ns=(2, 2))
    assert figures_in_report(report) is None
