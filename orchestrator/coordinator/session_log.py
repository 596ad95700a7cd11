"""Write ``orchestrator.log``: what is noteworthy in the journal, as JSON lines to tail.  The journal is the record."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path

from orchestrator.models.entries import AgentOutput, EffectIntended, JournalEntry, Told
from orchestrator.narration.notices import Notice, Weight, notices
from orchestrator.session.state import Session

_LEVELS = {Weight.DETAIL: logging.DEBUG, Weight.NORMAL: logging.INFO, Weight.IMPORTANT: logging.INFO}
_LONGEST_TEXT = 2_000
"""Characters of one text; the journal has the whole."""


class SessionLog:
    """An observer that writes a line for every notice: the recorded kind, its plain fields, and its words for people.

    Args:
        path: Appended to, 0600.
        level: The least that is written (``ORCHESTRATOR_LOG_LEVEL``); at ``DEBUG`` every entry leaves a line.
    """

    def __init__(self, path: Path, level: str = "INFO") -> None:
        import structlog

        self._path = path
        self._least: int = getattr(logging, level)
        self._log = structlog.wrap_logger(
            self,
            wrapper_class=structlog.make_filtering_bound_logger(level),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
        )

    def msg(self, line: str) -> None:
        """Append one line; what structlog calls its logger for.  A full disk costs the remark, not the session."""
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, f"{line}\n".encode(errors="replace"))
            finally:
                os.close(descriptor)

    debug = info = warning = error = critical = msg

    def __call__(self, session: Session, entry: JournalEntry) -> None:
        is_told = False
        # Most entries are an agent's words or a sample: the loop waits for this, so they cost next to nothing.
        for notice in () if self._leaves_out(entry) else notices(entry):
            is_told = True
            level = _level(entry, notice)
            if level >= self._least:
                more = {"more": [line[:_LONGEST_TEXT] for line in notice.more]} if notice.more else {}
                about = {"worker": notice.worker, "agent": notice.agent, "said": notice.text[:_LONGEST_TEXT]}
                known = {**plain_fields(_record(entry)), **about, **more, "n": entry.n}
                self._log.log(level, notice.source, **known)
        if not is_told and self._least <= logging.DEBUG:
            self._log.debug(entry.body.kind, **{**plain_fields(_record(entry)), "n": entry.n})

    def _leaves_out(self, entry: JournalEntry) -> bool:
        return self._least > logging.DEBUG and isinstance(entry.body, AgentOutput)


def _level(entry: JournalEntry, notice: Notice) -> int:
    if isinstance(entry.body, AgentOutput):
        # What agents say all day long is in the journal and in their raw files.
        return logging.DEBUG
    return logging.WARNING if notice.kind in ("warning", "question") else _LEVELS[notice.weight]


def _record(entry: JournalEntry) -> object:
    match entry.body:
        case EffectIntended(effect=derived) | Told(fact=derived):
            return derived
        case body:
            return body


def plain_fields(record: object, depth: int = 1) -> Mapping[str, object]:
    """The figures, flags, names and lists of names of a record and of the records in it, for programs.

    Args:
        depth: How deep records in the record are looked into.
    """
    found: dict[str, object] = {}
    for each in fields(record) if is_dataclass(record) else ():
        value = getattr(record, each.name)
        if is_dataclass(value) and depth:
            found = {**plain_fields(value, depth - 1), **found}
        elif isinstance(value, str):
            found[each.name] = value[:_LONGEST_TEXT]
        elif isinstance(value, bool | int | float):
            found[each.name] = value
        elif isinstance(value, tuple) and value and all(isinstance(one, str) for one in value):
            found[each.name] = [one[:_LONGEST_TEXT] for one in value]
    # The line has names of its own for these two.
    return {name: value for name, value in found.items() if name not in ("kind", "event")}
