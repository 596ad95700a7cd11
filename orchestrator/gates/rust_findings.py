"""The gate ``rust-clippy``: how many findings Clippy has, errors of the compiler among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orchestrator.gates.gate import (
    HOME,
    LIST,
    PROBES,
    TOOLS,
    WORK,
    Command,
    Evidence,
    Gate,
    Reading,
    Subject,
    Unmeasured,
)
from orchestrator.gates.ruff_output import last_words
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

_ALLOWED = late_pattern(r"#\s*!?\s*\[[^\]]*\b(?:allow|expect)\s*\((?P<lints>[^)]*)\)[^\]]*\]")
_SETTING = late_pattern(r"""^\s*(?P<lint>[\w-]+)\s*=\s*(?:\{[^}]*level\s*=\s*)?['"]allow['"]""")


def plan(subject: Subject) -> Command | Unmeasured:
    """Check a copy of each workspace in which nothing is allowed."""
    roots = subject.roots.get("rust", ())
    if not roots:
        return Unmeasured("nothing of the project is written in Rust")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_rust.py", LIST, WORK)
    shown = "cargo clippy --workspace --all-targets --offline -- -W clippy::all"
    return Command(argv, roots, env={"HOME": HOME}, shown=shown, runs_project=True)


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count warnings and errors that lie in a file, each once, whichever target showed it."""
    run = evidence.run
    assert run is not None
    roots = subject.roots.get("rust", ())
    try:
        rows: list[Any] = json.loads(run.stdout)["rows"]
        read_rows = [_of_folder(row) for row in rows]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return Unmeasured(f"cargo clippy ended with {run.code}, and cannot be read{last_words(run.stderr)}")
    if run.code != 0 or tuple(row["folder"] for row in rows) != roots:
        return Unmeasured(f"only {len(rows)} of {len(roots)} folders were looked at")
    for row, (_, _, is_whole) in zip(rows, read_rows, strict=True):
        if not is_whole:
            return Unmeasured(f"cargo clippy ended with {row['code']}{last_words(row['err'].encode())}")
    findings = [finding for found, _, _ in read_rows for finding in found]
    targets = sum(number for _, number, _ in read_rows)
    message = f"{len(findings)} findings in {targets} targets"
    return Reading(float(len(findings)), targets, message, tuple(findings), tuple(_suppressions(subject, findings)))


def _of_folder(row: Any) -> tuple[Sequence[Finding], int, bool]:
    """Findings, the number of targets, and whether it was gone through to the end."""
    messages = [json.loads(line) for line in row["out"].splitlines() if line.startswith("{")]
    found: dict[tuple[str, int, str, str], Finding] = {}
    targets, failed = set[str](), set[str]()
    for message in messages:
        if message["reason"] == "compiler-artifact" and "/copy-" in message["manifest_path"]:
            targets.add(f"{message['manifest_path']} {message['target']['kind']} {message['target']['name']}")
        if message["reason"] != "compiler-message" or message["message"]["level"] not in ("warning", "error"):
            continue
        said = message["message"]
        spans = [span for span in said["spans"] if span["is_primary"]] or said["spans"]
        if not spans:
            continue
        failed.add(f"{message['manifest_path']} {message['target']['kind']} {message['target']['name']}")
        rule = (said["code"] or {}).get("code", said["level"])
        name, line = str(spans[0]["file_name"]), int(spans[0]["line_start"])
        place = f"{row['folder']}/{name}" if row["folder"] else name
        found.setdefault((place, line, rule, said["message"]), Finding(said["message"], rule, place, line))
    ends = [bool(message["success"]) for message in messages if message["reason"] == "build-finished"]
    is_whole = len(ends) == 1 and (ends[0] if row["code"] == 0 else not ends[0] and bool(found))
    return tuple(found.values()), len(targets | failed), is_whole


def _suppressions(subject: Subject, findings: Sequence[Finding]) -> Sequence[Suppression]:
    """Each attribute that allows a lint, with the findings of that lint in its file, and each setting that does."""
    entries = []
    for root in subject.roots.get("rust", ()):
        manifest = f"{root}/Cargo.toml" if root else "Cargo.toml"
        for number, line in enumerate(subject.lines(manifest), 1):
            if (match := _SETTING.match(line)) is not None:
                lint = match["lint"].replace("-", "_")
                hides = sum(_is_of(finding.rule.removeprefix("clippy::"), [lint]) for finding in findings)
                entries.append(Suppression(line.strip()[:160], manifest, number, hides, lint))
    for name in sorted({finding.file for finding in findings}):
        for number, line in enumerate(subject.lines(name), 1):
            for match in _ALLOWED.finditer(line):
                lints = [lint.strip() for lint in match["lints"].split(",") if "=" not in lint]
                hides = sum(finding.file == name and _is_of(finding.rule, lints) for finding in findings)
                entries.append(Suppression(match[0][:160], name, number, hides, ", ".join(lints)))
    return entries


def _is_of(rule: str, lints: Sequence[str]) -> bool:
    groups = {"warnings", "clippy::all"} if rule.startswith("clippy::") else {"warnings", "unused"}
    return rule in lints or bool(groups & set(lints))


GATE = Gate(
    name="rust-clippy",
    title="Rust findings",
    counts="targets",
    threshold=0.0,
    direction="at most",
    unit="findings",
    plan=plan,
    read=read,
    languages=("rust",),
    tool="cargo clippy",
    version_argv=("cargo", "clippy", "--version"),
)
