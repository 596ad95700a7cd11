from __future__ import annotations

from orchestrator.agents.registry import AGENTS, TEAM
from orchestrator.composition.memory_floors import below_floors
from orchestrator.composition.template_files import built_in_templates

TEAM_AGENTS = [AGENTS[name] for name in TEAM]


def test_a_limit_below_what_a_cli_needs_is_said() -> None:
    said = below_floors(128, TEAM_AGENTS)
    assert said is not None
    for agent in TEAM_AGENTS:
        assert agent.memory_floor_mib > 128
        assert f"{agent.title} {agent.memory_floor_mib}" in said


def test_the_built_in_templates_leave_every_cli_room() -> None:
    for template in built_in_templates().values():
        assert below_floors(template.resource_requirements.memory_mb, TEAM_AGENTS) is None
