"""Read in a task whether it asks for a workflow that is a command, and for nothing else.

A workflow measures and has tests written; whoever asks for anything besides is better served by a team.  So a task has
to be the request as a whole: each row of the table is held against all of it.
"""

from __future__ import annotations

from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

_PROJECT: Final = r"(?:project|repo|repository|package|library|code ?base|code|app|application)"
_THIS: Final = rf"(?:(?:this|the|our|my|your) )?(?:whole )?{_PROJECT}"
_VERSION: Final = r"v?\d+(?:\.\d+)*(?:[-.]?(?:rc|a|b|alpha|beta|dev)\.?\d*)?"
_PERCENT: Final = r"(?P<percent>\d{1,3}(?:\.\d+)?) ?(?:%|percent|per cent)"
_MOST_CHARS: Final = 200
_POLITE: Final = late_pattern(r"^(?:please,? |can you |could you |let's |now )+|[,]? please$")


@value_class
class MeantWorkflow:
    """A workflow that a task asks for."""

    name: str
    """Its command."""
    words: tuple[str, ...]
    """What the task says besides, as options of the command."""
    because: str
    """What it was read from."""

    def command(self) -> str:
        """As a person types it."""
        return " ".join(("orchestrate", self.name, *self.words))


_ROWS: Final = (
    (
        "release-prep",
        rf"(?:prepare|get ready|(?:get|make) {_THIS} ready|prepare {_THIS}) for (?:(?:the|a|our|its|next|this) )*"
        rf"(?:{_VERSION} )?release(?: (?:of )?{_VERSION})?",
    ),
    ("release-prep", rf"(?:get|make) {_THIS} release[- ]ready"),
    (
        "release-prep",
        rf"(?:(?:check|say|assess|find out|verify|tell me) (?:whether|if) {_THIS} is|is {_THIS}) ready "
        rf"(?:for (?:(?:the|a|our|its|next) )*(?:{_VERSION} )?release(?: {_VERSION})?|to be released|to ship)",
    ),
    ("release-prep", r"(?:(?:run|do|make) (?:the |a )?)?release (?:preparation|prep|readiness(?: check)?)"),
    ("release-prep", rf"(?:check|assess|validate) (?:the )?release readiness(?: of {_THIS})?"),
    (
        "test-coverage",
        r"(?:raise|boost|increase|improve|bring|get|push|lift) (?:the |our |its )?(?:unit )?"
        r"(?:test |code |line )?coverage"
        rf"(?: of {_THIS})?(?: up)? (?:to|above|over) (?:at least )?{_PERCENT}(?: or (?:more|better|higher))?",
    ),
    (
        "test-coverage",
        r"(?:raise|boost|increase|improve|lift) (?:the |our |its )?(?:unit )?"
        rf"(?:test|code|line)[ -]coverage(?: of {_THIS})?",
    ),
    ("test-coverage", rf"(?:reach|achieve) (?:at least )?{_PERCENT} (?:unit )?(?:test |code |line )?coverage"),
    (
        "security-deep-dive",
        rf"(?:(?:run|do|make|perform) (?:a |the )?)?(?:full )?security deep[- ]dive(?: (?:of|into|on) {_THIS})?",
    ),
    ("security-deep-dive", rf"(?:do |make )?a? ?deep[- ]dive into (?:the )?security of {_THIS}"),
)
_TABLE: Final = tuple((name, late_pattern(pattern)) for name, pattern in _ROWS)
"""In order; the first that fits the whole task."""


def workflow_meant(task: str) -> MeantWorkflow | None:
    """The workflow that a task asks for, or ``None`` where it asks for anything else or besides."""
    if len(task) > _MOST_CHARS:
        return None
    text = " ".join(task.lower().replace("\u2019", "'").split()).rstrip(".!? ")
    text = _POLITE.sub("", text).strip()
    for name, pattern in _TABLE:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        percent = match.groupdict().get("percent")
        if percent is not None and float(percent) > 100:
            return None
        words = ("--target", percent) if percent is not None else ()
        return MeantWorkflow(name, words, f'it asks for a workflow ("{" ".join(task.split())}")')
    return None
