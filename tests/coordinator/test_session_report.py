from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.session_report import SUMMARY

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage


@pytest.mark.slow
async def test_the_report_tells_reviews_recoveries_changes_and_proofs(stage: Stage) -> None:
    result = await stage.run("default")
    # Markdown's own signs are escaped in it.
    report = (result.folder / "report.md").read_text().replace("\\", "")
    for told in (
        "# Done: Add input validation to the signup form",
        "LOG_WARNING",
        "empty pid namespace",
        "gemini-outside-workspace",
        "--include-directories",
        "signup/validation.py",
        "cost unknown",
    ):
        assert told in report, told
    summary = SUMMARY.validate_json((result.folder / "report.json").read_bytes())
    assert summary.id == result.session
    assert json.loads((result.folder / "session.json").read_text())["task"] == summary.task


@pytest.mark.slow
async def test_a_session_that_waits_says_how_to_go_on(stage: Stage) -> None:
    result = await stage.run("pause")
    report = (result.folder / "report.md").read_text()
    assert f'orchestrate resume {result.session} --answer "…"' in report
