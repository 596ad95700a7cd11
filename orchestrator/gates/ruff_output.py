"""Read what ruff prints with ``--output-format json``."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from typing import Any

from orchestrator.gates.gate import ToolRun, Unmeasured
from orchestrator.value_class import value_class


@value_class
class RuffFinding:
    """One finding of ruff."""

    rule: str
    message: str
    file: str
    line: int
    comment_line: int | None
    """The line on which a ``noqa`` for it would stand."""


UNREADABLE = "E902"
"""Ruff's own rule for a file that it could not read."""


def read_ruff(run: ToolRun) -> Sequence[RuffFinding] | Unmeasured:
    """Every finding, or why there is no telling."""
    if run.code not in (0, 1):
        return Unmeasured(f"ruff ended with {run.code}{last_words(run.stderr)}")
    try:
        rows = json.loads(run.stdout)
    except (ValueError, RecursionError):
        return Unmeasured("ruff printed something else than its report")
    if not isinstance(rows, list):
        return Unmeasured("ruff printed something else than its report")
    found = [_finding(row, run.at) for row in rows]
    whole = [finding for finding in found if finding is not None]
    if len(whole) < len(found):
        return Unmeasured("ruff's report has rows that cannot be read")
    unread = [finding.file for finding in whole if finding.rule == UNREADABLE]
    if unread:
        return Unmeasured(f"ruff could not read {unread[0]}")
    if bool(whole) != bool(run.code):
        return Unmeasured(f"ruff ended with {run.code}, which does not go with {len(whole)} findings")
    return whole


def _finding(row: Any, at: str) -> RuffFinding | None:
    match row:
        case {"code": str(rule), "message": str(message), "filename": str(file), "location": {"row": int(line)}}:
            comment = row.get("noqa_row")
            return RuffFinding(rule, message, relative(file, at), line, comment if isinstance(comment, int) else None)
    return None


def relative(file: str, at: str) -> str:
    """The name relative to the project; as it is where it lies elsewhere."""
    return posixpath.normpath(file).removeprefix(f"{at.rstrip('/')}/")


def last_words(output: bytes) -> str:
    """The last line that a tool said, to be put behind a clause."""
    said = output[-2000:].decode("utf-8", "replace").strip().splitlines()
    return f": {said[-1].strip()[:200]}" if said else ""
