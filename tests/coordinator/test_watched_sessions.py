"""Whole sessions in which a query finds its antipattern, and a condition calls for each of the actions."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.models.entries import Told
from orchestrator.models.facts import AntipatternFound, Escalated, Fact, FeedbackAsked, FeedbackGiven
from tests.coordinator.test_interrupted_baseline import wait_until

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


async def test_agents_say_how_it_went_and_the_decisions_are_the_same(stage: Stage) -> None:
    plain = await stage.run("plain")
    asked = await stage.run("plain", asks_feedback=True)
    assert plain.exit_code is asked.exit_code is ExitCode.DONE
    decisions = [[one.action for one in result.state.assessment.decisions] for result in (plain, asked)]
    assert decisions[0] == decisions[1]
    assert asked.reason == plain.reason
    given = [fact for fact in facts(stage, asked) if isinstance(fact, FeedbackGiven)]
    assert len(given) == len(next(one for one in facts(stage, asked) if isinstance(one, FeedbackAsked)).workers) > 1
    assert [one.problem for one in given] == [None] * len(given)
    assert {one.change for one in given} == {"nothing"}
    assert "## How it went, as the agents say" in (asked.folder / "report.md").read_text()
    assert not [fact for fact in facts(stage, plain) if isinstance(fact, FeedbackAsked | FeedbackGiven)]


async def test_a_malformed_answer_is_said_and_the_session_is_done(stage: Stage) -> None:
    result = await stage.run_claude("pass", asks_feedback=True)
    assert result.exit_code is ExitCode.DONE
    (given,) = [fact for fact in facts(stage, result) if isinstance(fact, FeedbackGiven)]
    assert (given.worker, given.problem) == ("claude", "its answer holds no JSON object")
    assert "claude: no answer that counts: its answer holds no JSON object" in (result.folder / "report.md").read_text()


def test_ctrl_c_waits_for_no_answer_and_what_is_done_is_done(stage: Stage) -> None:
    words = stage.command_line('if "--resume" in sys.argv:\n    text("hm")\n    time.sleep(600)', "--feedback")
    run = subprocess.Popen(words, env={**stage.environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_until(lambda: '"text":"hm"' in journal_of(stage), "the agent is asked")
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == ExitCode.DONE, said
    assert '"problem":"stopped by ' in journal_of(stage)


def journal_of(stage: Stage) -> str:
    return "".join(path.read_text() for path in stage.workspace.glob("*/journal.jsonl"))
