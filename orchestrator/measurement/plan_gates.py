"""Measure the gates that stand in a session's own plan, on the target as it lies now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from orchestrator.coordinator.project_files import stated_in
from orchestrator.coordinator.session_request import GateMeasurer
from orchestrator.gates.gate import Gate, Subject
from orchestrator.gates.gate_table import all_gates
from orchestrator.gates.gate_verdicts import Counted, Rules
from orchestrator.gates.unrun_tests import selection_of
from orchestrator.measurement.gate_run import GateRequest, measure
from orchestrator.measurement.project_tree import settings_of
from orchestrator.models.options import SessionOptions
from orchestrator.models.plan_tree import GateNode, MeasuredGate
from orchestrator.models.quality_gates import GateState, QualityGate
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.rehearsal.installing import default_cache
from orchestrator.settings.gate_settings import GateSettings
from orchestrator.settings.settings_files import load_settings

_SCALES: Final[Mapping[str, float]] = {"%": 100.0, "of 10": 10.0}
"""By unit, where the scale of a gate ends; only there a margin has a meaning."""


@dataclass(slots=True)
class PlanGates:
    """What gates are measured by in one session.  It is made when the session begins: nothing that an agent writes
    later changes what grades it."""

    sandbox: SandboxConfig
    environ: Mapping[str, str]
    cache: Path
    """The user's cache folder for this program."""
    settings: GateSettings = field(default_factory=GateSettings)
    stated: tuple[str, ...] = ()
    """The commands that the project states as its tests."""
    python: Path | None = None
    selection: tuple[str, ...] | None = None
    """What the project's settings had its runner leave out when the session began."""
    original: Path | None = None
    """The session's own target: an agent may work on a copy of it."""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the session's agents began to work."""
    within_s: float = 300.0
    margin: int = 0
    """So much more is asked of gates that have a least value, in percent of their scale."""
    counted: dict[str, Counted] = field(default_factory=dict)
    """The most that each gate counted so far: who deletes half of the tests has no value any more."""

    async def measure(self, node: GateNode, target: Path) -> tuple[MeasuredGate, ...]:
        """Each gate of the node, in its order.  What cannot be measured is an answer, and never an exception."""
        known, problems = all_gates()
        chosen = tuple(known[name] for name in node.gates if name in known)
        have = {gate.name for gate in chosen}
        report = await measure(
            GateRequest(
                target=target,
                gates=chosen,
                others=tuple(known[name] for gate in chosen for name in gate.needs if name not in have),
                sandbox=self.sandbox,
                environ=self.environ,
                cache=self.cache,
                rules=Rules(thresholds=tightened(node.thresholds, chosen, self.margin), baseline=dict(self.counted)),
                python=self.python,
                stated=self.stated,
                settings=self.settings,
                notes=problems,
                selection=self.selection,
                since=self.since,
                original=self.original,
                within_s=self.within_s,
            ),
            lambda _: None,
        )
        found = {gate.name: gate for gate in report.gates}
        for gate in report.gates:
            self._remember(gate)
        return tuple(_told(name, found.get(name)) for name in node.gates)

    def _remember(self, gate: QualityGate) -> None:
        before = self.counted.get(gate.name)
        if gate.actual is not None and gate.counted and (before is None or before.number < gate.counted):
            self.counted[gate.name] = Counted(gate.counted, gate.counts)


def gates_of_session(
    options: SessionOptions, environ: Mapping[str, str], *, since: datetime | None = None
) -> GateMeasurer:
    """What measures the gates of one session's plan, with the settings that the session obeys.  Blocks.

    Args:
        since: When a session that is resumed began.

    Raises:
        UsageError: The settings are written wrongly.
    """
    project = (options.source or options.target) if options.project_settings else None
    return PlanGates(
        options.sandbox,
        environ,
        default_cache(),
        selection=selection_of(Subject(settings=settings_of(options.target)[0])),
        original=options.target,
        since=since or datetime.now(UTC),
        settings=load_settings(project).gates,
        margin=options.gate_margin,
        stated=stated_in(project) if project is not None else (),
    ).measure


def tightened(thresholds: Mapping[str, float], gates: Sequence[Gate], margin: int) -> Mapping[str, float]:
    """The thresholds, higher by a share of the scale where a gate has a least value and its scale an end.

    Args:
        thresholds: By gate, what is stated; a gate that is not named has its own.
        margin: In percent of the scale.
    """
    if not margin:
        return thresholds
    found = dict(thresholds)
    for gate in gates:
        most = _SCALES.get(gate.unit)
        if gate.direction == "at least" and most is not None:
            stated = thresholds.get(gate.name, gate.threshold)
            found[gate.name] = max(stated, min(most, stated + most * margin / 100))
    return found


def _told(name: str, gate: QualityGate | None) -> MeasuredGate:
    if gate is None:
        return MeasuredGate(name, GateState.NOT_MEASURED, message="there is no gate of this name")
    return MeasuredGate(
        *(name, gate.state, gate.actual, gate.threshold, gate.direction, gate.message),
        *(gate.tool, gate.version, gate.command, gate.duration_s, gate.tree),
    )
