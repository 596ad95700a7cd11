"""The gate ``documentation``: the share of public names that have a docstring."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.models.quality_gates import Finding


def plan(subject: Subject) -> Command | Unmeasured:
    """Parse every file of the project itself."""
    if not subject.source_files:
        return Unmeasured("there is no Python file besides tests and examples")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_docs.py", LIST)
    return Command(argv, subject.source_files, shown="orchestrate gates --only documentation")


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """The share of public names that have a docstring; a file that cannot be parsed leaves it unmeasured."""
    run = evidence.run
    assert run is not None
    try:
        told: Any = json.loads(run.stdout)
        files, names = int(told["files"]), int(told["names"])
        missing = [
            Finding(f"{what} has no docstring", "", str(name), int(line)) for name, line, what in told["missing"]
        ]
        broken = [str(text) for text in told["broken"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"the count of docstrings ended with {run.code} and cannot be read{last_words(run.stderr)}")
    if run.code != 0 or files != len(subject.source_files):
        return Unmeasured(f"only {files} of {len(subject.source_files)} files were looked at")
    if broken:
        return Unmeasured(f"{len(broken)} files cannot be parsed: {broken[0]}")
    if not names:
        return Unmeasured("there is no public name")
    documented = names - len(missing)
    return Reading(100.0 * documented / names, names, f"{documented} of {names} public names", tuple(missing))


GATE = Gate(
    name="documentation",
    title="Documentation",
    counts="public names",
    threshold=100.0,
    direction="at least",
    unit="%",
    blocking=False,
    plan=plan,
    read=read,
    languages=("python",),
    tool="python",
    version_argv=(f"{TOOLS}/python", "--version"),
)
