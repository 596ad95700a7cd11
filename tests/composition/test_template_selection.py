from __future__ import annotations

from itertools import product

import pytest

from orchestrator.composition.domains import Domain
from orchestrator.composition.pattern_rules import LEAST_AGENTS, CompositionPattern
from orchestrator.composition.task_analysis import CAPABILITIES, analyse_task
from orchestrator.composition.template_files import built_in_templates
from orchestrator.composition.template_selection import (
    MAKES_THE_CHANGE,
    choose_templates,
    compose_team,
    cost_in_units,
    longest_s,
)

LIBRARY = built_in_templates()
TASKS = (
    *("Prepare for v3.12.0 release", "Boost test coverage to 90%", "Improve code quality and performance"),
    *("Fix the SQL injection in login", "Document the public API", "Refactor the parser", "Build an ETL pipeline"),
    *("Migrate the importer to the new platform", "Make the start faster", "Redesign the architecture"),
)
QUESTIONS = ("Why is the importer slow?", "Analyze codebase for issues", "Review the security of the login")


def test_each_capability_leads_to_who_has_it_and_nobody_is_taken_twice() -> None:
    chosen = choose_templates(Domain.TESTING, [*CAPABILITIES[Domain.TESTING], "code_review"], LIBRARY)
    assert [each.template.id for each in chosen] == ["test_coverage_analyzer", "code_reviewer"]
    assert chosen[0].because == "it can analyze_gaps, suggest_tests, validate_coverage"


@pytest.mark.parametrize(("capabilities", "said"), [(["fly"], "nobody can fly"), ([], "no capability is asked for")])
def test_a_capability_that_nobody_has_is_told_with_what_is_there(capabilities: list[str], said: str) -> None:
    with pytest.raises(ValueError, match="No agents available for domain 'testing'") as refused:
        choose_templates(Domain.TESTING, capabilities, LIBRARY)
    assert said in str(refused.value)
    assert "security_auditor" in str(refused.value)
    with pytest.raises(ValueError, match="No agents available"):
        choose_templates(Domain.TESTING, ["code_review"], {})


@pytest.mark.parametrize("task", TASKS)
def test_a_change_has_somebody_who_can_make_it(task: str) -> None:
    team = compose_team(analyse_task(task), LIBRARY)
    agents = [each.template for each in team.agents]
    assert len(agents) >= LEAST_AGENTS.get(team.rule.pattern, 1)
    assert len({agent.id for agent in agents}) == len(agents)
    if team.rule.pattern in (CompositionPattern.TEACHING, CompositionPattern.REFINEMENT):
        assert {agent.access for agent in agents} == {"write"}
    elif team.rule.pattern is CompositionPattern.ADAPTIVE:
        assert [agent.access for agent in agents] == ["read", *["write"] * (len(agents) - 1)]
    assert "write" in {agent.access for agent in agents}
    for agent in agents:
        if agent.access == "write" and LIBRARY[agent.id].access == "read":
            assert agent.default_instructions.endswith(MAKES_THE_CHANGE)


@pytest.mark.parametrize("task", QUESTIONS)
def test_nobody_writes_where_an_answer_is_asked_for(task: str) -> None:
    assert {each.template.access for each in compose_team(analyse_task(task), LIBRARY).agents} == {"read"}


def test_a_caller_may_say_what_it_takes() -> None:
    team = compose_team(analyse_task("Fix it"), LIBRARY, capabilities=["profile_code"])
    assert [each.template.id for each in team.agents] == ["performance_optimizer"]


def test_cost_and_time_follow_tier_and_pattern() -> None:
    agents = [LIBRARY["documentation_writer"], LIBRARY["code_reviewer"], LIBRARY["security_auditor"]]
    assert cost_in_units(agents) == 14.0
    times = [agent.resource_requirements.timeout_seconds for agent in agents]
    for pattern, expected in product(CompositionPattern, (sum(times),)):
        side_by_side = pattern in (CompositionPattern.PARALLEL, CompositionPattern.DEBATE)
        assert longest_s(agents, pattern) == (max(times) if side_by_side else expected)
    assert longest_s([], CompositionPattern.PARALLEL) == 0
