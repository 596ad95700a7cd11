"""Limits met by whole sessions: an account's, a budget's, a worker's own, and a death in the middle."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from orchestrator.journal.folder import SessionFolder
from orchestrator.models.decisions import Action
from orchestrator.models.effects import Outcome, StartWorker
from orchestrator.models.entries import AgentOutput, EffectIntended
from orchestrator.models.events import ToolCalled
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.reviews import Trigger
from orchestrator.models.workers import WorkerStatus
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.sandbox.control_groups import own_group
from orchestrator.sandbox.kernel_limits import delegated
from tests.coordinator.conftest import racing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from orchestrator.coordinator.session_request import SessionResult
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow

CLAUDE = WorkerId("claude")
CLAUDE_CODE, CODEX = AgentName("claude"), AgentName("codex")
LIMITED = """
[[turn.step]]
status = 400
body = "You have hit your usage limit, try again in 2 seconds"
"""
"""Codex passes the body of a 400 on as it is, and does not try again by itself."""
GOES_ON = """
[[turn]]
role = "implementer"
[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }
[[turn.step]]
say = "hello.txt stands."
"""


def starts(stage: Stage, result: SessionResult, worker: WorkerId) -> Sequence[datetime]:
    """When each of a worker's attempts was to be started."""
    intended = [
        (entry.at, entry.body.effect) for entry in stage.journal(result) if isinstance(entry.body, EffectIntended)
    ]
    return [at for at, effect in intended if isinstance(effect, StartWorker) and effect.worker == worker]


def limited_until(stage: Stage, worker: WorkerId) -> datetime:
    """What the worker was seen to wait for."""
    states = [session.workers[worker] for session, _ in stage.seen if worker in session.workers]
    until = [state.limited_until for state in states if state.status is WorkerStatus.LIMITED]
    assert until
    assert until[-1] is not None
    return until[-1]


async def test_a_limit_with_a_time_is_waited_for_and_the_session_goes_on_by_itself(stage: Stage) -> None:
    scenario = f"""
name = "limited for two seconds"
[[turn]]
role = "implementer"
{LIMITED}
{GOES_ON}
"""
    result = await stage.run(scenario, agents=(CODEX,), auto_resume=True, limits={"resume_spread_s": 0.2})
    assert result.outcome is Outcome.DONE, result.reason
    first, second = starts(stage, result, WorkerId("codex"))
    assert second >= limited_until(stage, WorkerId("codex")) > first
    assert result.state.approvals.questions_asked == 0


async def test_all_workers_of_an_account_wait_for_the_end_of_its_limit(stage: Stage) -> None:
    """Codex meets the limit when it is asked about a milestone; for the final review another worker of it starts."""
    scenario = f"""
name = "one account"
[[turn]]
role = "implementer"
[[turn.step]]
write = {{ path = "{{target}}/hello.txt", text = "hello\\n" }}
[[turn.step]]
report = {{ type = "milestone", text = "hello.txt stands" }}
[[turn.step]]
pause_s = 0.5
[[turn.step]]
say = "hello.txt stands."
[[turn]]
agent = "codex"
review = "*-milestone"
{LIMITED}
"""
    result = await stage.run(scenario, auto_resume=True, limits={"resume_spread_s": 0.2})
    assert result.outcome is Outcome.DONE, result.reason
    [started] = starts(stage, result, WorkerId("codex"))
    assert started >= limited_until(stage, WorkerId("codex"))


async def test_a_limit_without_a_time_is_given_none_and_a_person_is_asked(stage: Stage) -> None:
    scenario = """
name = "limited, nobody knows until when"
[[turn]]
role = "implementer"
[[turn.step]]
status = 429
message = "slow down"
"""
    result = await stage.run(scenario, agents=(CODEX,))
    assert result.outcome is Outcome.NEEDS_PERSON
    codex = result.state.workers[WorkerId("codex")]
    assert (codex.status, codex.limited_until) == (WorkerStatus.LIMITED, None)
    assert "the CLI did not say until when" in result.reason


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
    assert result.state.details[CLAUDE].current.conversation_asked == claude.conversation
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


