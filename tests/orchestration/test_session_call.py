from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from orchestrator.composition.agent_nodes import strategy_node
from orchestrator.errors import OrchestrateError, UsageError
from orchestrator.models.plan_tree import Strategy
from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.session_call import call_session, seconds_of
from orchestrator.orchestration.session_order import SessionOrder

PLAN = strategy_node(Strategy.PARALLEL, [TEMPLATES["code_reviewer"]])


@pytest.mark.slow
async def test_why_no_session_was_begun_is_raised_as_what_it_is(tmp_path: Path) -> None:
    order = SessionOrder("Look at it", tmp_path, tmp_path / "a:b", PLAN, rehearse=True, stand_ins=True)
    with pytest.raises(UsageError, match="the workspace") as refused:
        await call_session(order, writes=False, environ=os.environ)
    assert refused.value.hint == "name another one with --workspace"


@pytest.mark.slow
async def test_a_process_that_breaks_tells_what_it_said(tmp_path: Path) -> None:
    order = SessionOrder("Look at it", tmp_path, tmp_path / "w", PLAN)
    broken = {**os.environ, "PYTHONHOME": str(tmp_path)}
    with pytest.raises(OrchestrateError, match="the session's process ended with"):
        await call_session(order, writes=True, environ=broken)


@pytest.mark.parametrize("wrong", [0, -1, True, "3", float("nan"), float("inf"), [3]])
def test_a_time_limit_is_a_number_above_0(wrong: Any) -> None:
    with pytest.raises(ValueError, match="t must be a number above 0"):
        seconds_of("t", wrong)
    assert (seconds_of("t", None), seconds_of("t", 3)) == (None, 3.0)
