"""The gate ``types``: how many errors mypy finds by its own defaults, whatever comments and settings silence."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.gates.gate import LIST, PROBES, TOOLS, WORK, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.gates.suppressions import files_left_out, in_comments, rules_left_out, section_of, table_of, words_of
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

MISSING, UNTYPED = "import-not-found", "import-untyped"
_COMMENT = late_pattern(r"#\s*(?:type:\s*ignore|mypy:)[^#]*", re.IGNORECASE)
_MODULE = late_pattern(r'module named "([^"]+)"')
_INI_FILES = ("mypy.ini", ".mypy.ini", "setup.cfg")


def plan(subject: Subject) -> Command | Unmeasured:
    """Check the project, its tests and stubs, with the packages of the project's own environment."""
    if not subject.checked_files:
        return Unmeasured("there is no Python file besides examples")
    paths = _paths(subject)
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_types.py", LIST, WORK, subject.python, *paths)
    shown = f"mypy --output json --python-executable {subject.python or 'python3'} FILES"
    return Command(argv, subject.checked_files, shown=shown)


def _paths(subject: Subject) -> Sequence[str]:
    """The folders that the project says modules lie in."""
    found = [*words_of(table_of(subject, "pyproject.toml", "tool", "mypy").get("mypy_path"))]
    for file in _INI_FILES:
        found += words_of(section_of(subject, file, "mypy").get("mypy_path"))
    parts = [
        part.replace("$MYPY_CONFIG_FILE_DIR", ".").removeprefix("./") for path in found for part in path.split(":")
    ]
    return tuple(part for part in parts if part and not part.startswith(("/", "..", "$", "-")))


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the errors; where a module that the project imports is not there, nothing can be said of what uses it."""
    run = evidence.run
    assert run is not None
    try:
        lines: list[Any] = [json.loads(line) for line in run.stdout.splitlines() if line.strip()]
        first, *rows, end = lines
        renamed: Mapping[str, str] = first["renamed"]
        files, code = int(first["files"]), int(end["end"])
        findings = [_finding(row, renamed) for row in rows if row["severity"] == "error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(
            f"mypy ended with {run.code} and printed something else than its report{last_words(run.stderr)}"
        )
    if run.code != 0:
        return Unmeasured(f"the check of types ended with {run.code}{last_words(run.stderr)}")
    if files != len(subject.checked_files):
        return Unmeasured(f"mypy was given {files} of {len(subject.checked_files)} files")
    if code not in (0, 1):
        first_error = f": {findings[0].file}:{findings[0].line}: {findings[0].message}" if findings else ""
        return Unmeasured(f"mypy could not go on{first_error or last_words(run.stderr)}")
    missing = [name for name in map(_missing_module, findings) if name and not _is_own(subject, name)]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        return Unmeasured(
            f"the project imports {names[:300]}, which is not installed: install it into the project's environment, "
            "or name one with --python"
        )
    counted = [finding for finding in findings if finding.rule not in (MISSING, UNTYPED)]
    others = [finding for finding in findings if finding.rule in (MISSING, UNTYPED)]
    places = [(finding.file, finding.line, finding.rule) for finding in counted]
    hidden = (*in_comments(subject, places, _COMMENT), *_settings(subject, counted))
    shown = (*counted, *(Finding(o.message, o.rule, o.file, o.line, counted=False) for o in others))
    return Reading(float(len(counted)), files, f"{len(counted)} errors in {files} files", shown, hidden)


def _finding(row: Mapping[str, Any], renamed: Mapping[str, str]) -> Finding:
    file = str(row["file"])
    return Finding(str(row["message"]), str(row["code"] or ""), renamed.get(file, file), int(row["line"]))


def _missing_module(finding: Finding) -> str:
    match = _MODULE.search(finding.message) if finding.rule == MISSING else None
    return match[1].partition(".")[0] if match else ""


def _is_own(subject: Subject, name: str) -> bool:
    """Whether a file or folder of the project bears the name: it is found in some other way then."""
    return any(name in file.removesuffix(".py").removesuffix(".pyi").split("/") for file in subject.python_files)


def _settings(subject: Subject, findings: Sequence[Finding]) -> Sequence[Suppression]:
    table = table_of(subject, "pyproject.toml", "tool", "mypy")
    found = [
        *rules_left_out("pyproject.toml", "disable_error_code", words_of(table.get("disable_error_code")), findings),
        *files_left_out("pyproject.toml", "exclude", words_of(table.get("exclude")), findings, are_regular=True),
    ]
    if table.get("ignore_errors") is True:
        found += files_left_out("pyproject.toml", "ignore_errors, all modules", ["*"], findings)
    overrides = table.get("overrides")
    for override in overrides if isinstance(overrides, list) else []:
        if isinstance(override, dict) and override.get("ignore_errors") is True:
            found += [_of_modules("pyproject.toml", name, findings) for name in words_of(override.get("module"))]
    for file in _INI_FILES:
        section = section_of(subject, file, "mypy")
        found += rules_left_out(file, "disable_error_code", words_of(section.get("disable_error_code")), findings)
        found += files_left_out(file, "exclude", words_of(section.get("exclude")), findings, are_regular=True)
        if str(section.get("ignore_errors")).lower() == "true":
            found += files_left_out(file, "ignore_errors, all modules", ["*"], findings)
    return found


def _of_modules(file: str, pattern: str, findings: Sequence[Finding]) -> Suppression:
    hidden = 0
    for finding in findings:
        module = finding.file.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")
        hidden += fnmatch.fnmatch(module, pattern) or fnmatch.fnmatch(module, pattern.removesuffix(".*"))
    return Suppression(f"ignore_errors of {pattern}", file, None, hidden, "files")


GATE = Gate(
    name="types",
    title="Types",
    counts="files",
    threshold=0.0,
    direction="at most",
    unit="errors",
    plan=plan,
    read=read,
    languages=("python",),
    tool="mypy",
    version_argv=(f"{TOOLS}/mypy", "--version"),
)
