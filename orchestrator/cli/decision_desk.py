"""Lay an open question out for whoever decides it: who asks and why, what was changed, and what each choice does."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from orchestrator.cli.readable_patch import PatchPart, readable_patch
from orchestrator.late_pattern import late_pattern
from orchestrator.quotation import one_line, visible_lines
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from orchestrator.coordinator.session_diff import SessionDiff
    from orchestrator.journal.folder import SessionFolder
    from orchestrator.session.open_questions import OpenQuestion
    from orchestrator.session.state import Session

WHOLE_DIFF, REVIEW_AGAIN = "d", "r"
"""What may be typed at a question's prompt beside an answer: both leave the question open."""
PATCH_LINES: Final = 12
"""Of the change that stands in a question, where nobody says how much room there is."""
MOST_LINES: Final = 20_000
"""Of a change that is shown whole."""

Part: TypeAlias = PatchPart | Literal["head", "text", "point", "choice", "effect", "note"]

_OF_A_PATCH: Final = frozenset({"file", "context", "added", "removed"})
_BEFORE_WORDS: Final = late_pattern(r"\s*(?:(?:\d+\.|-|→|[rd] )\s+)?")


@value_class
class DeskLine:
    """One line of a question, safe for a terminal."""

    part: Part
    text: str


@value_class
class DeskChange:
    """What was changed since people or reviewers looked last."""

    since: str
    """``the beginning``, or the review that saw the target last."""
    figures: str = ""
    patch: tuple[str, ...] = ()
    problem: str = ""
    """Why it cannot be shown; empty where it can."""


def desk_change(folder: SessionFolder, session: Session, question: OpenQuestion) -> DeskChange | None:
    """What was changed since the look before the one that led to the question; ``None`` for a consent.

    It takes as long as a look at the target does.
    """
    from orchestrator.coordinator.session_diff import reviewed_states, session_diff
    from orchestrator.errors import OrchestrateError

    if question.consent:
        return None
    since = "the beginning"
    try:
        seen = reviewed_states(folder, session)
        before = seen[: seen.index(question.review)] if question.review in seen else seen
        since = f"review {before[-1]}" if before else since
        return _shown(session_diff(folder, session, since=before[-1] if before else None), since)
    except (OrchestrateError, OSError, ValueError) as error:
        return DeskChange(since, problem=str(error))


def whole_change(folder: SessionFolder, session: Session, *, recent: bool = False) -> DeskChange:
    """All that the session has changed up to now.  It takes as long as a look at the target does.

    Args:
        recent: Only since reviewers saw the target last, where any has.
    """
    from orchestrator.coordinator.session_diff import reviewed_states, session_diff
    from orchestrator.errors import OrchestrateError

    since = "the beginning"
    try:
        seen = reviewed_states(folder, session) if recent else ()
        since = f"review {seen[-1]}" if seen else since
        return _shown(session_diff(folder, session, since=seen[-1] if seen else None), since)
    except (OrchestrateError, OSError, ValueError) as error:
        return DeskChange(since, problem=str(error))


def _shown(diff: SessionDiff, since: str) -> DeskChange:
    from orchestrator.narration.formatting import changed_lines

    figures = changed_lines(len(diff.files), diff.insertions, diff.deletions) if diff.files else "nothing"
    lines = visible_lines(diff.patch.content.decode("utf-8", "replace")).splitlines()
    left_out = () if diff.patch.is_whole else ("(not all of it can be shown: orchestrate diff --stat)",)
    return DeskChange(since, figures, (*lines[:MOST_LINES], *left_out))


def desk_lines(
    question: OpenQuestion, change: DeskChange | None, *, now: datetime, patch_lines: int = PATCH_LINES
) -> list[DeskLine]:
    """The question as it is put to a person, without a prompt.

    Args:
        patch_lines: How many lines of the change may stand in it; where that is not all of it, its files are named.
    """
    about = f" about {question.about}" if question.about else ""
    lines = [DeskLine("head", f"question {question.id}: {question.asked_by} asks{about}")]
    lines.append(DeskLine("text", f"  {one_line(question.text, 4000)}"))
    lines += (DeskLine("point", f"  - {one_line(point, 500)}") for point in _points(question.points))
    lines += _change_lines(change, patch_lines)
    effects = question.effects or ("",) * len(question.suggestions)
    for number, (chosen, effect) in enumerate(zip(question.suggestions, effects, strict=True), start=1):
        lines.append(DeskLine("choice", f"  {number}. {one_line(chosen, 500)}"))
        if effect:
            lines.append(DeskLine("effect", f"     → {one_line(effect, 500)}"))
    if question.until is not None:
        left = max(int((question.until - now).total_seconds()), 0)
        when = f"{question.until.astimezone():%H:%M:%S}"
        lines.append(DeskLine("note", f"  without an answer it is refused at {when}, in {left // 60}:{left % 60:02}"))
    return lines


def _points(points: Iterable[str]) -> list[str]:
    """The reviewers' points; one that several made is said once, with the names of all."""
    said_by: dict[str, list[str]] = {}
    for point in points:
        who, found, words = point.partition("): ")
        said_by.setdefault(words if found else point, []).extend([f"{who})"] * bool(found))
    return [f"{', '.join(who)}: {words}" if who else words for words, who in said_by.items()]


def wrapped(line: DeskLine, width: int) -> list[str]:
    """The line in as many as it takes, further ones below its words; a line of a patch stays whole."""
    if line.part in _OF_A_PATCH or len(line.text) <= width:
        return [line.text]
    begin = _BEFORE_WORDS.match(line.text)
    hanging = " " * (begin.end() if begin is not None and begin.end() < width // 2 else 0)
    return textwrap.wrap(line.text, width, subsequent_indent=hanging, break_on_hyphens=False) or [line.text]


def prompt_keys(question: OpenQuestion, change: DeskChange | None) -> list[DeskLine]:
    """What else may be typed where the question is put in the terminal that the session runs in."""
    lines: list[DeskLine] = []
    if question.about is not None and not question.consent:
        words = f"review again: the other agents look once more at {question.about}'s work as it stands; it stays open"
        lines.append(DeskLine("choice", f"  {REVIEW_AGAIN}  {words}"))
    if change is not None and change.patch:
        lines.append(DeskLine("choice", f"  {WHOLE_DIFF}  the whole diff since {change.since}"))
    return lines


def diff_lines(change: DeskChange) -> list[DeskLine]:
    """All of the change."""
    if change.problem:
        return list(_change_lines(change, 0))
    return [DeskLine("note", f"  changed since {change.since}: {change.figures}"), *_patch(change.patch)]


def _change_lines(change: DeskChange | None, most: int) -> Iterator[DeskLine]:
    if change is None:
        return
    if change.problem:
        yield DeskLine(
            "note", f"  what was changed since {change.since} cannot be shown: {one_line(change.problem, 300)}"
        )
        return
    shown = list(_patch(change.patch))
    is_whole = len(shown) <= most
    names = ", ".join(line.text.strip() for line in shown if line.part == "file")
    more = f": {one_line(names, 300)}" if names and not is_whole else ""
    yield DeskLine("note", f"  changed since {change.since}: {change.figures}{more}")
    yield from shown[: max(most, 0)]
    if most > 0 and not is_whole:
        yield DeskLine("note", f"    … {len(shown) - most} more lines")


def _patch(lines: Iterable[str]) -> Iterator[DeskLine]:
    return (DeskLine(part, f"    {text}") for part, text in readable_patch(lines))
