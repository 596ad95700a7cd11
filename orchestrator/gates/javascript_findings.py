"""The gate ``javascript-lint``: findings of ESLint where the project has it, else what Node cannot parse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.gates.folder_runs import last_line, modules_above, plan_in_folders, read_folders
from orchestrator.gates.gate import LIST, PROBES, Command, Evidence, Gate, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

ENDS = (".js", ".mjs", ".cjs")
LINTED_ENDS = (*ENDS, ".jsx")
"""What ESLint looks at besides."""
BUILT = frozenset({"dist", "build", "out", "coverage", "vendor"})
"""Folders of what tools make or others wrote; one of such a name within ``src`` holds sources."""
_COMMENT = late_pattern(r"(?://|/\*)\s*eslint-disable(?P<kind>-next-line|-line)?\b[^*]*")
_ESLINT = "node_modules/.bin/eslint"
_WORDS = ("--no-inline-config", "--no-config-lookup", "--no-warn-ignored", "--no-error-on-unmatched-pattern")
_COMMAND = (_ESLINT, *_WORDS, "--config", f"{PROBES}/orchestrate_eslint.mjs", "--format", "json", ".")


def manifest_of(subject: Subject, root: str) -> Mapping[str, Any]:
    """The ``package.json`` of a folder; empty where it cannot be read."""
    name = f"{root}/package.json" if root else "package.json"
    try:
        found = json.loads("\n".join(subject.lines(name)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def wants_eslint(subject: Subject) -> bool:
    """Whether a manifest of the project names it."""
    return any(
        isinstance(table, dict) and "eslint" in table
        for root in subject.roots.get("javascript", ())
        for table in map(manifest_of(subject, root).get, ("devDependencies", "dependencies"))
    )


def plan(subject: Subject) -> Command | Unmeasured:
    """ESLint by its own recommended rules in every folder, or Node over every file."""
    if wants_eslint(subject):
        root = subject.roots["javascript"][0]
        version = ("sh", "-c", f'cd -- "$1" && exec {_ESLINT} --version', "sh", root or ".")
        return plan_in_folders(
            *(subject, "javascript", (_COMMAND,), {}),
            tool="eslint",
            version_argv=version,
            runs_project=True,
            lies_in=modules_above(subject.roots["javascript"]),
        )
    names = _names(subject)
    if not names:
        return Unmeasured("there is no file of JavaScript")
    argv = ("node", "--experimental-vm-modules", "--no-warnings", f"{PROBES}/orchestrate_syntax.mjs", LIST)
    return Command(argv, names, shown="node --check FILES")


def _names(subject: Subject, ends: tuple[str, ...] = ENDS) -> tuple[str, ...]:
    """The files of the project and its tests: none that a tool has made."""
    if not subject.roots.get("javascript"):
        return ()
    return tuple(name for name in subject.text_files if name.endswith(ends) and not _is_built(name))


def _is_built(name: str) -> bool:
    *folders, base = name.split("/")
    before_source = folders[: folders.index("src")] if "src" in folders else folders
    return ".min." in base or not BUILT.isdisjoint(before_source)


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the findings of ESLint or of Node."""
    assert evidence.run is not None
    found = _of_eslint(subject, evidence.run) if wants_eslint(subject) else _of_node(subject, evidence.run)
    if isinstance(found, Unmeasured):
        return found
    files, findings = found
    hidden = _suppressions(subject, findings)
    return Reading(float(len(findings)), files, f"{len(findings)} findings in {files} files", tuple(findings), hidden)


def _suppressions(subject: Subject, findings: Sequence[Finding]) -> tuple[Suppression, ...]:
    """Each comment that turns ESLint off, with the findings that it speaks for."""
    entries = []
    for name in sorted({finding.file for finding in findings}):
        for number, line in enumerate(subject.lines(name), 1):
            match = _COMMENT.search(line)
            if match is not None:
                last = {"-next-line": number + 1, "-line": number}.get(match["kind"] or "", len(subject.lines(name)))
                first = number + 1 if match["kind"] == "-next-line" else number
                spoken = [row for row in findings if row.file == name and first <= (row.line or 1) <= last]
                rules = ", ".join(dict.fromkeys(row.rule for row in spoken))
                entries.append(Suppression(match[0].strip()[:160], name, number, len(spoken), rules))
    return tuple(entries)


def _of_node(subject: Subject, run: ToolRun) -> tuple[int, Sequence[Finding]] | Unmeasured:
    try:
        told: Any = json.loads(run.stdout)
        files = int(told["files"])
        findings = [
            Finding(str(row["problem"]["message"]), "syntax", str(row["file"]), row["problem"]["line"])
            for row in told["problems"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"node ended with {run.code}, and cannot be read{last_words(run.stderr)}")
    if run.code != 0 or files != len(_names(subject)):
        return Unmeasured(f"only {files} of {len(_names(subject))} files were looked at")
    return files, findings


def _of_eslint(subject: Subject, run: ToolRun) -> tuple[int, Sequence[Finding]] | Unmeasured:
    folders = read_folders(subject, "javascript", run)
    if isinstance(folders, Unmeasured):
        return folders
    wanted = {
        name
        for name in _names(subject, LINTED_ENDS)
        if any(not root or name.startswith(f"{root}/") for root in subject.roots["javascript"])
    }
    looked_at, findings = set[str](), list[Finding]()
    for (said,) in folders:
        try:
            rows: list[Any] = json.loads(said.out)
            found = [
                Finding(str(message["message"]), str(message["ruleId"] or "syntax"), said.at(name), message.get("line"))
                for row in rows
                for name in (_relative(str(row["filePath"]), f"{run.at}/{said.folder}"),)
                for message in row["messages"]
            ]
            looked_at |= {said.at(_relative(str(row["filePath"]), f"{run.at}/{said.folder}")) for row in rows}
        except (ValueError, KeyError, TypeError, RecursionError):
            return Unmeasured(f"eslint ended with {said.code}, and cannot be read{last_line(said)}")
        if said.code != (1 if found else 0):
            return Unmeasured(f"eslint ended with {said.code}, which does not go with {len(found)} findings")
        findings += found
    passed_over = sorted(wanted - looked_at)
    if passed_over:
        return Unmeasured(f"eslint passed {len(passed_over)} of {len(wanted)} files over: {passed_over[0]}")
    return len(wanted), [found for found in findings if found.file in wanted]


def _relative(path: str, folder: str) -> str:
    return path.removeprefix(folder.rstrip("/")).lstrip("/")


GATE = Gate(
    name="javascript-lint",
    title="JavaScript findings",
    counts="files",
    threshold=0.0,
    direction="at most",
    unit="findings",
    plan=plan,
    read=read,
    languages=("javascript",),
    tool="node",
    version_argv=("node", "--version"),
)
