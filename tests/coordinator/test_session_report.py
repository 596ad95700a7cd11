from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.session_report import SUMMARY, usage_in_words
from orchestrator.models.money import Usage

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage


def test_what_is_unknown_is_said_to_be_unknown() -> None:
    assert usage_in_words(Usage()) == "unknown tokens, cost unknown"
    assert usage_in_words(Usage(input_tokens=1200, cost_usd=0.5)) == "1,200 tokens, $0.5000"
    assert "lower bound" in usage_in_words(Usage(cost_usd=0.5), complete=False)


@pytest.mark.slow
async def test_the_report_tells_reviews_recoveries_changes_and_proofs(stage: Stage) -> None:
    result = await stage.run("default")
    report = (result.folder / "report.md").read_text()
    for told in (
        "# Done: Add input validation to the signup form",
        "**log_warning**",
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
