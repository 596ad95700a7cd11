from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.performer import is_shortage
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.entries import EffectDone, EffectIntended, SessionClosed
from orchestrator.models.identity import AgentName

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow


async def test_every_effect_is_written_down_before_and_closed_after_it_is_done(stage: Stage) -> None:
    result = await stage.run("default")
    entries = stage.journal(result)
    intended = {(e.body.id.cause, e.body.id.index): e.n for e in entries if isinstance(e.body, EffectIntended)}
    closed = {
        (effect.cause, effect.index): e.n
        for e in entries
        if not isinstance(e.body, EffectIntended) and (effect := getattr(e.body, "effect", None)) is not None
    }
    assert set(intended) == set(closed)
    assert all(intended[key] < closed[key] for key in intended)
    assert isinstance(entries[-1].body, SessionClosed)
    assert all(e.body.problem is None for e in entries if isinstance(e.body, EffectDone))


async def test_a_worker_that_cannot_be_started_is_an_outcome_and_the_rest_goes_on(stage: Stage) -> None:
    stand_ins = None

    def spoil(session: object, entry: object) -> None:
        nonlocal stand_ins
        found = stage.seen[0][0].found
        if stand_ins is None:
            stand_ins = next(agent.executable for agent in found if agent.name == "gemini")
            assert stand_ins is not None
            Path(stand_ins).unlink()

    stage.watch = spoil
    result = await stage.run("plain")
    assert set(result.state.lost) == {AgentName("gemini")}
    assert result.state.plan is not None
    assert result.state.plan.tier == 4


async def test_plan_and_reviews_are_files_a_person_can_read(stage: Stage) -> None:
    result = await stage.run("default")
    plan = json.loads((result.folder / "plan.json").read_text())
    assert [step["agent"] for step in plan["steps"]] == ["gemini", "claude", "codex"]
    review = json.loads((result.folder / "reviews" / "001-milestone.json").read_text())
    assert review["decision"]["action"] == "log_warning"
    assert {answer["verdict"] for answer in review["reviews"]} == {"approved", "concerns"}


def test_what_the_machine_was_short_of_is_told_from_what_is_not_there() -> None:
    unfit = EnvironmentUnfit("cannot start")
    unfit.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert is_shortage(unfit)
    assert is_shortage(OSError(errno.EAGAIN, "fork"))
    assert not is_shortage(FileNotFoundError(errno.ENOENT, "no such file"))
    assert not is_shortage(EnvironmentUnfit("gemini is not on PATH"))
