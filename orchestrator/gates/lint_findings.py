"""The gate ``lint``: how many faults and unused names ruff finds, whatever the project asks to overlook."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.gates.gate import LIST, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import read_ruff
from orchestrator.gates.suppressions import files_left_out, in_comments, rules_left_out, section_of, table_of, words_of
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

RULES = "E4,E7,E9,F"
"""What is wrong or unused, and nothing of style.  Said outright: ruff's own defaults change (0.17 has many more)."""
_WORDS = ("ruff", "check", "--isolated", "--ignore-noqa", "--no-cache", "--select", RULES, "--output-format", "json")
_COMMENT = late_pattern(r"#\s*(?:ruff:\s*|flake8:\s*)?noqa\b[^#]*|#\s*ruff:\s*disable\b[^#]*", re.IGNORECASE)
_SETTINGS = (("pyproject.toml", ("tool", "ruff")), ("ruff.toml", ()), (".ruff.toml", ()))
_LISTS_OF_RULES = ("ignore", "extend-ignore")
_LISTS_OF_FILES = ("exclude", "extend-exclude")


def plan(subject: Subject) -> Command | Unmeasured:
    """Check every Python file, by name, so that no setting can leave one out."""
    if not subject.python_files:
        return Unmeasured("there is no Python file")
    argv = (f"{TOOLS}/ruff", *_WORDS[1:], f"@{LIST}")
    return Command(argv, subject.python_files, shown=" ".join((*_WORDS, "FILES")))


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the findings, and say which of them the project's own comments and settings would have hidden."""
    assert evidence.run is not None
    rows = read_ruff(evidence.run)
    if isinstance(rows, Unmeasured):
        return rows
    findings = tuple(Finding(row.message, row.rule, row.file, row.line) for row in rows)
    comments = in_comments(subject, ((row.file, row.comment_line or row.line, row.rule) for row in rows), _COMMENT)
    files = len(subject.python_files)
    message = f"{len(findings)} findings in {files} files"
    return Reading(float(len(findings)), files, message, findings, (*comments, *_settings(subject, findings)))


def _settings(subject: Subject, findings: Sequence[Finding]) -> Sequence[Suppression]:
    found: list[Suppression] = []
    for file, keys in _SETTINGS:
        top = table_of(subject, file, *keys)
        for table in (top, _table(top, "lint")):
            for name in _LISTS_OF_RULES:
                found += rules_left_out(file, name, words_of(table.get(name)), findings)
            for name in _LISTS_OF_FILES:
                found += files_left_out(file, name, words_of(table.get(name)), findings)
            for pattern, rules in _table(table, "per-file-ignores").items():
                name = f"per-file-ignores {pattern}"
                found += rules_left_out(file, name, words_of(rules), findings, only=str(pattern))
    for file in ("setup.cfg", "tox.ini", ".flake8"):
        section = section_of(subject, file, "flake8")
        for name in ("ignore", "extend-ignore", "extend_ignore"):
            found += rules_left_out(file, name, words_of(section.get(name)), findings)
        for name in ("exclude", "extend-exclude", "extend_exclude"):
            found += files_left_out(file, name, words_of(section.get(name)), findings)
    return found


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


GATE = Gate(
    name="lint",
    title="Lint",
    counts="files",
    threshold=0.0,
    direction="at most",
    unit="findings",
    plan=plan,
    read=read,
    languages=("python",),
    tool="ruff",
    version_argv=(f"{TOOLS}/ruff", "--version"),
)
