"""The gate ``security``: how many findings of high severity bandit has; the others are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words, relative
from orchestrator.gates.suppressions import files_left_out, in_comments, rules_left_out, section_of, table_of, words_of
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

_WORDS = ("-f", "json", "--ignore-nosec", "-q", "--exit-zero")
_COMMENT = late_pattern(r"#\s*nosec\b[^#]*", re.IGNORECASE)
_Severity = Literal["high", "medium", "low"]
_SEVERITIES: dict[str, _Severity] = {"HIGH": "high", "MEDIUM": "medium", "LOW": "low"}


def plan(subject: Subject) -> Command | Unmeasured:
    """Look through every Python file, tests included: each of them may be imported."""
    files = tuple(name for name in subject.python_files if name.endswith(".py"))
    if not files:
        return Unmeasured("there is no Python file")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_listed.py", "bandit", LIST, *_WORDS)
    return Command(argv, files, shown=f"bandit {' '.join(_WORDS)} FILES")


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count those of high severity; a file that bandit could not read leaves the whole unmeasured."""
    run = evidence.run
    assert run is not None
    if run.code != 0:
        return Unmeasured(f"bandit ended with {run.code}{last_words(run.stderr)}")
    try:
        told: Any = json.loads(run.stdout)
        errors = [f"{relative(str(row['filename']), run.at)}: {row['reason']}" for row in told["errors"]]
        looked_at = set(told["metrics"]) - {"_totals"}
        rows = [(_finding(row, run.at), [int(line) for line in row["line_range"]]) for row in told["results"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured("bandit printed something else than its report")
    if errors:
        return Unmeasured(f"bandit could not look at {errors[0]}")
    wanted = sum(name.endswith(".py") for name in subject.python_files)
    if len(looked_at) != wanted:
        return Unmeasured(f"bandit looked at {len(looked_at)} of {wanted} files")
    findings = tuple(finding for finding, _ in rows)
    places = [(finding.file, line, finding.rule) for finding, lines in rows if finding.counted for line in lines]
    by_severity = [sum(finding.severity == word for finding in findings) for word in _SEVERITIES.values()]
    message = "{} high, {} medium, {} low".format(*by_severity)
    hidden = (*in_comments(subject, places, _COMMENT), *_settings(subject, findings))
    return Reading(float(by_severity[0]), wanted, message, findings, hidden)


def _finding(row: Any, at: str) -> Finding:
    severity = _SEVERITIES[row["issue_severity"]]
    return Finding(
        str(row["issue_text"]),
        str(row["test_id"]),
        relative(str(row["filename"]), at),
        int(row["line_number"]),
        severity,
        counted=severity == "high",
    )


def _settings(subject: Subject, findings: Sequence[Finding]) -> Sequence[Suppression]:
    table = table_of(subject, "pyproject.toml", "tool", "bandit")
    section = section_of(subject, ".bandit", "bandit")
    return [
        *rules_left_out("pyproject.toml", "tool.bandit.skips", words_of(table.get("skips")), findings),
        *files_left_out("pyproject.toml", "tool.bandit.exclude_dirs", words_of(table.get("exclude_dirs")), findings),
        *rules_left_out(".bandit", "skips", words_of(section.get("skips")), findings),
        *files_left_out(".bandit", "exclude", words_of(section.get("exclude")), findings),
    ]


GATE = Gate(
    name="security",
    title="Security",
    counts="files",
    threshold=0.0,
    direction="at most",
    unit="of high severity",
    plan=plan,
    read=read,
    languages=("python",),
    tool="bandit",
    version_argv=(f"{TOOLS}/bandit", "--version"),
)
