"""The table of all gates: our own, and those that other packages name in the group ``orchestrate.gates``."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.gates import (
    branch_coverage,
    complexity,
    documented_names,
    go_coverage,
    go_findings,
    javascript_coverage,
    javascript_findings,
    leaked_secrets,
    licences,
    line_coverage,
    lint_findings,
    passing_tests,
    performance,
    quality_score,
    rust_findings,
    security_findings,
    type_errors,
    typescript_errors,
    vulnerable_dependencies,
    vulnerable_modules,
)
from orchestrator.gates.gate import Gate

GROUP = "orchestrate.gates"
"""In the ``pyproject.toml`` of such a package: ``[project.entry-points."orchestrate.gates"]``, then
``spelling = "my_gates.spelling:GATE"``."""

OWN: tuple[Gate, ...] = (
    passing_tests.GATE,
    line_coverage.GATE,
    branch_coverage.GATE,
    lint_findings.GATE,
    type_errors.GATE,
    complexity.GATE,
    documented_names.GATE,
    security_findings.GATE,
    leaked_secrets.GATE,
    vulnerable_dependencies.GATE,
    licences.GATE,
    javascript_coverage.GATE,
    javascript_findings.GATE,
    typescript_errors.GATE,
    go_coverage.GATE,
    go_findings.GATE,
    rust_findings.GATE,
    vulnerable_modules.GATE,
    performance.GATE,
    quality_score.GATE,
)
"""In the order in which they are shown."""


def all_gates() -> tuple[Mapping[str, Gate], tuple[str, ...]]:
    """Every gate by its name, and what is wrong with gates of other packages, which are left out then."""
    # Only whoever measures pays for the look through the installed packages.
    from importlib.metadata import entry_points

    gates = {gate.name: gate for gate in OWN}
    problems: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found = point.load()
        except Exception as error:  # it is other people's code
            problems.append(f"the gate {point.name} ({point.value}) cannot be loaded: {type(error).__name__}: {error}")
            continue
        if not isinstance(found, Gate):
            problems.append(f"the gate {point.name} ({point.value}) is no orchestrator.gates.gate.Gate")
        elif found.name in gates:
            problems.append(f"the gate {point.name} ({point.value}) bears the name of another: {found.name}")
        else:
            gates[found.name] = found
    return gates, tuple(problems)
