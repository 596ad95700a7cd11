"""A follow-up on a session that is done: by the model server's log every CLI goes on in its own conversation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import resume_session
from orchestrator.coordinator.session_request import FollowUpRequest, RehearsalRequest
from orchestrator.errors import BudgetSpent, ExitCode
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_tree import Strategy, StrategyNode
from orchestrator.rehearsal.model_server import model_server
from orchestrator.rehearsal.scenario import load_scenario
from tests.coordinator.test_teams import CLIS, Turn, agent, says, scenario_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow
NAMES = ("look", "weigh", "judge")


@pytest.mark.parametrize("stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real)])
async def test_each_cli_goes_on_in_its_own_conversation_with_what_is_new(stage: Stage, stand_ins: bool) -> None:
    stage.stand_ins = stand_ins
    plan = StrategyNode(Strategy.SEQUENTIAL, tuple(agent(n, c) for n, c in zip(NAMES, CLIS, strict=True)))
    turns: list[Turn] = [says(name, f"the {time} word of {name}") for time in ("first", "second") for name in NAMES]
    _, answer = says("look", "the first word of look")
    turns[0] = ("look", [{"report": {"type": "task", "text": "cover the empty input"}}, answer])
    path = stage.root / "scenario.toml"
    path.write_text(scenario_of(*turns))
    async with model_server(load_scenario(path)) as server:
        rehearsal = RehearsalRequest(path, stand_ins=stand_ins, server=server.url)
        ended = await stage.run("plain", plan=plan, rehearsal=rehearsal)
        assert ended.exit_code is ExitCode.DONE, ended.reason
        homes = SessionFolder(ended.folder).homes_dir
        kept = [path for path in homes.rglob("*") if path.is_file()]
        assert kept, "the conversations are kept"
        assert not [path for path in kept if path.suffix == ".toml" or path.name == "settings.json"]
        asked_before = len(server.requests)
        follow_up = FollowUpRequest("now also weigh the empty input")
        again = stage.proven(
            await resume_session(SessionFolder(ended.folder), environ=stage.environ, follow_up=follow_up)
        )
        new = list(server.requests)[asked_before:]
    assert again.exit_code is ExitCode.DONE, again.reason
    assert [item.in_words() for item in again.state.board] == ["t1 open, by look: cover the empty input"]
    first = [json.dumps(one.body) for one in list(server.requests)[:asked_before] if one.worker == "weigh"]
    assert any("t1 open, by look: cover the empty input" in one for one in first), "tasks are handed on by the board"
    result = again.state.plan_run.result
    assert result is not None
    assert [one.output["answer"] for one in result.outputs] == [f"the second word of {name}" for name in NAMES]
    assert not [warning for warning in again.state.warnings if "anew" in warning or "fresh" in warning]
    for name in NAMES:
        told = "\n".join(json.dumps(one.body) for one in new if one.worker == name)
        assert "now also weigh the empty input" in told
        assert f"the first word of {name}" in told, f"{name} knows what it said before"
    weighed = "\n".join(json.dumps(one.body) for one in new if one.worker == "weigh")
    assert "the second word of look" in weighed, "and what the one before it says now"


NOTES_WORDS = """
with open("words.txt", "a", encoding="utf-8") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


async def test_a_follow_up_has_a_budget_of_its_own_within_that_of_the_day(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    stage.variables["XDG_STATE_HOME"] = str(tmp_path / "state")
    (tmp_path / "config" / "orchestrate").mkdir(parents=True)
    settings = tmp_path / "config" / "orchestrate" / "settings.toml"
    ended = await stage.run_claude(NOTES_WORDS, max_cost_usd=5.0)
    assert ended.exit_code is ExitCode.DONE, ended.reason
    settings.write_text("[budget]\nper_day = 1.0\n")
    again = stage.proven(
        await resume_session(
            SessionFolder(ended.folder), environ=stage.environ, follow_up=FollowUpRequest("now also this")
        )
    )
    assert again.exit_code is ExitCode.DONE, again.reason
    first, second = map(json.loads, (stage.target / "words.txt").read_text().splitlines())
    assert "--resume" not in first
    assert second[second.index("--resume") + 1] == again.state.workers[WorkerId("claude")].conversation
    # The day has 0.99 left, and the 0.01 of the beginning stand beside it.
    assert again.state.options.max_cost_usd == pytest.approx(1.0)
    settings.write_text("[budget]\nper_day = 0.01\n")
    with pytest.raises(BudgetSpent):
        await resume_session(SessionFolder(ended.folder), environ=stage.environ, follow_up=FollowUpRequest("and that"))
