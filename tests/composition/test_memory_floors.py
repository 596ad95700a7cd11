from __future__ import annotations

from dataclasses import replace

from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.composition.memory_floors import below_floors, memory_limit_mib
from orchestrator.composition.template_files import built_in_templates
from orchestrator.models.agent_template import ResourceRequirements

TEAM_AGENTS = [AGENTS[name] for name in TEAM]


def test_a_limit_below_what_a_cli_needs_is_said_and_not_kept() -> None:
    small = replace(built_in_templates()["code_reviewer"], resource_requirements=ResourceRequirements(memory_mb=128))
    said = below_floors(small, TEAM_AGENTS)
    assert said is not None
    for agent in TEAM_AGENTS:
        assert agent.memory_floor_mib > 128
        assert agent.title in said
        assert memory_limit_mib(small, agent) == agent.memory_floor_mib


def test_the_built_in_templates_leave_every_cli_room() -> None:
    for template in built_in_templates().values():
        assert below_floors(template, TEAM_AGENTS) is None
        assert memory_limit_mib(template, TEAM_AGENTS[0]) == template.resource_requirements.memory_mb
