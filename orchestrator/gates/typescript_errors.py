"""The gate ``typescript``: how many errors the project's own TypeScript has, whatever its comments silence."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.folder_runs import modules_above
from orchestrator.gates.gate import LIST, PROBES, TOOLS, WORK, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.gates.suppressions import in_comments
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

_FINDING = late_pattern(r"^(?P<file>[^\s(][^(]*)\((?P<line>\d+),\d+\): error (?P<rule>TS\d+): (?P<message>.+)$")
_GENERAL = late_pattern(r"^error (?P<rule>TS\d+): (?P<message>.+)$")
_COMMENT = late_pattern(r"(?://|/\*)\s*@ts-(?:ignore|nocheck|expect-error)\b.*")


def plan(subject: Subject) -> Command | Unmeasured:
    """Check a copy of every folder with a ``tsconfig.json``, by the TypeScript that lies in ``node_modules``."""
    roots = subject.roots.get("typescript", ())
    if not roots:
        return Unmeasured("nothing of the project is written in TypeScript")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_typescript.py", LIST, WORK)
    version = ("sh", "-c", 'cd -- "$1" && exec node_modules/.bin/tsc --version', "sh", roots[0] or ".")
    return Command(
        argv,
        roots,
        shown="tsc --noEmit",
        runs_project=True,
        lies_in=modules_above(roots),
        tool="tsc",
        version_argv=version,
    )


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the errors; of files of the project itself alone."""
    run = evidence.run
    assert run is not None
    roots = subject.roots.get("typescript", ())
    try:
        rows: list[Any] = json.loads(run.stdout)["rows"]
        told = [(str(row["folder"]), f"{row['copy']}/", int(row["code"]), str(row["out"])) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"tsc ended with {run.code}, and cannot be read{last_words(run.stderr)}")
    if run.code != 0 or tuple(folder for folder, *_ in told) != roots:
        return Unmeasured(f"only {len(told)} of {len(roots)} folders were looked at")
    files, findings, settings = 0, list[Finding](), list[Suppression]()
    for (folder, copy, code, out), row in zip(told, rows, strict=True):
        found = list[Finding]()
        for line in out.splitlines():
            files += line.startswith(copy) and "/node_modules/" not in line
            if (general := _GENERAL.match(line)) is not None:
                return Unmeasured(f"tsc: {general['message']}")
            if (match := _FINDING.match(line)) is not None:
                name = match["file"].removeprefix("./")
                place = f"{folder}/{name}" if folder else name
                found.append(Finding(match["message"], match["rule"], place, int(match["line"])))
        if (code != 0) != bool(found):
            return Unmeasured(f"tsc ended with {code}, and named {len(found)} errors{last_words(row['err'].encode())}")
        findings += found
        if row.get("is_off"):
            where = f"{folder}/tsconfig.json" if folder else "tsconfig.json"
            settings.append(Suppression('"noCheck": true', where, None, len(found), "every rule"))
    # Such a comment stands on the line before the one that it speaks for.
    places = [(found.file, (found.line or 2) - 1, found.rule) for found in findings]
    hidden = (*settings, *in_comments(subject, places, _COMMENT))
    return Reading(float(len(findings)), files, f"{len(findings)} errors in {files} files", tuple(findings), hidden)


GATE = Gate(
    name="typescript",
    title="TypeScript errors",
    counts="files",
    threshold=0.0,
    direction="at most",
    unit="errors",
    plan=plan,
    read=read,
    languages=("typescript",),
    tool="tsc",
    version_argv=("node", "--version"),
)
