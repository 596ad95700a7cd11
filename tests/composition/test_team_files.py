"""Teams in TOML: what is read, and what is refused, with the line and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.composition.team_files import TeamFile, included_reader, team_from
from orchestrator.composition.template_files import built_in_templates
from orchestrator.errors import InvalidFile
from orchestrator.models.plan_tree import AgentNode, GateNode, Strategy, StrategyNode, Tier
from orchestrator.toml_files import TomlFile, parse_toml

AGENT = 'id = "a"\ninstructions = "Look."\n'
INLINE = '{ id = "a", instructions = "Look." }'


def read(texts: dict[str, str]) -> TeamFile:
    """The team in ``team.toml`` of a folder that holds these files."""
    folder = Path("/teams")

    def load(path: Path) -> TomlFile:
        if path.name not in texts:
            raise InvalidFile(path, "there is no such team")
        return parse_toml(path, texts[path.name].encode())

    inside = included_reader(folder, load)
    path = folder / "team.toml"
    return team_from(
        load(path),
        templates=built_in_templates(),
        known_agents=("claude", "codex"),
        known_gates=lambda: ("tests", "coverage"),
        read=inside,
    )


def plan(text: str) -> TeamFile:
    return read({"team.toml": f"[plan]\n{text}"})


def test_a_tree_of_strategies_agents_and_gates_is_read() -> None:
    team = read(
        {
            "team.toml": """
