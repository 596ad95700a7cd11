from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.models.identity import AgentName, SessionId, WorkerId
from orchestrator.models.recorded_outcomes import TeamMember
from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.config_store import AgentConfiguration, ConfigurationStore
from orchestrator.orchestration.meta_orchestrator import (
    CompositionPattern,
    MetaOrchestrator,
    TaskComplexity,
    TaskDomain,
    TaskRequirements,
)
from orchestrator.settings.user_places import state_folder
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record
from tests.store.conftest import PASSED, outcome
from tests.store.test_estimates import session

ORCHESTRATOR = MetaOrchestrator()


def test_a_release_is_looked_at_from_four_sides_at_once() -> None:
    plan = ORCHESTRATOR.analyze_and_compose("Prepare for v3.12.0 release", {"version": "3.12.0"})
    assert {agent.id for agent in plan.agents} == {
        *("security_auditor", "test_coverage_analyzer", "code_reviewer", "documentation_writer")
    }
    assert plan.strategy is CompositionPattern.PARALLEL
    assert (plan.complexity, plan.domain) == (TaskComplexity.MODERATE, TaskDomain.GENERAL)
    assert plan.estimated_cost == 17.0
    assert plan.estimated_duration == 1200
    assert plan.quality_gates["max_critical_issues"] == 0
    assert plan.because == "its checks can be made side by side"
    assert plan.chosen_because["security_auditor"] == "it can vulnerability_scan"
    assert (plan.expected_tokens, plan.expected_cost_usd) == (None, None)


def test_after_ten_sessions_of_these_agents_tokens_and_cost_are_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    task = "Prepare for v3.12.0 release"
    plan = ORCHESTRATOR.analyze_and_compose(task, {"version": "3.12.0"})
    members = tuple(TeamMember(WorkerId(agent.id), AgentName("claude"), "reviewer") for agent in plan.agents)
    log = OutcomeLog(tmp_path / "orchestrate")
    for number in range(10):
        told = session(number, plan="01", team="change", pattern="general", members=members, cost_complete=False)
        log.append(as_record(told))
    again = ORCHESTRATOR.analyze_and_compose(task, {"version": "3.12.0"})
    assert (again.expected_tokens, again.expected_cost_usd) == ((1_100, 9_900), None)
    log.path.write_text("no line\n")
    assert ORCHESTRATOR.analyze_and_compose(task, {}).expected_tokens is None


def test_what_a_caller_asks_for_goes_before_the_templates_gates() -> None:
    plan = ORCHESTRATOR.analyze_and_compose("Boost test coverage", {"quality_gates": {"min_coverage": 95}})
    assert plan.quality_gates == {"min_coverage": 95}
    plan.agents[0].capabilities.clear()
    assert TEMPLATES["test_coverage_analyzer"].capabilities


def test_requirements_made_by_hand_are_composed_too() -> None:
    wanted = TaskRequirements(TaskComplexity.COMPLEX, TaskDomain.GENERAL, ["code_review", "profile_code"])
    plan = ORCHESTRATOR.compose_agents(wanted)
    assert [agent.id for agent in plan.agents] == ["code_reviewer", "performance_optimizer"]
    assert plan.strategy is ORCHESTRATOR.select_strategy(wanted) is CompositionPattern.ADAPTIVE
    twins = [TEMPLATES["code_reviewer"], TEMPLATES["code_reviewer"]]
    assert ORCHESTRATOR.select_strategy(wanted, twins) is CompositionPattern.DEBATE
    assert ORCHESTRATOR.select_template("threat_modeling").id == "security_auditor"


@pytest.mark.parametrize("wrong", ["", "  ", None, 3, ["Fix it"]])
def test_what_is_no_task_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="task must be a non-empty string"):
        ORCHESTRATOR.analyze_and_compose(wrong)


def test_what_nobody_can_do_is_told() -> None:
    wanted = TaskRequirements(TaskComplexity.SIMPLE, TaskDomain.TESTING, ["fly"])
    with pytest.raises(ValueError, match=r"No agents available for domain 'testing': nobody can fly"):
        ORCHESTRATOR.compose_agents(wanted)
    with pytest.raises(ValueError, match="No agents available"):
        ORCHESTRATOR.select_template("fly")
    for ask in (ORCHESTRATOR.compose_agents, ORCHESTRATOR.select_strategy):
        with pytest.raises(ValueError, match="requirements must be"):
            ask(cast(Any, {"complexity": "simple"}))


