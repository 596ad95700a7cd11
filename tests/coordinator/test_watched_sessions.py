"""Whole sessions in which a query finds its antipattern, and a condition calls for each of the actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.models.entries import Told
from orchestrator.models.facts import AntipatternFound, Escalated, Fact

if TYPE_CHECKING:
    from orchestrator.coordinator.session_request import SessionResult
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow
AGAIN = """
for _ in range(6):
    tool("Bash", {"command": "ls -l"}, "total 0")
"""


def facts(stage: Stage, result: SessionResult) -> list[Fact]:
    return [entry.body.fact for entry in stage.journal(result) if isinstance(entry.body, Told)]


@pytest.mark.parametrize(
    ("action", "code", "follows"),
    [
        ("notice", ExitCode.DONE, "announce"),
        ("ask_person", ExitCode.NEEDS_PERSON, "ask_person"),
        ("require_review", ExitCode.DONE, "announce"),
        ("stop", ExitCode.NEEDS_PERSON, ""),
    ],
)
async def test_what_is_found_is_told_and_escalates(stage: Stage, action: str, code: ExitCode, follows: str) -> None:
    result = await stage.run_claude(AGAIN, escalate=(f"antipatterns > 0: {action}",))
    assert result.exit_code is code, result.reason
    told = facts(stage, result)
    (found,) = [fact for fact in told if isinstance(fact, AntipatternFound)]
    assert (found.name, found.worker, len(found.entries)) == ("step repetition", "claude", 4)
    (decided,) = [fact for fact in told if isinstance(fact, Escalated)]
    assert decided.rule == f"antipatterns > 0 for 0s: {action}"
    assert not follows or follows in [fact.kind for fact in told[told.index(decided) :]]
    triggers = [review.request.trigger for review in result.state.assessment.reviews.values()]
    assert ("request" in triggers) is (action == "require_review")
    report = (result.folder / "report.md").read_text()
    assert "step repetition: claude made the same call 4 times" in report
    if code is ExitCode.NEEDS_PERSON:
        assert decided.rule in result.reason