description = "Look, mend, measure."
[plan]
strategy = "sequential"
[[plan.children]]
strategy = "parallel"
aggregator = "consensus"
children = [{ template = "security_auditor", agent = "codex" }, { template = "security_auditor" }]
[[plan.children]]
id = "mender"
access = "write"
instructions = "Mend it."
limits = { timeout_s = 60, max_tokens = 500 }
[[plan.children]]
gates = ["tests"]
thresholds = { tests = 0 }
"""
        }
    )
    assert (team.name, team.description, team.writes) == ("team", "Look, mend, measure.", True)
    side, mender, gates = team.plan.children
    assert isinstance(side, StrategyNode)
    assert side.strategy is Strategy.PARALLEL
    first, second = side.children
    assert isinstance(first, AgentNode)
    assert isinstance(second, AgentNode)
    assert (first.id, second.id) == ("security_auditor", "security_auditor-2"), "a second one has a number"
    assert (first.agent, first.tier, first.template) == ("codex", Tier.PREMIUM, "security_auditor")
    assert first.answer_schema is not None
    assert "summary" in first.answer_schema["properties"]
    assert isinstance(mender, AgentNode)
    assert (mender.access, mender.limits.timeout_s, mender.limits.max_tokens) == ("write", 60.0, 500)
    assert isinstance(gates, GateNode)


def test_one_agent_alone_is_a_team() -> None:
    team = plan(AGENT)
    assert [child.id for child in team.plan.children if isinstance(child, AgentNode)] == ["a"]


def test_another_file_may_be_included() -> None:
    team = read(
        {
            "team.toml": '[plan]\nstrategy = "sequential"\nchildren = [{ include = "look.toml" }]',
            "look.toml": f"[plan]\n{AGENT}",
        }
    )
    assert [child.id for child in team.plan.children if isinstance(child, AgentNode)] == ["a"]


BAD = {
    "no plan": ("x = 1", "there is no key 'x'"),
    "a misspelt key of a strategy": ('[plan]\nstrategy = "parallel"\nchilds = []', "did you mean 'children'"),
    "a misspelt key of an agent": (f"[plan]\n{AGENT}acces = 'write'", "did you mean 'access'"),
    "an unknown strategy": ('[plan]\nstrategy = "fork"', "there is no strategy 'fork'; there are sequential"),
    "no children": ('[plan]\nstrategy = "parallel"\nchildren = []', "needs at least one"),
    "children that are no tables": ('[plan]\nstrategy = "parallel"\nchildren = ["a"]', "is a table, not 'a'"),
    "an unknown template": ('[plan]\ntemplate = "../x"', "no template '../x'; there are test_coverage_analyzer"),
    "nothing": ("[plan]\ntitle = 'x'", "an agent has a `template`, or an `id`"),
    "no instructions": ("[plan]\nid = 'a'", "instructions must be a non-empty string"),
    "a placeholder in instructions": ("[plan]\nid = 'a'\ninstructions = '{{ task }}'", "'{{'"),
    "an id with a slash": ("[plan]\nid = '../x'\ninstructions = 'x'", "id"),
    "an id that every session has": ("[plan]\nid = 'checks'\ninstructions = 'x'", "every session may have"),
    "an id of a reviewer": ("[plan]\nid = 'review-001-codex'\ninstructions = 'x'", "every session may have"),
    "an unknown CLI": (f"[plan]\n{AGENT}agent = 'clude'", "unknown agent 'clude'; there are claude, codex"),
    "an unknown tier": (f"[plan]\n{AGENT}tier = 'BEST'", "tier must be one of CAPABLE"),
    "access of another kind": (f"[plan]\n{AGENT}access = 'all'", "`access` is read or write"),
    "a template that may only read": ("[plan]\ntemplate = 'security_auditor'\naccess = 'write'", "may only read"),
    "a limit that is no number": (
        f"[plan]\n{AGENT}limits = {{ timeout_s = 'long' }}",
        "`limits.timeout_s` is a number",
    ),
    "a limit below nothing": (f"[plan]\n{AGENT}limits = {{ timeout_s = -1 }}", "above 0"),
    "an unknown limit": (f"[plan]\n{AGENT}limits = {{ time = 1 }}", "there is no key 'time'"),
    "teaching with three": (
        "[plan]\nstrategy = 'teaching'\nchildren = ["
        + ", ".join(f"{{ id = '{each}', instructions = 'x' }}" for each in "abc")
        + "]",
        "exactly 2 agents",
    ),
    "refinement with one": (
        "[plan]\nstrategy = 'refinement'\nchildren = [{ id = 'a', instructions = 'x' }]",
        "at least 2 agents",
    ),
    "adaptive with one": (
        "[plan]\nstrategy = 'adaptive'\nchildren = [{ id = 'a', instructions = 'x' }]",
        "at least 2 agents",
    ),
    "one id twice": (
        "[plan]\nstrategy = 'parallel'\n"
        "children = [{ id = 'a', instructions = 'x' }, { id = 'a', instructions = 'y' }]",
        "'a' is there more than once",
    ),
    "an include of itself": ("[plan]\nstrategy = 'parallel'\nchildren = [{ include = 'team.toml' }]", "include itself"),
    "an include that is not there": (
        "[plan]\nstrategy = 'parallel'\nchildren = [{ include = 'none.toml' }]",
        "there is no such team",
    ),
    "an include from elsewhere": (
        "[plan]\nstrategy = 'parallel'\nchildren = [{ include = '/etc/passwd' }]",
        "reads only below",
    ),
    "an include with more beside it": (
        "[plan]\nstrategy = 'parallel'\nchildren = [{ include = 'b.toml', id = 'a' }]",
        "there is no key 'id'",
    ),
    "the name of a built-in team": (f"name = 'solo'\n[plan]\n{AGENT}", "the name of a built-in team"),
    "gates that are no list": ("[plan]\ngates = 'tests'", "`gates` is a list of names"),
    "a gate nobody has": (
        f"[plan]\nstrategy = 'sequential'\nchildren = [{INLINE}, {{ gates = ['tsts'] }}]",
        "there is no gate 'tsts'; there are tests, coverage",
    ),
    "a gate nobody has, behind a strategy": (
        f"[plan]\nstrategy = 'repeat'\ngate = {{ gates = ['tests', 'lnt'] }}\nchildren = [{INLINE}]",
        "there is no gate 'lnt'",
    ),
    "a gate twice": (
        f"[plan]\nstrategy = 'sequential'\nchildren = [{INLINE}, {{ gates = ['tests', 'tests'] }}]",
        "a gate is named twice",
    ),
    "an id that is a path": ("[plan]\nid = '../x'\ninstructions = 'Look.'", "that begins with a letter, not '../x'"),
    "gates alone": ("[plan]\ngates = ['tests']", "needs at least one"),
    "rounds that are no number": (
        "[plan]\nstrategy = 'debate'\nrounds = true\nchildren = [{ id = 'a', instructions = 'x' }]",
        "`rounds` is a number",
    ),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_what_is_no_team_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidFile) as refused:
        read({"team.toml": text})
    assert reason in str(refused.value)


def test_two_files_that_include_each_other_are_refused() -> None:
    other = "[plan]\nstrategy = 'parallel'\nchildren = [{ include = 'team.toml' }]"
    with pytest.raises(InvalidFile, match=r"team\.toml includes b\.toml includes team\.toml"):
        read({"team.toml": "[plan]\nstrategy = 'parallel'\nchildren = [{ include = 'b.toml' }]", "b.toml": other})


def test_ten_thousand_nodes_are_refused_before_they_are_all_built() -> None:
    agents = ", ".join(f"{{ id = 'a{number}', instructions = 'x' }}" for number in range(10_000))
    with pytest.raises(InvalidFile, match="at most 256 nodes"):
        plan(f"strategy = 'parallel'\nchildren = [{agents}]")


def test_includes_that_double_at_each_level_are_refused_by_their_number() -> None:
    files = {f"f{n}.toml": twice(f"f{n + 1}.toml") for n in range(11)}
    files |= {"f11.toml": f"[plan]\n{AGENT}", "team.toml": twice("f0.toml")}
    with pytest.raises(InvalidFile, match="at most"):
        read(files)


def twice(name: str) -> str:
    return f"[plan]\nstrategy = 'parallel'\nchildren = [{{ include = '{name}' }}, {{ include = '{name}' }}]"


def test_a_tree_that_is_too_deep_is_refused() -> None:
    inner = "{ id = 'a', instructions = 'x' }"
    for _ in range(20):
        inner = f"{{ strategy = 'sequential', children = [{inner}] }}"
    with pytest.raises(InvalidFile, match="levels deep"):
        plan(f"strategy = 'sequential'\nchildren = [{inner}]")
