"""The gate ``complexity``: the highest cyclomatic complexity of any function of the project."""

from __future__ import annotations

import re

from orchestrator.gates.gate import LIST, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import read_ruff
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding

SHOWN_ABOVE = 10
"""A function up to this is simple, and not worth a line."""
_WORDS = ("check", "--isolated", "--ignore-noqa", "--no-cache", "--select", "C901", "--output-format", "json")
_MESSAGE = late_pattern(r"`(?P<name>.*)` is too complex \((?P<value>\d+) > 0\)", re.DOTALL)


def plan(subject: Subject) -> Command | Unmeasured:
    """Let ruff call every function too complex, so that it names the figure of each."""
    if not subject.source_files:
        return Unmeasured("there is no Python file besides tests and examples")
    words = (*_WORDS, "--config", "lint.mccabe.max-complexity=0")
    return Command((f"{TOOLS}/ruff", *words, f"@{LIST}"), subject.source_files, shown=f"ruff {' '.join(words)} FILES")


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Take the highest, and name those that are not simple."""
    assert evidence.run is not None
    rows = read_ruff(evidence.run)
    if isinstance(rows, Unmeasured):
        return rows
    found: list[tuple[int, Finding]] = []
    for row in rows:
        match = _MESSAGE.fullmatch(row.message)
        if row.rule != "C901" or match is None:
            return Unmeasured(f"{row.file}:{row.line}: {row.message}")
        value = int(match["value"])
        found.append((value, Finding(f"{match['name']} has {value}", row.rule, row.file, row.line)))
    if not found:
        return Unmeasured("there is no function")
    found.sort(key=lambda pair: (-pair[0], pair[1].file, pair[1].line or 0))
    highest = found[0][0]
    shown = tuple(finding for value, finding in found if value > SHOWN_ABOVE or value == highest)
    return Reading(float(highest), len(found), f"the highest of {len(found)} functions is {highest}", shown)


GATE = Gate(
    name="complexity",
    title="Complexity",
    counts="functions",
    threshold=15.0,
    direction="at most",
    unit="paths",
    plan=plan,
    read=read,
    languages=("python",),
    tool="ruff",
    version_argv=(f"{TOOLS}/ruff", "--version"),
)
