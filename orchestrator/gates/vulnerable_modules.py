"""The gate ``modules``: known vulnerabilities of the Go modules, crates and npm packages that a project depends on."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.locked_modules import LANGUAGES, modules_of
from orchestrator.gates.ruff_output import last_words
from orchestrator.models.quality_gates import Finding

SERVICE = "https://api.osv.dev/v1/query"
MOST_MODULES = 2_000


def plan(subject: Subject) -> Command | Reading | Unmeasured:
    """Ask OSV for every version that is locked; a project whose manifests ask for nothing depends on nothing."""
    rows, manifests, problem = modules_of(subject)
    if problem or not manifests:
        return Unmeasured(problem or "the project has no manifest of Go, Rust or JavaScript")
    if not rows:
        return Reading(0.0, manifests, f"{manifests} manifests ask for no module", counts="manifests")
    if len(rows) > MOST_MODULES:
        return Unmeasured(f"there are {len(rows)} modules, and {MOST_MODULES} are asked for at most")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_osv.py", LIST, subject.osv_url or SERVICE)
    listed = tuple("\t".join(row) for row in rows)
    return Command(argv, listed, cwd="work", shown="orchestrate gates --only modules", needs_network=True)


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the vulnerabilities; a module that could not be asked about leaves the whole unmeasured."""
    run = evidence.run
    assert run is not None
    rows, _, _ = modules_of(subject)
    try:
        told: list[Any] = json.loads(run.stdout)["asked"]
        asked = [(str(row[0]), str(row[1]), str(row[2])) for row in told]
        findings = tuple(
            Finding(f"{name} {version}: {text}", str(number))
            for _, name, version, found in told
            for number, text in found
        )
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return Unmeasured(f"OSV gave no answer{last_words(run.stderr)}")
    if run.code != 0 or tuple(asked) != rows:
        return Unmeasured(f"OSV was asked for {len(asked)} of {len(rows)} modules")
    return Reading(float(len(findings)), len(rows), f"{len(findings)} in {len(rows)} modules", findings)


GATE = Gate(
    name="modules",
    title="Modules",
    counts="modules",
    threshold=0.0,
    direction="at most",
    unit="vulnerabilities",
    plan=plan,
    read=read,
    languages=LANGUAGES,
    tool="python",
    version_argv=(f"{TOOLS}/python", "--version"),
)
