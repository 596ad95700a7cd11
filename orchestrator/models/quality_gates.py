"""These models hold what gates measured of a project: a value, where it came from, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field, model_validator

from orchestrator.models.gate_states import Direction as Direction
from orchestrator.models.gate_states import GateState as GateState
from orchestrator.value_class import value_class

Confidence = Literal["high", "medium", "low"]
FailOn = Literal["fail", "unmeasured", "warning", "never"]


@value_class
class Finding:
    """One thing that a tool found in a project."""

    message: str
    rule: str = ""
    file: str = ""
    """Relative to the project; empty where it belongs to no file."""
    line: int | None = None
    """1-based."""
    severity: Literal["high", "medium", "low", ""] = ""
    """Empty where the tool knows no severities."""
    counted: bool = True
    """Whether it is part of the gate's value; the others are shown for reading only."""


@value_class
class Suppression:
    """One place where the project asks that something be overlooked.  No gate obeys it."""

    asks: str
    """The comment or the setting, as it stands there."""
    file: str
    line: int | None = None
    hides: int = 0
    """How many of the counted findings it would have hidden."""
    what: str = ""
    """What these are, for people."""


@value_class
class ObeyedSettings:
    """The settings of project and user that the gates obeyed; a later run may take them from here."""

    allowed_licences: tuple[str, ...] = ()
    budget: Mapping[str, float | str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    """The project's tests, as it states them."""
    selection: tuple[str, ...] | None = None
    """What its settings have its runner leave out; ``None``: it was not told."""


class QualityGate(BaseModel):
    """One gate, measured or not."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    state: GateState
    actual: float | None = None
    """The value; ``None`` where nothing was measured."""
    threshold: float
    direction: Direction
    """Whether the value has to reach the threshold, or must not exceed it."""
    unit: str = ""
    blocking: bool = True
    """Whether a gate that does not pass keeps the whole from passing."""
    blocks: bool = False
    """Whether it does so here, by all that was asked for."""
    message: str = ""
    """One clause that says why, for people."""
    counted: int | None = None
    """How many of what the gate counts there were; never 0 where it is measured."""
    counts: str = ""
    """What it counts: files, tests, statements."""
    tool: str = ""
    version: str = ""
    command: str = ""
    """Measures the same again, in the project's folder."""
    duration_s: float | None = None
    tree: str = ""
    """The hash of the tree that was measured."""
    findings: tuple[Finding, ...] = ()
    """The first of them."""
    findings_total: int = 0
    suppressions: tuple[Suppression, ...] = ()

    @computed_field  # type: ignore[prop-decorator]  # pydantic writes it into the document so
    @property
    def passed(self) -> bool:
        return self.state is GateState.PASS

    @model_validator(mode="before")
    @classmethod
    def _agrees_with_itself(cls, given: Any) -> Any:
        """Reads back what this model wrote; a document whose ``passed`` is not what its ``state`` says is none."""
        if not isinstance(given, dict) or "passed" not in given:
            return given
        if given["passed"] is not (given.get("state") == GateState.PASS):
            raise ValueError(f"passed is {given['passed']!r}, and state is {given.get('state')!r}")
        return {name: value for name, value in given.items() if name != "passed"}


class GateReport(BaseModel):
    """Every requested gate, and the conclusion from all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    path: str
    tree: str
    """A hash over the names, modes and contents of the project's files; see docs/gates.md."""
    files: int
    """How many files it was taken of."""
    approved: bool
    confidence: Confidence
    gates: tuple[QualityGate, ...]
    blockers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What else a reader should know: a weaker sandbox, an interpreter that was chosen."""
    started: str = ""
    """ISO 8601, UTC."""
    duration_s: float = 0.0
    obeyed: ObeyedSettings | None = None
    """``None``: it is not said."""