def test_a_saved_composition_is_loaded_and_one_recorded_by_hand_is_not_proven(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    saved = AgentConfiguration(
        id="comp_001",
        task_pattern="testing",
        agents=[{"role": "code_reviewer", "tier": "PREMIUM"}, {"role": "security_auditor"}],
        strategy="debate",
        quality_gates={"min_coverage": 80},
    )
    for _ in range(20):
        saved.record_outcome(success=True, quality_score=90.0)
    ConfigurationStore().save(saved)
    plan = ORCHESTRATOR.load_composition(saved)
    assert [(agent.id, agent.tier_preference) for agent in plan.agents] == [
        ("code_reviewer", "PREMIUM"),
        ("security_auditor", "PREMIUM"),
    ]
    assert (plan.strategy, plan.quality_gates) == (CompositionPattern.DEBATE, {"min_coverage": 80})
    # A caller's word proves nothing, so the task is composed anew.
    wanted = ORCHESTRATOR.task_analyzer.analyze("Boost test coverage")
    assert ORCHESTRATOR.check_proven_compositions(wanted) is None
    assert [agent.id for agent in ORCHESTRATOR.orchestrate("Boost test coverage").agents] == ["test_coverage_analyzer"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"strategy": "vote"}, "no strategy 'vote'"),
        ({"agents": [{"role": "pilot"}]}, "no template 'pilot'"),
        ({"agents": [{"role": "code_reviewer", "tier": "FAST"}]}, "no tier 'FAST'"),
        ({"agents": [{}]}, "no template None"),
        ({"agents": []}, "no agents"),
    ],
)
def test_what_cannot_be_loaded_is_told(changed: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"agents": [{"role": "code_reviewer"}], "strategy": "parallel"}
    with pytest.raises(ValueError, match=said):
        ORCHESTRATOR.load_composition(
            AgentConfiguration(id="c", task_pattern="t", quality_gates={}, **(given | changed))
        )
    with pytest.raises(ValueError, match="must be an AgentConfiguration"):
        ORCHESTRATOR.load_composition(cast(Any, {"id": "c"}))


def test_what_was_decided_and_why_is_logged_for_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="orchestrator.orchestration"):
        ORCHESTRATOR.analyze_and_compose("Fix the SQL injection in login")
    assert "task read: security" in caplog.text
    assert "security_auditor: it can vulnerability_scan" in caplog.text
    assert "parallel" in caplog.text


def test_the_names_are_found_at_the_top_and_nothing_is_loaded_for_it() -> None:
    code = (
        "import sys, orchestrator\n"
        "assert 'orchestrator.orchestration' not in sys.modules\n"
        "from orchestrator import MetaOrchestrator, get_template, CompositionPattern\n"
        "assert MetaOrchestrator is orchestrator.orchestration.meta_orchestrator.MetaOrchestrator\n"
        "assert 'get_template' in dir(orchestrator)\n"
        "every = {}\n"
        "exec('from orchestrator import *', every)\n"
        "assert every['TaskAnalyzer'] and every['TestCoverageBoostWorkflow']\n"
        "try: orchestrator.no_such_name\n"
        "except AttributeError as error: assert 'no_such_name' in str(error)\n"
        "else: raise SystemExit(1)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_proven_composition_is_proven_no_more_once_its_clis_are_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("ORCHESTRATOR_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.chdir(tmp_path)
    won = outcome(PASSED)
    members = tuple(replace(one, role="code_reviewer", version="1.0") for one in won.members)
    won = replace(won, project=str(tmp_path), pattern="testing", team="change", members=members)
    OutcomeLog(state_folder(os.environ)).append(
        *(as_record(replace(won, session=SessionId(f"s{number}"))) for number in range(12))
    )
    wanted = ORCHESTRATOR.task_analyzer.analyze("Boost test coverage")

    def found(version: str) -> object:
        folder = tmp_path / "w/20261121-175811-7f3a"
        folder.mkdir(parents=True, exist_ok=True)
        agents = [{"name": one.agent, "usable": True, "version": version} for one in members]
        (folder / "session.json").write_text(json.dumps({"opened_at": "2026-11-21", "found": agents}))
        return ORCHESTRATOR.check_proven_compositions(wanted)

    assert found("1.0") is not None
    assert found("1.1") is None
    assert found("1.0") is not None
