"""Read a workflow from a TOML file: a team, the gates that decide in the end, and where the report goes.

.. code-block:: toml

    description = "Two look over the login, one mends, and the gates decide."
    task = "Look over the login."
    team = "mend.toml"
    gates = ["tests", "coverage"]

    [thresholds]
    coverage = 85

    [report]
    report = "out/report.md"
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from math import isfinite
from pathlib import Path
from typing import Any, Final

from orchestrator.composition.plan_checks import check_plan
from orchestrator.composition.strategies.position import agents_of, as_run
from orchestrator.composition.team_files import TeamFile, team_from
from orchestrator.late_pattern import late_pattern
from orchestrator.models.agent_template import AgentTemplate
from orchestrator.models.plan_tree import GateNode, Strategy, StrategyNode
from orchestrator.toml_files import TomlFile, unknown_key
from orchestrator.value_class import value_class

WORKFLOW_KEYS: Final = ("name", "description", "task", "team", "plan", "gates", "thresholds", "report")
REPORT_KEYS: Final = ("report", "junit", "sarif", "code_quality", "artifacts")
BUILT_IN: Final[Mapping[str, str]] = {
    "release-prep": "Say whether a project is ready for a release.",
    "security-deep-dive": "Audit a project: tools, auditors who debate, proofs in the sandbox.",
    "test-coverage": "Raise a project's test coverage; judge written tests.",
}
"""Workflows that are commands of their own."""
_NAME: Final = late_pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_TASK_CHARS: Final = 20_000


@value_class
class WorkflowFile:
    """A workflow that somebody wrote down."""

    name: str
    path: Path
    description: str = ""
    task: str = ""
    team: TeamFile | None = None
    """``None``: gates alone."""
    gates: GateNode | None = None
    """``None``: the team's result is the workflow's."""
    report: Mapping[str, str] = field(default_factory=dict)
    """By kind, where it goes: relative to the project."""

    @property
    def plan(self) -> StrategyNode | None:
        """The team, and the gates behind it; ``None`` where there is no team."""
        if self.team is None:
            return None
        if self.gates is None:
            return self.team.plan
        return StrategyNode(Strategy.SEQUENTIAL, (self.team.plan, self.gates), title=self.name)

    @property
    def writes(self) -> bool:
        """Whether anybody in it may change the project."""
        return self.team is not None and self.team.writes


@value_class
class KnownNames:
    """What a workflow may name."""

    templates: Mapping[str, AgentTemplate]
    known_agents: Collection[str]
    known_gates: Collection[str]
    read: Callable[[Path], TomlFile]
    """Reads a file that this one names, below its own folder only."""
    find_team: Callable[[str], TeamFile | None]
    """A team by its name."""


def workflow_from(file: TomlFile, around: KnownNames) -> WorkflowFile:
    """The workflow in a file that was read.

    Raises:
        InvalidFile: It is none; with the reason, and the line where one can be named.
    """
    data = file.data
    _refuse_unknown(file, data, WORKFLOW_KEYS)
    name, description, task = data.get("name", file.path.stem), data.get("description", ""), data.get("task", "")
    if not all(isinstance(text, str) for text in (name, description, task)):
        raise file.fault("`name`, `description` and `task` are texts")
    if not _NAME.fullmatch(name):
        raise file.fault(f"{name!r:.80} is no name: letters, digits, _, . and -, at most 64", key="name")
    if name in BUILT_IN:
        raise file.fault(f"{name!r} is a workflow that is built in", key="name")
    if len(task) > _MOST_TASK_CHARS:
        raise file.fault(f"`task` has more than {_MOST_TASK_CHARS:,} characters", key="task")
    team, gates = _team(file, around), _gates(file, around.known_gates)
    if team is None and gates is None:
        raise file.fault("a workflow has a `team` (or a [plan]), or `gates`, or both")
    found = WorkflowFile(name, file.path, description.strip(), task.strip(), team, gates, _report(file))
    plan = found.plan
    if plan is not None:
        try:
            check_plan(plan)
        except ValueError as error:
            raise file.fault(str(error)) from None
    return found


def _team(file: TomlFile, around: KnownNames) -> TeamFile | None:
    given = file.data.get("team")
    if "plan" in file.data:
        if given is not None:
            raise file.fault("a workflow has a `team` or a [plan], not both", key="team")
        inner = TomlFile(file.path, file.text, {"plan": file.data["plan"]})
        return _read_team(inner, around)
    if given is None:
        return None
    if not isinstance(given, str) or not given.strip() or not given.isprintable():
        reason = f"`team` is the name of a team, or of a file below this one's folder, not {given!r:.80}"
        raise file.fault(reason, key="team")
    if "/" not in given and not given.endswith(".toml"):
        team = around.find_team(given)
        if team is None:
            raise file.fault(f"there is no team {given!r}; a file is named with its .toml", key="team")
        return team
    path = (file.path.parent / Path(given).expanduser()).resolve()
    if not path.is_relative_to(file.path.parent.resolve()):
        raise file.fault(f"`team` leads out of the folder of this file: {given}", key="team")
    if path == file.path.resolve():
        raise file.fault("a workflow cannot be its own team", key="team")
    return _read_team(around.read(path), around)


def _read_team(file: TomlFile, around: KnownNames) -> TeamFile:
    return team_from(
        file,
        templates=around.templates,
        known_agents=tuple(around.known_agents),
        known_gates=lambda: around.known_gates,
        read=around.read,
    )


def _gates(file: TomlFile, known: Collection[str]) -> GateNode | None:
    names, limits = file.data.get("gates"), file.data.get("thresholds", {})
    if not isinstance(limits, dict):
        raise file.fault("`thresholds` is a table of numbers", key="thresholds")
    if names is None:
        if limits:
            raise file.fault("`thresholds` without `gates` are of nothing", key="thresholds")
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise file.fault("`gates` is a list of names, and not empty", key="gates")
    _known(file, names, known)
    if len(set(names)) < len(names):
        raise file.fault("a gate is named twice", key="gates")
    for name, value in limits.items():
        if name not in names:
            raise file.fault(f"the threshold {name!r} is of a gate that is not measured here", key=name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise file.fault(f"`thresholds.{name}` is a number, not {value!r:.80}", key=name)
    return GateNode(tuple(names), {name: float(value) for name, value in limits.items()})


def _known(file: TomlFile, names: Collection[str], known: Collection[str]) -> None:
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        raise file.fault(f"there is no gate {wrong!r:.80}; there are {', '.join(known)}", key="gates")


def _report(file: TomlFile) -> Mapping[str, str]:
    given = file.data.get("report", {})
    if not isinstance(given, dict):
        raise file.fault("[report] is a table: report, junit, sarif, code_quality, artifacts", key="report")
    _refuse_unknown(file, given, REPORT_KEYS)
    for kind, place in given.items():
        if not isinstance(place, str) or not place.strip() or not place.isprintable():
            raise file.fault(f"`report.{kind}` is the path of a file in the project, not {place!r:.80}", key=kind)
        parts = place.split("/")
        if place.startswith(("/", "~")) or ".." in parts or ".git" in parts or ".orchestrator" in parts:
            reason = f"`report.{kind}` leads out of the project, or where nothing may be written: {place}"
            raise file.fault(reason, key=kind)
    return dict(given)


def _refuse_unknown(file: TomlFile, data: Mapping[str, Any], known: Collection[str]) -> None:
    for key in data:
        if key not in known:
            raise file.fault(unknown_key(key, tuple(known)), key=key)


def words_of(workflow: WorkflowFile) -> str:
    """Who works, who may write, and what decides."""
    parts = []
    if workflow.team is not None:
        agents = agents_of(as_run(workflow.team.plan))
        writers = [agent.id for agent in agents if agent.access == "write"]
        who = f"{', '.join(writers)} may write in the project" if writers else "nobody may write in the project"
        parts.append(f"{len(agents)} {'agent' if len(agents) == 1 else 'agents'}, {who}")
    else:
        parts.append("no agent")
    if workflow.gates is not None:
        limits = workflow.gates.thresholds
        named = [f"{name} ({limits[name]:g})" if name in limits else name for name in workflow.gates.gates]
        parts.append(f"gates: {', '.join(named)}")
    if workflow.report:
        parts.append(f"reports: {', '.join(workflow.report.values())}")
    return "; ".join(parts)
