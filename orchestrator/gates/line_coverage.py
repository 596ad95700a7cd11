"""The gate ``coverage``: the share of the project's statements that its tests run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.gates.gate import TOOLS, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.gates.suppressions import files_left_out, section_of, table_of, words_of
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression
from orchestrator.value_class import value_class

MOST_RANGES = 8
_COMMENT = late_pattern(r"#\s*pragma:\s*no\s*(?:cover|branch)[^#]*", re.IGNORECASE)
_INI_FILES = (".coveragerc", "setup.cfg", "tox.ini")


@value_class
class FileCoverage:
    """What ran of one file."""

    name: str
    statements: int
    missing: tuple[int, ...]
    """Lines of statements that did not run."""
    branches: int
    missing_branches: int
    excluded: tuple[int, ...]
    """Those of them that comments of the project would leave out."""
    imported: bool
    """Whether anything of it ran at all."""


def read_files(subject: Subject, evidence: Evidence) -> Sequence[FileCoverage] | Unmeasured:
    """What ran of each file, or why there is no telling; the gate of branches reads the same."""
    run = evidence.run
    assert run is not None
    if run.code != 0:
        return Unmeasured(f"the record of what ran cannot be read{last_words(run.stderr)}")
    try:
        told: Any = json.loads(run.stdout)
        records, broken = int(told["records"]), [str(text) for text in told["broken"]]
        files = [_file(str(name), row) for name, row in told["files"].items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unmeasured("the record of what ran cannot be read")
    if broken:
        return Unmeasured(f"{len(broken)} files cannot be read: {broken[0]}")
    if not records:
        return Unmeasured("the tests left no record of what ran")
    if {file.name for file in files} != set(subject.source_files):
        return Unmeasured(f"only {len(files)} of {len(subject.source_files)} files were looked at")
    if not any(file.imported for file in files):
        return Unmeasured("the tests ran nothing of the project itself")
    return files


def _file(name: str, row: Mapping[str, Any]) -> FileCoverage:
    missing, excluded = tuple(map(int, row["missing"])), tuple(map(int, row["excluded"]))
    figures = (int(row["branches"]), int(row["missing_branches"]))
    return FileCoverage(name, int(row["statements"]), missing, *figures, excluded, bool(row["imported"]))


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """The share of statements that ran, over every file of the project itself, whether the tests import it or not."""
    files = read_files(subject, evidence)
    if isinstance(files, Unmeasured):
        return files
    statements = sum(file.statements for file in files)
    if not statements:
        return Unmeasured("there is no statement")
    covered = statements - sum(len(file.missing) for file in files)
    untested = sum(1 for file in files if file.statements and not file.imported)
    findings = tuple(_finding(file) for file in sorted(files, key=lambda file: -len(file.missing)) if file.missing)
    message = f"{covered} of {statements} statements" + (f"; nothing imports {untested} files" if untested else "")
    hidden = (*_comments(subject, files), *_settings(subject, findings))
    return Reading(100.0 * covered / statements, statements, message, findings, hidden)


def _finding(file: FileCoverage) -> Finding:
    never = "" if file.imported else " (never imported)"
    text = f"{len(file.missing)} of {file.statements} statements did not run: {ranges(file.missing)}{never}"
    return Finding(text, "", file.name, file.missing[0])


def ranges(lines: Sequence[int]) -> str:
    """``3-9, 12``; the first few."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in found[:MOST_RANGES]]
    return ", ".join(shown) + (", …" if len(found) > MOST_RANGES else "")


def _comments(subject: Subject, files: Sequence[FileCoverage]) -> Sequence[Suppression]:
    """Each comment with the missing lines from it up to the next one."""
    entries: list[Suppression] = []
    for file in files:
        if not file.excluded:
            continue
        marks = [
            (number, match[0].strip())
            for number, text in enumerate(subject.lines(file.name), 1)
            if (match := _COMMENT.search(text)) is not None
        ]
        for at, (number, text) in enumerate(marks):
            following = marks[at + 1][0] if at + 1 < len(marks) else float("inf")
            hides = sum(number <= line < following for line in file.excluded)
            entries.append(Suppression(text, file.name, number, hides, "statements"))
    return entries


def _settings(subject: Subject, findings: Sequence[Finding]) -> Sequence[Suppression]:
    found: list[Suppression] = []
    for part in ("run", "report"):
        table = table_of(subject, "pyproject.toml", "tool", "coverage", part)
        found += files_left_out("pyproject.toml", f"{part}.omit", words_of(table.get("omit")), findings)
        for file in _INI_FILES:
            name = part if file == ".coveragerc" else f"coverage:{part}"
            section = section_of(subject, file, name)
            found += files_left_out(file, f"{part}.omit", words_of(section.get("omit")), findings)
    return found


GATE = Gate(
    name="coverage",
    title="Test coverage",
    counts="statements",
    threshold=80.0,
    direction="at least",
    unit="%",
    read=read,
    source="coverage",
    languages=("python",),
    tool="coverage",
    version_argv=(f"{TOOLS}/coverage", "--version"),
)
