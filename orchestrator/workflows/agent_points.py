"""Read what agents point at: findings with a file, a line and a severity, and which of them a second vendor shares."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from orchestrator.models.plan_tree import AgentResult
from orchestrator.quotation import one_line
from orchestrator.value_class import value_class

GRAVE: Final = frozenset({"critical", "high"})
PROOFS: Final = "proofs"
"""Where an answer holds proofs of its findings, which are none themselves."""
SAME_PLACE: Final = 2
"""Two agents mean one place when their lines are at most so far apart."""
_NOT_TEXT: Final = frozenset({"file", "severity"})
_MOST: Final = 200
"""So many points of one agent are read."""


@value_class
class Point:
    """One place that an agent points at."""

    agent: str
    vendor: str
    file: str
    line: int | None
    severity: str
    text: str

    def words(self) -> str:
        """Place, severity and kind, for people."""
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        return one_line(f"{self.agent}: {self.severity or 'no severity'}: {where}: {self.text}", 300)


def points_of(results: Sequence[AgentResult]) -> tuple[Point, ...]:
    """Every place that a successful agent points at; a finding without a file is none."""
    return tuple(point for result in results if result.success for point in _of(result))


def is_there(point: Point, files: Collection[str]) -> bool:
    """Whether the project has the file: an agent that invents one points nowhere."""
    return posixpath.normpath(point.file) in files


def confirmed(points: Sequence[Point]) -> tuple[Point, ...]:
    """The grave points, one per place, at which agents of at least two vendors point."""
    found: list[Point] = []
    for point in points:
        if point.severity not in GRAVE or any(_same_place(point, other) for other in found):
            continue
        if any(
            _same_place(point, other) and point.vendor != other.vendor and other.severity in GRAVE for other in points
        ):
            found.append(point)
    return tuple(found)


def _of(result: AgentResult) -> Iterator[Point]:
    lists = [value for key, value in result.output.items() if key != PROOFS and isinstance(value, list)]
    rows = [row for value in lists for row in value]
    for row in rows[:_MOST]:
        if isinstance(row, Mapping) and isinstance(row.get("file"), str) and row["file"]:
            line = row.get("line")
            yield Point(
                agent=result.agent_id,
                vendor=result.vendor or str(result.agent or result.agent_id),
                file=row["file"].removeprefix("./"),
                line=line if isinstance(line, int) and not isinstance(line, bool) and line > 0 else None,
                severity=str(row.get("severity", "")).lower(),
                text=_text(row),
            )


def _text(row: Mapping[str, Any]) -> str:
    return "; ".join(str(value) for key, value in row.items() if isinstance(value, str) and key not in _NOT_TEXT)


def _same_place(one: Point, other: Point) -> bool:
    if one.file != other.file or one.line is None or other.line is None:
        return False
    return abs(one.line - other.line) <= SAME_PLACE
