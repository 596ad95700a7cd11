"""A CLI's words about its own failure in, the kind of failure and the stated time of its end out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from orchestrator.models.events import FailureKind
from orchestrator.models.recovery import Ignore, RecoveryRule

MAX_TOOL_TEXT = 2_000
"""Characters of a tool's output that go into an event; the raw file has the whole."""

_BY_STATUS = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.BILLING,
    403: FailureKind.AUTHENTICATION,
    404: FailureKind.INVALID_REQUEST,
    408: FailureKind.NETWORK,
    413: FailureKind.CONTEXT_FULL,
    422: FailureKind.INVALID_REQUEST,
    429: FailureKind.USAGE_LIMIT,
}

# First match wins.  The words are those of the three CLIs and of the HTTP libraries under them.
_BY_WORDS: tuple[tuple[re.Pattern[str], FailureKind], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"context window|prompt is too long|request too large", FailureKind.CONTEXT_FULL),
        (r"quota|usage limit|rate.?limit|too many requests|resource.exhausted|slow down", FailureKind.USAGE_LIMIT),
        (r"credit balance|billing", FailureKind.BILLING),
        (r"not logged in|authenticat|unauthori[sz]ed|api.key|invalid auth|auth method", FailureKind.AUTHENTICATION),
        (r"overloaded|high demand|at capacity|unavailable|server.error|internal error", FailureKind.OVERLOADED),
        (
            r"fetch failed|connection|ECONN|EPIPE|ETIMEDOUT|timed out|timeout|terminated|disconnected|network|socket",
            FailureKind.NETWORK,
        ),
        (r"missing environment variable|model provider|config", FailureKind.CONFIGURATION),
        (r"not.found|invalid|selected model", FailureKind.INVALID_REQUEST),
    )
)

_STATUS = re.compile(r"(?:status:?|API Error:?|code\"?:|rejected)\s*\(?([1-5]\d\d)\b", re.IGNORECASE)
_EPOCH = re.compile(r"limit reached\|(\d{10})\b")
_DELAY = re.compile(
    r"(?:try again|retry|resets?)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|"
    r"seconds?|secs?|s)(?![a-z])[\s,and]*)+)",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([dhms])", re.IGNORECASE)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(
    r"(?P<words>try again|access resets|resets?)\s+(?:at\s+)?"
    rf"(?:(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
    r"(?:(?P<year>\d{4}),?\s+)?(?:at\s+)?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?[\s\u202f]*(?P<half>[ap])\.?m\b(?:\s*\((?P<zone>[\w+/-]{2,40})\))?",
    re.IGNORECASE,
)
"""The three CLIs' clock times, found in their code: ``try again at 6:39 AM`` (codex 0.169.0: today, in its own zone) or
``Nov 23rd, 2026 6:39 AM``; ``resets 3pm (Europe/Berlin)`` (claude 2.1.329: within 24 hours) or ``Nov 23, 3pm``;
``Access resets at 6:39 AM UTC`` (gemini 0.61.0)."""

_PERMISSION = ("permission denied", "operation not permitted", "read-only file system")


def http_status(text: str) -> int | None:
    """The HTTP status the text names, ``None`` where it names none."""
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def failure_kind(text: str, status: int | None = None) -> FailureKind:
    """Why it failed, by HTTP status first and words second."""
    if status is not None and status >= 500:
        return FailureKind.OVERLOADED
    for pattern, kind in _BY_WORDS:
        if pattern.search(text) and (status is None or kind in (FailureKind.CONTEXT_FULL, FailureKind.BILLING)):
            return kind
    return _BY_STATUS.get(status, FailureKind.INVALID_REQUEST) if status is not None else FailureKind.UNKNOWN


def resets_at(text: str, at: datetime) -> datetime | None:
    """When a limit ends, if the text says so, as a time or as a delay from now; ``None`` otherwise.

    Args:
        at: When the text was read.  A clock time without a zone is in this one's; where it is UTC, in this machine's
            (``TZ``, ``/etc/localtime``), which is the CLI's own as well.
    """
    if epoch := _EPOCH.search(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if delay := _DELAY.search(text):
        seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(delay[1]))
        return at + timedelta(seconds=seconds) if seconds < 366 * 86_400 else None
    if clock := _CLOCK.search(text):
        try:
            return _clock_time(clock, at)
        except (ValueError, OverflowError, OSError, LookupError):  # no such day, no such zone
            return None
    return None


def _clock_time(found: re.Match[str], at: datetime) -> datetime | None:
    zone: tzinfo | None = (
        ZoneInfo(found["zone"]) if found["zone"] else None if at.utcoffset() == timedelta() else at.tzinfo
    )
    here = at.astimezone(zone)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if not 1 <= hour <= 12:
        return None
    wall = here.replace(tzinfo=None, hour=hour % 12 + (12 if found["half"] in "pP" else 0), minute=minute)
    wall = wall.replace(second=0, microsecond=0)
    now = here.replace(tzinfo=None, second=0, microsecond=0)
    if found["month"] is not None:
        month = _MONTHS.index(found["month"].lower()) + 1
        wall = wall.replace(year=int(found["year"] or now.year), month=month, day=int(found["day"]))
        if found["year"] is None and wall < now:
            wall = wall.replace(year=now.year + 1)
    elif wall < now:
        if found["words"].lower() == "try again":
            return None  # it means today, and that time has passed
        wall += timedelta(days=1)
    if wall - now > timedelta(days=366):
        return None
    return (wall.astimezone() if zone is None else wall.replace(tzinfo=zone)).astimezone(UTC)


def permission_trouble(output: str) -> str | None:
    """The line of a failed tool's output in which the operating system refused something (spec 004, scenario 3)."""
    lowered = output[:100_000].lower()
    places = [place for place in map(lowered.find, _PERMISSION) if place >= 0]
    if not places:
        return None
    # Lowering may change a length (İ), so the line is looked for by its number.
    return output.split("\n")[lowered.count("\n", 0, min(places))].strip()[:500]


def known_trouble(text: str, rules: Sequence[RecoveryRule]) -> RecoveryRule | None:
    """The first rule about this line of noise that asks for something to be done."""
    for rule in rules:
        if rule.reason is None and rule.pattern.search(text):
            return None if isinstance(rule.remedy, Ignore) else rule
    return None


def shortened(text: str, limit: int = MAX_TOOL_TEXT) -> str:
    """The text, cut to so many characters with a mark where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
