"""The gate ``secrets``: how many credentials of a known form stand in the project's files."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import LIST, PROBES, TOOLS, WORK, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words, relative
from orchestrator.gates.suppressions import in_comments
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding

DOUBTFUL = frozenset({"Secret Keyword", "Basic Auth Credentials"})
"""A word like ``password`` beside a text is mostly a sample; such are shown and not counted."""
_WITHOUT = ("HexHighEntropyString", "Base64HighEntropyString", "IPPublicDetector")
"""They call every hash, identifier and public address a secret."""
_FILTER = "detect_secrets.filters.allowlist.is_line_allowlisted"
_WORDS = (
    *("scan", "--all-files", "--no-verify", "--disable-filter", _FILTER),
    *(word for name in _WITHOUT for word in ("--disable-plugin", name)),
)
_COMMENT = late_pattern(r"(?:#|//|<!--|/\*|--)?\s*pragma: ?(?:allow|white)list[ -](?:nextline[ -])?secret[^#]*")


def plan(subject: Subject) -> Command | Unmeasured:
    """Look through every file of at most a MiB that is text."""
    if not subject.text_files:
        return Unmeasured("there is no file")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_secrets.py", LIST, WORK, *_WORDS)
    return Command(argv, subject.text_files, shown=f"detect-secrets {' '.join(_WORDS)} FILES")


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count those whose form is known.  The secrets themselves are in no report: the tool hashes them."""
    run = evidence.run
    assert run is not None
    if run.code != 0:
        return Unmeasured(f"detect-secrets ended with {run.code}{last_words(run.stderr)}")
    try:
        told: Any = json.loads(run.stdout)
        plugins = len(told["plugins_used"])
        looked_at, no_text = int(told["looked_at"]), int(told["no_text"])
        findings = tuple(
            Finding(
                str(row["type"]),
                file=relative(str(name), run.at),
                line=int(row["line_number"]),
                counted=str(row["type"]) not in DOUBTFUL,
            )
            for name, rows in told["results"].items()
            for row in rows
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unmeasured("detect-secrets printed something else than its report")
    if not plugins:
        return Unmeasured("detect-secrets looked for nothing")
    if looked_at + no_text != len(subject.text_files):
        return Unmeasured(f"only {looked_at + no_text} of {len(subject.text_files)} files were looked at")
    counted = [finding for finding in findings if finding.counted]
    places = [
        (found.file, line, found.message)
        for found in counted
        for line in (found.line, (found.line or 1) - 1)
        if line is not None and _speaks(subject, found, line)
    ]
    doubtful = len(findings) - len(counted)
    message = f"{len(counted)} of a known form, {doubtful} doubtful"
    if no_text:
        message += f"; {no_text} files are no text, and were not looked at"
    hidden = tuple(in_comments(subject, places, _COMMENT))
    return Reading(float(len(counted)), looked_at, message, findings, hidden)


def _speaks(subject: Subject, found: Finding, line: int) -> bool:
    """Whether a comment on the line is meant for the finding: it stands beside it, or says "nextline" above it."""
    lines = subject.lines(found.file)
    match = _COMMENT.search(lines[line - 1]) if 0 < line <= len(lines) else None
    return match is not None and ("nextline" in match[0]) == (line != found.line)


GATE = Gate(
    name="secrets",
    title="Secrets",
    counts="files",
    threshold=0.0,
    direction="at most",
    unit="secrets",
    plan=plan,
    read=read,
    tool="detect-secrets",
    version_argv=(f"{TOOLS}/detect-secrets", "--version"),
)