def is_at_work(stage: Stage) -> bool:
    """Whether claude has not come to its pause yet, or a reviewer has not answered."""
    said = [event for _, entry in stage.seen if isinstance(entry.body, AgentOutput) for event in entry.body.events]
    if not any(isinstance(event.payload, ToolCalled) for event in said):
        return True
    return any(review.decision is None for review in stage.seen[-1][0].assessment.reviews.values())


async def test_a_silent_worker_is_shown_with_the_evidence_looked_at_and_ended_at_its_runtime_limit(
    stage: Stage,
) -> None:
    """On a clock that goes twenty times as fast while nothing is waited for but time."""
    scenario = """
name = "hangs"
[[turn]]
role = "implementer"
[[turn.step]]
run = "sleep 60"
"""
    stage.clock = racing(20, walks=lambda: is_at_work(stage))
    policy = load_sandbox_policy("default")
    limits = replace(policy.limits, runtime_s=120.0)
    result = await stage.run(
        scenario,
        agents=(CLAUDE_CODE, CODEX),
        sandbox=replace(policy, limits=limits),
        timeout_s=None,
        limits={"silence_s": 75.0},
    )
    silent = [s.workers[CLAUDE].why for s, _ in stage.seen if s.workers[CLAUDE].status is WorkerStatus.SILENT]
    assert re.match(r"nothing written for 60 s; \d+ % CPU, [2-9] processes.*; [\d,]+ bytes read before", silent[0])
    [review] = result.state.assessment.reviews.values()
    assert (review.request.trigger, review.request.about) == (Trigger.SILENCE, CLAUDE)
    assert review.decision is not None
    assert review.decision.action is Action.CONTINUE
    assert result.outcome is Outcome.FAILED
    assert "the runtime limit of 120 s is used up" in result.reason
    assert result.state.workers[CLAUDE].exit is not None


async def hold_memory(stage: Stage, mib: int) -> SessionResult:
    """Run a worker that holds so much, where 100 MiB is its limit and the kernel's 125."""
    policy = load_sandbox_policy("open")
    limits = replace(policy.limits, memory_mib=100)
    return await stage.run_claude(
        f"""
        import time
        text("I take it all.")
        held = b"x" * ({mib} << 20)
        time.sleep(90)
        """,
        sandbox=replace(policy, limits=limits),
        limits={"max_restarts": 0},
    )


async def test_a_worker_that_holds_more_than_its_memory_is_measured_and_stopped(stage: Stage) -> None:
    result = await hold_memory(stage, 105)
    assert result.outcome is Outcome.FAILED
    assert re.search(r"it holds 1\d\d MiB, and 100 MiB is the most", result.reason)
    assert result.state.workers[CLAUDE].exit is not None


async def test_a_worker_that_takes_memory_at_once_is_killed_by_the_kernel_and_that_is_said(
    stage: Stage, not_proven: Callable[[str], NoReturn]
) -> None:
    if "memory" not in delegated() and own_group() is None:
        not_proven("no control group that bounds memory may be made here")
    result = await hold_memory(stage, 500)
    assert result.outcome is Outcome.NEEDS_PERSON
    told = "the kernel killed 1 of its processes: together they held all of their 125 MiB"
    assert told in result.state.workers[CLAUDE].why
    assert told in SessionFolder(result.folder).report_text_file.read_text()


async def test_a_cost_that_is_not_told_is_unknown_and_never_0(stage: Stage) -> None:
    result = await stage.run("plain", agents=(CODEX,))
    assert result.outcome is Outcome.DONE
    assert result.state.workers[WorkerId("codex")].usage.cost_usd is None
    report = SessionFolder(result.folder).report_text_file.read_text()
    assert ", cost unknown" in report
    assert "$0" not in report


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
