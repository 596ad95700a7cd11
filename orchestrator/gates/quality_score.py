"""The gate ``quality``: a score from 0 to 10 of what four other gates measured; docs/gates.md has the formula."""

from __future__ import annotations

from orchestrator.gates.gate import Evidence, Gate, Reading, Subject, Unmeasured

POINTS = {"lint": 3.0, "types": 3.0, "complexity": 2.0, "documentation": 2.0}
MOST_PER_THOUSAND = 20.0
"""Findings of lint or types in a thousand lines that leave no point."""
SIMPLE, TANGLED = 10.0, 30.0
"""The highest complexity that costs nothing, and the one that leaves no point."""
LEAST_LINES = 100
"""A shorter project is rated as one of this length."""


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Add the points up.  A part that was not measured leaves the whole unmeasured: a sum never changes its parts."""
    values: dict[str, float] = {}
    for name in POINTS:
        found = evidence.values.get(name)
        if not isinstance(found, Reading):
            return Unmeasured(f"{name} was not measured" + (f": {found.reason}" if found is not None else ""))
        values[name] = found.value
    lines = sum(len([line for line in subject.lines(name) if line.strip()]) for name in subject.python_files)
    thousands = max(lines, LEAST_LINES) / 1_000
    shares = {
        "lint": 1 - values["lint"] / thousands / MOST_PER_THOUSAND,
        "types": 1 - values["types"] / thousands / MOST_PER_THOUSAND,
        "complexity": (TANGLED - values["complexity"]) / (TANGLED - SIMPLE),
        "documentation": values["documentation"] / 100,
    }
    parts = {name: POINTS[name] * min(1.0, max(0.0, share)) for name, share in shares.items()}
    message = ", ".join(f"{name} {part:.1f} of {POINTS[name]:g}" for name, part in parts.items())
    return Reading(round(sum(parts.values()), 2), lines, message)


GATE = Gate(
    name="quality",
    title="Code quality",
    counts="lines",
    threshold=7.0,
    direction="at least",
    unit="of 10",
    read=read,
    source="gates",
    needs=tuple(POINTS),
    languages=("python",),
    tool="orchestrate",
)
