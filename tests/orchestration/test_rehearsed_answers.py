from __future__ import annotations

from pathlib import Path

from orchestrator.composition.agent_nodes import strategy_node
from orchestrator.composition.template_files import built_in_templates
from orchestrator.models.agent_template import answer_schema
from orchestrator.models.plan_tree import Strategy
from orchestrator.orchestration.rehearsed_answers import sample_of, scenario_of
from orchestrator.rehearsal.scenario import load_scenario
from orchestrator.session.leaf_answers import misfit_of


def test_every_built_in_template_has_an_answer_that_fits() -> None:
    for template in built_in_templates().values():
        schema = answer_schema(template)
        assert misfit_of(sample_of(schema, template.id), schema) is None, template.id


def test_the_scenario_has_a_turn_for_each_agent_and_each_further_start_of_it(tmp_path: Path) -> None:
    plan = strategy_node(Strategy.PARALLEL, list(built_in_templates().values()))
    path = tmp_path / "s.toml"
    path.write_text(scenario_of(plan))
    scenario = load_scenario(path)
    assert {turn.worker for turn in scenario.turn} == {
        name for agent in built_in_templates() for name in (agent, f"{agent}-[0-9]*")
    }
    writers = {turn.worker for turn in scenario.turn if any(step.write for step in turn.step)}
    assert "documentation_writer" in writers
    assert "security_auditor" not in writers
