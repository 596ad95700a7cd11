"""Limits met by whole sessions: an account's, a budget's, a worker's own, and a death in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import Outcome, StartWorker
from orchestrator.models.entries import EffectIntended
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.safety.policies import load_sandbox_policy

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow

CLAUDE = WorkerId("claude")
GOES_ON = """
[[turn]]
role = "implementer"
[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }
[[turn.step]]
say = "hello.txt stands."
"""


async def test_a_limit_with_a_time_is_waited_for_and_the_session_goes_on_by_itself(stage: Stage) -> None:
    scenario = f"""
name = "limited for three seconds"
[[turn]]
role = "implementer"
[[turn.step]]
status = 429
message = "the limit is reached, try again in 3 seconds"
times = 5
{GOES_ON}
"""
    result = await stage.run(scenario, auto_resume=True, limits={"resume_spread_s": 0.2})
    assert result.outcome is Outcome.DONE, result.reason
    limited = [
        (s, e) for s, e in stage.seen if CLAUDE in s.workers and s.workers[CLAUDE].status is WorkerStatus.LIMITED
    ]
    until = limited[-1][0].workers[CLAUDE].limited_until
    assert until is not None
    starts = [
        entry.at
        for entry in stage.journal(result)
        if isinstance(entry.body, EffectIntended)
        and isinstance(entry.body.effect, StartWorker)
        and entry.body.effect.worker == CLAUDE
    ]
    assert len(starts) == 2
    assert starts[1] >= until
    assert result.state.questions_asked == 0


async def test_a_worker_that_is_killed_in_the_middle_is_continued_and_finishes(stage: Stage) -> None:
    scenario = f"""
name = "a sudden death"
[[turn]]
role = "implementer"
[[turn.step]]
run = "kill -9 $PPID"
{GOES_ON}
"""
    result = await stage.run(scenario, limits={"restart_delay_s": 0.1})
    assert result.outcome is Outcome.DONE, result.reason
    claude = result.state.workers[CLAUDE]
    assert claude.attempt == 2
    assert result.state.details[CLAUDE].conversation_asked == claude.conversation
    assert any("restart 1 of 3" in warning for warning in result.state.warnings)


async def test_one_that_dies_again_and_again_is_parked_and_a_person_is_asked(stage: Stage) -> None:
    scenario = """
name = "dies every time"
[[turn]]
role = "implementer"
repeat = true
[[turn.step]]
run = "kill -9 $PPID"
"""
    result = await stage.run(scenario, limits={"restart_delay_s": 0.02, "max_restarts": 2})
    assert result.outcome is Outcome.NEEDS_PERSON
    assert result.state.workers[CLAUDE].status is WorkerStatus.PARKED
    assert result.state.workers[CLAUDE].attempt == 3
    assert "parked after 2 restarts" in SessionFolder(result.folder).report_text_file.read_text()


async def test_the_runtime_limit_of_a_run_ends_a_worker_that_hangs(stage: Stage) -> None:
    scenario = """
name = "hangs"
[[turn]]
role = "implementer"
[[turn.step]]
run = "sleep 60"
"""
    policy = load_sandbox_policy("default")
    limits = policy.limits.model_copy(update={"runtime_s": 2.0})
    result = await stage.run(scenario, sandbox=policy.model_copy(update={"limits": limits}))
    assert result.outcome is Outcome.FAILED
    assert "2 s" in result.reason
    assert result.state.workers[CLAUDE].exit is not None


async def test_a_budget_that_is_overshot_ends_the_session_and_the_report_says_by_how_much(stage: Stage) -> None:
    scenario = """
name = "expensive"
[[turn]]
role = "implementer"
[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }
[[turn.step]]
usage = { input = 40000, output = 5000 }
[[turn.step]]
say = "done"
"""
    result = await stage.run(scenario, max_tokens=30_000)
    assert result.outcome is Outcome.NEEDS_PERSON, result.reason
    assert "is spent" in result.reason
    report = SessionFolder(result.folder).report_text_file.read_text()
    assert "of 30,000 tokens, " in report
    assert " over" in report
