"""Workflows in TOML: what is read, and what is refused, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.composition.team_files import TeamFile, included_reader
from orchestrator.composition.template_files import built_in_templates
from orchestrator.composition.workflow_files import KnownNames, WorkflowFile, words_of, workflow_from
from orchestrator.errors import InvalidFile
from orchestrator.models.plan_tree import AgentNode, GateNode, Strategy, StrategyNode
from orchestrator.toml_files import TomlFile, parse_toml

LOOK = '[plan]\nid = "a"\ninstructions = "Look."\n'
GATES = ("tests", "lint", "coverage")
NAMED = TeamFile("ours", StrategyNode(Strategy.SEQUENTIAL, (AgentNode("b", access="write"),)))


def read(texts: dict[str, str]) -> WorkflowFile:
    """The workflow in ``flow.toml`` of a folder that holds these files."""
    folder = Path("/flows")

    def load(path: Path) -> TomlFile:
        name = str(path.relative_to(folder))
        if name not in texts:
            raise InvalidFile(path, "there is no such file")
        return parse_toml(path, texts[name].encode())

    around = KnownNames(
        built_in_templates(),
        ("claude", "codex"),
        GATES,
        included_reader(folder, load),
        lambda name: NAMED if name == "ours" else None,
    )
    return workflow_from(load(folder / "flow.toml"), around)


def flow(text: str) -> WorkflowFile:
    return read({"flow.toml": text, "look.toml": LOOK, "deep/look.toml": LOOK})


def test_a_team_and_gates_are_one_plan() -> None:
    gates = 'gates = ["tests", "coverage"]\n[thresholds]\ncoverage = 85\n'
    found = flow(f'task = "Look."\nteam = "deep/look.toml"\n{gates}')

    assert found.plan is not None
    team, measured = found.plan.children
    assert isinstance(team, StrategyNode)
    assert measured == GateNode(("tests", "coverage"), {"coverage": 85.0})
    assert (found.name, found.task, found.writes) == ("flow", "Look.", False)
    assert words_of(found) == "1 agent, nobody may write in the project; gates: tests, coverage (85)"


@pytest.mark.parametrize(
    ("text", "agents", "gates"),
    [
        pytest.param('gates = ["lint"]', 0, 1, id="gates alone"),
        pytest.param('team = "look.toml"', 1, 0, id="a team alone"),
        pytest.param('team = "ours"', 1, 0, id="a team by its name"),
        pytest.param('gates = ["lint"]\n' + LOOK, 1, 1, id="its tree right here"),
    ],
)
def test_each_part_may_be_left_out(text: str, agents: int, gates: int) -> None:
    found = flow(text)
    assert (found.plan is not None, found.gates is not None) == (bool(agents), bool(gates))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a workflow has a `team`"),
        ('gates = ["lnt"]', "there is no gate 'lnt'; there are tests, lint, coverage"),
        ('team = "look.toml"\nsteps = []', "there is no key 'steps'"),
        ("gates = []", "not empty"),
        ('gates = "tests"', "`gates` is a list"),
        ('gates = ["lint", "lint"]', "named twice"),
        ('gates = ["lint"]\n[thresholds]\ncoverage = 8', "of a gate that is not measured here"),
        ('gates = ["lint"]\n[thresholds]\nlint = "no"', "`thresholds.lint` is a number"),
        ('gates = ["lint"]\n[thresholds]\nlint = nan', "is a number"),
        ('team = "look.toml"\n[thresholds]\nlint = 1', "are of nothing"),
        ('team = "look.toml"\n' + LOOK, "not both"),
        ('team = "nobody"', "there is no team 'nobody'"),
        ("team = 7", "`team` is the name of a team"),
        ('team = "../look.toml"', "leads out of the folder"),
        ('team = "/etc/look.toml"', "leads out of the folder"),
        ('team = "~/look.toml"', "leads out of the folder"),
        ('team = "flow.toml"', "cannot be its own team"),
        ('team = "none.toml"', "there is no such file"),
        ('name = "release-prep"\nteam = "look.toml"', "built in"),
        ('name = "../x"\nteam = "look.toml"', "is no name"),
        ('task = 7\nteam = "look.toml"', "are texts"),
        ('gates = ["lint"]\n[report]\nreport = "../r.md"', "leads out of the project"),
        ('gates = ["lint"]\n[report]\nreport = "/tmp/r.md"', "leads out of the project"),
        ('gates = ["lint"]\n[report]\nreport = ".git/hooks/post-commit"', "where nothing may be written"),
        ('gates = ["lint"]\n[report]\nreport = "out/./.orchestrator/x"', "where nothing may be written"),
        ('gates = ["lint"]\n[report]\nreport = ""', "is the path of a file"),
        ('gates = ["lint"]\n[report]\nhtml = "x"', "there is no key 'html'"),
        ('gates = ["lint"]\nreport = "x"', "[report] is a table"),
        (
            '[plan]\nstrategy = "sequential"\nchildren = [{ id = "a", instructions = "x" }, { gates = ["lnt"] }]',
            "'lnt'",
        ),
        (
            '[plan]\nstrategy = "repeat"\nat_most = 2\nchildren = [{ id = "a", instructions = "x" }]\n'
            'gate = { gates = ["lnt"] }',
            "no gate 'lnt'",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        flow(text)
    assert said in str(caught.value)


def test_teams_that_include_each_other_are_refused() -> None:
    one = '[plan]\nstrategy = "sequential"\nchildren = [{ include = "two.toml" }]\n'
    two = '[plan]\nstrategy = "sequential"\nchildren = [{ include = "one.toml" }]\n'
    with pytest.raises(InvalidFile, match="cannot include itself"):
        read({"flow.toml": 'team = "one.toml"', "one.toml": one, "two.toml": two})


def test_a_workflow_that_includes_itself_is_refused() -> None:
    text = '[plan]\nstrategy = "sequential"\nchildren = [{ include = "flow.toml" }]\n'
    with pytest.raises(InvalidFile, match="cannot include itself"):
        read({"flow.toml": text})
