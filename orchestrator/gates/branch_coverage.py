"""The gate ``branches``: the share of the project's branches that its tests take."""

from __future__ import annotations

from orchestrator.gates.gate import TOOLS, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.line_coverage import read_files
from orchestrator.models.quality_gates import Finding


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """The share of branches that were taken, over every file of the project itself."""
    files = read_files(subject, evidence)
    if isinstance(files, Unmeasured):
        return files
    branches = sum(file.branches for file in files)
    if not branches:
        return Unmeasured("there is no branch")
    taken = branches - sum(file.missing_branches for file in files)
    findings = tuple(
        Finding(f"{file.missing_branches} of {file.branches} branches were not taken", "", file.name)
        for file in sorted(files, key=lambda file: -file.missing_branches)
        if file.missing_branches
    )
    return Reading(100.0 * taken / branches, branches, f"{taken} of {branches} branches", findings)


GATE = Gate(
    name="branches",
    title="Branch coverage",
    counts="branches",
    threshold=70.0,
    direction="at least",
    unit="%",
    read=read,
    source="coverage",
    languages=("python",),
    tool="coverage",
    version_argv=(f"{TOOLS}/coverage", "--version"),
)
