"""The gate ``javascript-coverage``: the share of lines that the tests run, by what V8 itself wrote of every process."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import LIST, PROBES, RECORDS, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.line_coverage import ranges
from orchestrator.gates.ruff_output import last_words
from orchestrator.models.quality_gates import Finding

TYPED = (".ts", ".mts", ".cts", ".tsx", ".jsx")
"""Endings of what most projects compile before it runs."""


def plan(subject: Subject) -> Command | Unmeasured:
    """Count over every file of the project itself."""
    sources = subject.sources.get("javascript", ())
    if not sources:
        return Unmeasured("nothing of the project is written in JavaScript")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_v8.py", LIST, RECORDS)
    return Command(argv, sources, shown="NODE_V8_COVERAGE=FOLDER, and the tests")


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """The share of statements that ran; what was compiled first has other lines than its file, and is not measured."""
    run = evidence.run
    assert run is not None
    sources = subject.sources.get("javascript", ())
    try:
        told: Any = json.loads(run.stdout)
        records, odd = int(told["records"]), [str(name) for name in told["odd"]]
        files = {
            str(name): (int(row["lines"]), [int(line) for line in row["missing"]], bool(row["read"]))
            for name, row in told["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unmeasured(f"the record of what ran cannot be read{last_words(run.stderr)}")
    if run.code != 0 or set(files) != set(sources):
        return Unmeasured(f"only {len(files)} of {len(sources)} files were looked at")
    if not records:
        return Unmeasured("the tests left no record of what ran: none of them started Node")
    if odd:
        return Unmeasured(f"{odd[0]} ran from another text than the file's: it was compiled before")
    unread = [name for name, (_, _, was_read) in files.items() if not was_read and name.endswith(TYPED)]
    if unread:
        return Unmeasured(f"{unread[0]} ran in no process under its own name: it was compiled before, or never ran")
    if not any(was_read for _, _, was_read in files.values()):
        return Unmeasured("the tests ran nothing of the project itself")
    lines = sum(count for count, _, _ in files.values())
    covered = lines - sum(len(missing) for _, missing, _ in files.values())
    findings = tuple(
        Finding(
            f"{len(missing)} of {count} lines did not run: {ranges(missing)}{'' if was_read else ' (never read)'}",
            *("", name, missing[0]),
        )
        for name, (count, missing, was_read) in files.items()
        if missing
    )
    return Reading(100.0 * covered / max(lines, 1), lines, f"{covered} of {lines} lines", findings)


GATE = Gate(
    name="javascript-coverage",
    title="JavaScript test coverage",
    counts="lines",
    threshold=80.0,
    direction="at least",
    unit="%",
    plan=plan,
    read=read,
    source="coverage",
    languages=("javascript",),
    tool="node",
    version_argv=("node", "--version"),
)
