"""An agent reads a task beside the tables; what it says is a proposal, quoted and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.composition.domains import Domain
from orchestrator.composition.plan_checks import check_plan
from orchestrator.errors import OrchestrateError
from orchestrator.models.identity import AgentName
from orchestrator.orchestration.proposed_reading import propose_reading, reading_plan
from orchestrator.session.leaf_answers import misfit_of

CLAUDE = AgentName("claude")
ANSWER = {
    "outcome": "change",
    "complexity": "simple",
    "domain": "security",
    "capabilities": ["code_review", "code_review", "threat_modeling"],
    "parallelizable": False,
    "pattern": "sequential",
    "why": "login.py\nhas \x1b[31mthe check",
    "summary": "A change.",
    "confidence": 0.9,
}


def scenario(tmp_path: Path, answer: object) -> Path:
    path = tmp_path / "reading.toml"
    said = json.dumps(json.dumps(answer))
    path.write_text(
        f'name = "reading"\nabout = "one answer"\n[[turn]]\nworker = "task_reader"\n[[turn.step]]\nsay = {said}\n'
    )
    return path


def test_the_agent_may_only_read_and_its_answer_has_a_form() -> None:
    plan = reading_plan(CLAUDE)
    check_plan(plan)
    (node,) = plan.children
    assert node.kind == "agent"
    assert (node.access, node.agent) == ("read", CLAUDE)
    assert node.answer_schema is not None
    assert misfit_of(ANSWER, node.answer_schema) is None
    assert set(node.answer_schema["properties"]["domain"]["enum"]) == {str(domain) for domain in Domain}
    assert misfit_of({**ANSWER, "outcome": "maybe"}, node.answer_schema) is not None


@pytest.mark.slow
async def test_what_an_agent_says_of_a_task_is_taken_as_a_proposal(tmp_path: Path) -> None:
    context = {"path": str(tmp_path), "workspace": str(tmp_path / "w"), "stand_ins": True}
    said = await propose_reading("Fix the login", CLAUDE, {**context, "rehearse": str(scenario(tmp_path, ANSWER))})
    assert (said.outcome, said.domain, said.complexity) == ("change", "security", "simple")
    assert said.capabilities == ("code_review", "threat_modeling")
    assert said.why == "login.py has \x1b[31mthe check"
    assert (tmp_path / "w" / said.session / "journal.jsonl").is_file()


@pytest.mark.slow
async def test_an_answer_of_another_form_is_no_proposal(tmp_path: Path) -> None:
    context = {"path": str(tmp_path), "workspace": str(tmp_path / "w"), "stand_ins": True}
    wrong = {**ANSWER, "pattern": "heroic"}
    with pytest.raises(OrchestrateError, match="claude did not read the task") as refused:
        await propose_reading("Fix it", CLAUDE, {**context, "rehearse": str(scenario(tmp_path, wrong))})
    assert "orchestrate show" in (refused.value.hint or "")
