"""The gate ``performance``: how much of its budget of time and memory the project's own command uses."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import PROBES, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.models.quality_gates import Finding

RUNS = 3
"""The best of so many counts: what else goes on on a machine only makes a run slower."""


def plan(subject: Subject) -> Command | Unmeasured:
    """Run the command of the budget, and let a small program of ours look at the clock."""
    command = subject.budget.get("command")
    if not isinstance(command, str) or not ({"seconds", "memory_mib"} & subject.budget.keys()):
        return Unmeasured("the project states no budget ([gates.performance] in .orchestrator/settings.toml)")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_timed.py", str(RUNS), "sh", "-c", command)
    return Command(argv, shown=command, runs_project=True)


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """The share of the budget in percent: of time or of memory, whichever is larger."""
    run = evidence.run
    assert run is not None
    try:
        told: list[Any] = json.loads(run.stdout)["runs"]
        codes = [int(row["code"]) for row in told]
        seconds, memory_mib = min(float(row["seconds"]) for row in told), min(float(row["memory_mib"]) for row in told)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"the command was not timed{last_words(run.stderr)}")
    if run.code != 0:
        return Unmeasured(f"the clock ended with {run.code}{last_words(run.stderr)}")
    bad = next((code for code in codes if code), None)
    if bad is not None or len(told) != RUNS:
        return Unmeasured(f"the command ended with {bad}{last_words(run.stderr)}")
    shares = {}
    for name, value, unit in (("seconds", seconds, "s"), ("memory_mib", memory_mib, "MiB")):
        limit = subject.budget.get(name)
        if isinstance(limit, int | float):
            shares[f"{value:.2f} of {limit:g} {unit}"] = 100.0 * value / limit
    findings = tuple(Finding(text) for text, share in shares.items() if share > 100.0)
    return Reading(max(shares.values()), len(told), "; ".join(shares), findings)


GATE = Gate(
    name="performance",
    title="Performance",
    counts="runs",
    threshold=100.0,
    direction="at most",
    unit="% of the budget",
    blocking=False,
    plan=plan,
    read=read,
    tool="python",
    version_argv=(f"{TOOLS}/python", "--version"),
)
