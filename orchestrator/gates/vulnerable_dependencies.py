"""The gate ``dependencies``: how many known vulnerabilities the packages have that the project depends on."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import LIST, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.imported_packages import plan_imports, read_imports
from orchestrator.gates.pinned_packages import pins_of, unknown_versions
from orchestrator.gates.ruff_output import last_words
from orchestrator.models.quality_gates import Finding

_WORDS = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-s", "osv")


def plan(subject: Subject) -> Command | Unmeasured:
    """Ask for the versions that are pinned, locked or installed; nothing is resolved, downloaded or run."""
    pins = pins_of(subject)
    unknown = unknown_versions(subject)
    if unknown:
        names = ", ".join(unknown[:10])
        return Unmeasured(f"the versions of {names} are not known: pin them, or make the project's environment")
    if not pins:
        return plan_imports(subject)
    rows = tuple(f"{name}=={version}" for name, versions in pins.items() for version in sorted(versions))
    where = ("--osv-url", subject.osv_url) if subject.osv_url else ()
    argv = (f"{TOOLS}/pip-audit", *_WORDS, *where, "-r", LIST)
    shown = " ".join(("pip-audit", *_WORDS, *where, "-r PINS"))
    return Command(argv, rows, cwd="work", shown=shown, needs_network=True)


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the vulnerabilities; a skipped package leaves the whole unmeasured, whatever the tool concludes."""
    run = evidence.run
    assert run is not None
    if not pins_of(subject):
        return read_imports(subject, evidence)
    try:
        rows: list[Any] = json.loads(run.stdout)["dependencies"]
        skipped = [f"{row['name']}: {row['skip_reason']}" for row in rows if "skip_reason" in row]
        audited = [row for row in rows if "skip_reason" not in row]
        findings = tuple(
            Finding(
                f"{row['name']} {row['version']}: {str(vulnerability['description'])[:200]}"
                + (f" (mended in {', '.join(vulnerability['fix_versions'])})" if vulnerability["fix_versions"] else ""),
                str(vulnerability["id"]),
            )
            for row in audited
            for vulnerability in row["vulns"]
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"pip-audit got no answer{last_words(run.stderr)}")
    wanted = sum(map(len, pins_of(subject).values()))
    if skipped:
        return Unmeasured(f"{len(skipped)} packages were passed over: {skipped[0]}")
    if len(audited) != wanted:
        return Unmeasured(f"pip-audit looked at {len(audited)} of {wanted} packages")
    if run.code != (1 if findings else 0):
        return Unmeasured(f"pip-audit ended with {run.code}, which does not go with {len(findings)} findings")
    return Reading(float(len(findings)), wanted, f"{len(findings)} in {wanted} packages", findings)


GATE = Gate(
    name="dependencies",
    title="Dependencies",
    counts="packages",
    threshold=0.0,
    direction="at most",
    unit="vulnerabilities",
    plan=plan,
    read=read,
    languages=("python",),
    tool="pip-audit",
    version_argv=(f"{TOOLS}/pip-audit", "--version"),
)
