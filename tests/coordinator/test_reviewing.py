"""Reviewers that answer nonsense, or do not answer: through whole sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.models.decisions import Action
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.reviews import Verdict

if TYPE_CHECKING:
    from orchestrator.coordinator.session_request import SessionResult
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow
MILESTONE = """
[[turn]]
role = "implementer"
[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }
[[turn.step]]
report = { type = "milestone", text = "hello.txt stands" }
[[turn.step]]
pause_s = 1.0
[[turn.step]]
say = "hello.txt stands."
"""


def answers(result: SessionResult) -> dict[WorkerId, tuple[Verdict, str]]:
    """Every review's answers, and what was wrong with them."""
    panels = [review.panel for review in result.state.assessment.reviews.values()]
    return {who: (said.verdict, said.problem or "") for panel in panels for who, said in panel.items() if said}


async def test_a_malformed_review_is_an_abstention_and_the_policy_decides_on_the_rest(stage: Stage) -> None:
    scenario = f"""
name = "nonsense"
{MILESTONE}
[[turn]]
agent = "gemini"
review = "*-milestone"
[[turn.step]]
say = "Looks splendid, ship it!"
"""
    result = await stage.run(scenario)
    said = answers(result)
    verdict, problem = said[WorkerId("review-001-gemini")]
    assert verdict is Verdict.ABSTAINED
    assert problem
    assert said[WorkerId("review-001-codex")] == (Verdict.APPROVED, "")
    assert result.state.assessment.decisions[0].action is Action.CONTINUE
    assert result.exit_code is ExitCode.DONE
    assert problem in (result.folder / "report.md").read_text()


async def test_a_reviewer_without_a_word_of_its_model_is_asked_again_twice_and_then_a_person(stage: Stage) -> None:
    # A cut ends an answer of the script, so that each try has one of its own.
    hangs = "[[turn.step]]\nhang_s = 60\n[[turn.step]]\ndrop = true\n"
    scenario = f"""
name = "late"
{MILESTONE}
[[turn]]
review = "*-milestone"
{3 * hangs}
"""
    result = await stage.run(
        scenario,
        agents=(AgentName("claude"), AgentName("codex")),
        limits={"review_timeout_s": 0.4, "restart_delay_s": 0.1},
    )
    problem = "no word of its model came in time (3 tries)"
    assert answers(result) == {WorkerId("review-001-codex"): (Verdict.ABSTAINED, problem)}
    late = result.state.workers[WorkerId("review-001-codex")]
    assert late.exit is not None
    assert late.exit.stopped_by == "stop"
    assert late.attempt == 3
    assert [decision.action for decision in result.state.assessment.decisions] == [Action.PAUSE_AND_CLARIFY]
    assert result.exit_code is ExitCode.NEEDS_PERSON
