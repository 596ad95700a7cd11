"""Keep what a boost has proven so far in the session's folder: the tests, what was said of each, and as a patch."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from orchestrator.errors import OrchestrateError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.late_adapter import late_adapter
from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class
from orchestrator.workflows.coverage_verdicts import JudgedTest

ORDER_FILE: Final = "coverage-boost.json"
"""In the session's folder: what the boost was asked for, so that a session that is resumed is still one."""
PROVEN_FILE: Final = "proven-tests.json"
FOLDER_LINE: Final = "session folder: "
"""How the session's process begins the line that says where its folder is."""
PATCH_FILE: Final = "proven-tests.patch"
_MOST_BYTES: Final = 64 * 1024**2
_ROW: Final = late_pattern(r"[^\n]*\n|[^\n]+")


@value_class
class BoostOrder:
    """What a boost is measured by."""

    target_coverage: float
    coverage: float
    """As it was measured before anybody wrote."""
    tree: str
    digests: Mapping[str, str]
    """Of every file of the project, as it was then."""
    until: float
    """The clock's time after which no further test is judged."""
    repeats: int = 10
    mutants: int = 20
    seed: int = 1
    within_s: float = 300.0
    python: str = ""


@value_class
class ProvenTests:
    """What has been proven so far."""

    project: str
    """The folder that they are for."""
    tree: str
    """The state of it that they were proven on."""
    digests: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    """The test files, with nothing in them that was refused."""
    verdicts: tuple[JudgedTest, ...] = ()
    coverage: float = 0.0
    """With them."""
    problem: str = ""
    """Why no more could be measured."""


_ORDER: TypeAdapter[BoostOrder] = late_adapter(BoostOrder)
_PROVEN: TypeAdapter[ProvenTests] = late_adapter(ProvenTests)


def order_text(order: BoostOrder) -> str:
    """The order as JSON."""
    return _ORDER.dump_json(order).decode()


def order_from(text: str | bytes) -> BoostOrder:
    """The order in JSON."""
    return _ORDER.validate_json(text)


def order_in(session: Path) -> BoostOrder | None:
    """The order in a session's folder; ``None`` where the session is no boost.  Blocks."""
    content = ForeignFolder(session).read(ORDER_FILE, most_bytes=_MOST_BYTES)
    return None if isinstance(content, Unread) else order_from(content)


def keep_proven(session: Path, proven: ProvenTests) -> None:
    """Write what has been proven; whoever kills the session loses none of it.  Blocks."""
    write_atomically(session / PROVEN_FILE, _PROVEN.dump_json(proven).decode())
    write_atomically(session / PATCH_FILE, patch_of(proven.texts))


def proven_in(session: Path) -> ProvenTests | None:
    """What a session has proven; ``None`` where it is no boost, or has proven nothing yet.  Blocks.

    Raises:
        OrchestrateError: The file cannot be read.
    """
    content = ForeignFolder(session).read(PROVEN_FILE, most_bytes=_MOST_BYTES)
    if isinstance(content, Unread):
        if content.reason == "missing":
            return None
        raise OrchestrateError(f"what the session has proven cannot be read: {content}")
    try:
        return _PROVEN.validate_json(content)
    except ValueError as error:
        raise OrchestrateError(
            f"what the session has proven cannot be read: {session / PROVEN_FILE}: {error}"
        ) from None


def patch_of(texts: Mapping[str, str]) -> str:
    """New files as a patch that ``git apply`` and ``patch -p1`` take."""
    parts: list[str] = []
    for name, text in sorted(texts.items()):
        # Git knows no end of a line but this one.
        rows = _ROW.findall(text)
        if not rows:
            continue
        parts.append(f"diff --git a/{name} b/{name}\nnew file mode 100644\n")
        for line in difflib.unified_diff([], rows, "/dev/null", f"b/{name}"):
            parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)
