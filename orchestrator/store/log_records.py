"""The lines of the outcome log: everything that the store knows is one of these, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from orchestrator.late_adapter import late_adapter
from orchestrator.late_pattern import late_pattern
from orchestrator.models.field_marks import BY_KIND, Bounded, Checked
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LOG_FORMAT = 1
"""Raised when an old reader would misread a new line; lines of a higher format are kept and passed over."""
MOST_COUNT: Final = 10**12
"""More uses than this nobody has counted."""
Source: TypeAlias = Literal["caller", "edit", "import"]
_ID: Final = late_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def checked_id(given: object) -> str:
    """The id, if it is one that names a file of its own and cannot lead out of the folder.

    Raises:
        ValueError: The id has another form.
    """
    if not isinstance(given, str) or not _ID.fullmatch(given) or ".." in given or given.endswith((".", ".json")):
        raise ValueError(
            f"{repr(given)[:140]} is no id of a configuration: up to 120 letters, digits, '.', '_' and '-', beginning "
            "with a letter or digit, without '..'"
        )
    return given


def _time(given: str) -> str:
    datetime.fromisoformat(given)
    return given


# A line that holds anything else is damaged, and is told of and passed over like one that is no JSON: the view that is
# made from the lines, and the files of it, need not look again.
ConfigurationId: TypeAlias = Annotated[str, Checked(checked_id)]
Time: TypeAlias = Annotated[str, Checked(_time)]
Share: TypeAlias = Annotated[float, Bounded(at_least=0, at_most=1)]
Score: TypeAlias = Annotated[float, Bounded(at_least=0, at_most=100)]
Count: TypeAlias = Annotated[int, Bounded(at_least=0, at_most=MOST_COUNT)]


@value_class
class Metrics:
    """What a caller claims of a configuration's past, or what a view shows of it."""

    success_rate: Share = 0.0
    avg_quality_score: Score = 0.0
    usage_count: Count = 0
    success_count: Count = 0
    failure_count: Count = 0


@value_class
class SessionEnded:
    """What came of a session; a later line about the same session replaces it."""

    store: str
    """The folder of the view that it belongs to."""
    configuration: ConfigurationId
    outcome: RecordedOutcome
    kind: Literal["session"] = "session"


@value_class
class CallerRecorded:
    """An outcome that a caller recorded by hand.  It counts, and is never evidence."""

    store: str
    configuration: ConfigurationId
    success: bool
    quality_score: Score
    kind: Literal["caller"] = "caller"


@value_class
class ConfigurationSaved:
    """What a configuration is: who saved it, and what it claims of its past."""

    store: str
    configuration: ConfigurationId
    task_pattern: str
    agents: tuple[Mapping[str, Any], ...]
    strategy: str
    quality_gates: Mapping[str, Any]
    tags: tuple[str, ...]
    created_at: Time
    """ISO 8601, as the caller had it: with or without a time zone."""
    source: Source = "caller"
    last_used: Time | None = None
    """When it was used last, where the caller says so."""
    claimed: Metrics | None = None
    """What it is to have done before any outcome of this log; ``None``: as was claimed before."""
    kind: Literal["saved"] = "saved"


@value_class
class ConfigurationDeleted:
    """A configuration was deleted, with all that was known of it."""

    store: str
    configuration: ConfigurationId
    kind: Literal["deleted"] = "deleted"


@value_class
class CountsImported:
    """What others say of a composition.  It counts nothing here until the composition has won here."""

    store: str
    configuration: ConfigurationId
    pattern: str
    team: str
    members: tuple[Mapping[str, str], ...]
    """Role, agent and version of each."""
    successes: int
    failures: int
    unknown: int
    kind: Literal["imported"] = "imported"


@value_class
class LessonForgotten:
    """A person has struck a lesson; it is never shown again."""

    store: str
    lesson: str
    """Its id."""
    kind: Literal["lesson_forgotten"] = "lesson_forgotten"


LogBody: TypeAlias = Annotated[
    SessionEnded | CallerRecorded | ConfigurationSaved | ConfigurationDeleted | CountsImported | LessonForgotten,
    BY_KIND,
]


@value_class
class LogRecord:
    """One line of ``outcomes.jsonl``."""

    at: datetime
    """By the clock of whoever wrote it; the order of the lines is what counts."""
    body: LogBody
    format: int = field(default=LOG_FORMAT)


LOG_RECORD: TypeAdapter[LogRecord] = late_adapter(LogRecord)
"""Reads and writes one line; write with ``exclude_none=True``."""
