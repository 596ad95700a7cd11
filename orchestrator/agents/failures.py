"""Read a CLI's words about its own failure: of which kind it is, and when it is said to end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import Failed, FailureKind
from orchestrator.models.recovery import Ignore, RecoveryRule
from orchestrator.value_class import value_class
from orchestrator.wire.raw_records import Noise

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

_BY_CODE: Final[Mapping[str, FailureKind]] = {
    # Anthropic's error types
    "authentication_error": FailureKind.AUTHENTICATION,
    "permission_error": FailureKind.AUTHENTICATION,
    "billing_error": FailureKind.BILLING,
    "rate_limit_error": FailureKind.USAGE_LIMIT,
    "request_too_large": FailureKind.CONTEXT_FULL,
    "overloaded_error": FailureKind.OVERLOADED,
    "api_error": FailureKind.OVERLOADED,
    "timeout_error": FailureKind.NETWORK,
    "not_found_error": FailureKind.INVALID_REQUEST,
    # OpenAI's codes and types
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "account_deactivated": FailureKind.AUTHENTICATION,
    "token_expired": FailureKind.AUTHENTICATION,
    "token_invalidated": FailureKind.AUTHENTICATION,
    "refresh_token_expired": FailureKind.AUTHENTICATION,
    "refresh_token_reused": FailureKind.AUTHENTICATION,
    "refresh_token_invalidated": FailureKind.AUTHENTICATION,
    "usage_not_included": FailureKind.BILLING,
    "insufficient_quota": FailureKind.USAGE_LIMIT,
    "usage_limit_reached": FailureKind.USAGE_LIMIT,
    "rate_limit_exceeded": FailureKind.USAGE_LIMIT,
    "slow_down": FailureKind.OVERLOADED,
    "server_is_overloaded": FailureKind.OVERLOADED,
    "server_error": FailureKind.OVERLOADED,
    "context_length_exceeded": FailureKind.CONTEXT_FULL,
    "model_not_found": FailureKind.INVALID_REQUEST,
    "unsupported_country_region_territory": FailureKind.AUTHENTICATION,
    # Google's reasons and statuses
    "api_key_invalid": FailureKind.AUTHENTICATION,
    "api_key_expired": FailureKind.AUTHENTICATION,
    "api_key_service_blocked": FailureKind.AUTHENTICATION,
    "access_token_expired": FailureKind.AUTHENTICATION,
    "consumer_suspended": FailureKind.AUTHENTICATION,
    "service_disabled": FailureKind.AUTHENTICATION,
    "unauthenticated": FailureKind.AUTHENTICATION,
    "permission_denied": FailureKind.AUTHENTICATION,
    "billing_disabled": FailureKind.BILLING,
    "insufficient_g1_credits_balance": FailureKind.BILLING,
    "resource_exhausted": FailureKind.USAGE_LIMIT,
    "quota_exhausted": FailureKind.USAGE_LIMIT,
    "quota_exceeded": FailureKind.USAGE_LIMIT,
    "unavailable": FailureKind.OVERLOADED,
    "internal": FailureKind.OVERLOADED,
    "deadline_exceeded": FailureKind.NETWORK,
}
"""What the services' own codes mean, in lower case.  A code that is not here says no more than the HTTP status does."""

# First match wins.  The words are those of the three CLIs and of the HTTP libraries under them.
_BY_WORDS: tuple[tuple[re.Pattern[str], FailureKind], ...] = tuple(
    (late_pattern(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"context window|prompt is too long|request too large", FailureKind.CONTEXT_FULL),
        (r"token could not be refreshed", FailureKind.AUTHENTICATION),  # whatever kept it: a disk's quota, say
        (
            r"quota|usage (?:limit|exceeded)|rate.?limit|too many requests|resource.exhausted|slow down"
            r"|hit your\b(?![\w ]{0,30}spend)|(?:session|weekly|daily|monthly|hourly|hour) limit reached",
            FailureKind.USAGE_LIMIT,
        ),
        (
            r"credit balance|out of (?:usage )?credits|spend(?:ing)? (?:cap|limit)|credit (?:limit|cap)"
            r"|billing(?! details)|payment required|upgrade to (?:plus|pro|max|team|business|enterprise)\b",
            FailureKind.BILLING,
        ),
        (r"not available (?:with|on|for|in) (?:the|your)\b|content (?:filter\w* )?policy", FailureKind.INVALID_REQUEST),
        (r"VPN, proxy or firewall", FailureKind.NETWORK),  # the way there refuses, and names the login only to clear it
        (
            r"not logged in|logged out|not signed in|sign-in to .{0,60} has expired|log(?:ging)? ?in again"
            r"|sign(?:ing)? in again|re-run codex login|please run /login|access has been revoked"
            r"|account (?:is )?(?:on hold|suspended)|disabled (?:api key|claude subscription)|authenticat"
            r"|unauthori[sz]ed|forbidden|api.key|invalid auth|auth method|(?:access|refresh|oauth|auth|bearer) token"
            r"|(?:log-?in|sign-?in|credentials?|(?<!MCP )session|token)\b.{0,40}\b(?:expired|rejected|refused|revoked)"
            r"|(?:expired|rejected|refused|revoked)\b.{0,40}\b(?:log-?in|sign-?in|credentials?|organi[sz]ation)\b"
            r"|(?:does not|do not|doesn't|don't) have access|access denied|rejected it\. the credential",
            FailureKind.AUTHENTICATION,
        ),
        (r"overloaded|high demand|at capacity|unavailable|server.error|internal error", FailureKind.OVERLOADED),
        (
            r"fetch failed|connection|ECONN|EPIPE|ETIMEDOUT|timed out|timeout|terminated|disconnected|network|socket",
            FailureKind.NETWORK,
        ),
        (r"missing environment variable|model provider|config", FailureKind.CONFIGURATION),
        (r"not.found|invalid|selected model", FailureKind.INVALID_REQUEST),
    )
)

_STATUS = late_pattern(r"(?:status:?|API Error:?|code\"?:|rejected)\s*\(?([1-5]\d\d)\b", re.IGNORECASE)
_BY_SENTENCE: tuple[tuple[re.Pattern[str], FailureKind], ...] = tuple(
    (late_pattern(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"context window|context length|prompt is too long|request too large", FailureKind.CONTEXT_FULL),
        (
            r"credit balance|out of (?:usage )?credits|spend cap|billing (?:is|has been|account)|enable billing",
            FailureKind.BILLING,
        ),
        (
            r"(?:api.key|token|credential)s?\b[^.]{0,60}\b(?:invalid|not valid|expired|revoked|not found|missing)"
            r"|\b(?:invalid|expired|revoked|missing|incorrect)\b[^.]{0,20}\b(?:api.key|(?:oauth|access) token)",
            FailureKind.AUTHENTICATION,
        ),
    )
)
"""What a service says in whole phrases although it gives the status of something else."""
_MESSAGES = ("message", "detail", "error_description", "msg")
_MOST_BODY = 200_000
"""Characters of an answer that is read."""
_DEEPEST = 3
_EPOCH = late_pattern(r"limit reached\|(\d{10})\b")
_DELAY = late_pattern(
    r"(?:try again|retry|resets?)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|"
    r"seconds?|secs?|s)(?![a-z])[\s,and]*)+)",
    re.IGNORECASE,
)
_PART = late_pattern(r"(\d+(?:\.\d+)?)\s*([dhms])", re.IGNORECASE)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = late_pattern(
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


@value_class
class Body:
    """A service's own answer, as a CLI repeats it in its error text."""

    message: str
    codes: tuple[str, ...] = ()
    """Its codes in lower case, the most particular first."""
    status: int | None = None


def body_in(text: str) -> Body | None:
    """The service's answer that the text carries as a JSON object; ``None`` where there is none, or it is cut."""
    start = text.find("{")
    value: Any = None
    end = text.rfind("}") + 1
    if start < 0 or end <= start or end - start > _MOST_BODY:
        return None
    from pydantic_core import from_json

    try:
        value = from_json(text[start:end], allow_inf_nan=False)
    except ValueError:
        return None
    return _body_of(value, depth=0) if isinstance(value, dict) else None


def _body_of(value: Mapping[str, Any], *, depth: int) -> Body | None:
    held = value.get("error")
    error: Mapping[str, Any] = held if isinstance(held, dict) else value
    message = next((error[name] for name in _MESSAGES if isinstance(error.get(name), str)), "")
    if not message and isinstance(held, str):
        message = held
    inner = body_in(message) if depth < _DEEPEST and message.lstrip().startswith("{") else None
    if inner is not None:  # gemini's message may be the whole answer once more
        return inner
    details = error.get("details")
    reasons = [one.get("reason") for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    named = [*reasons, error.get("code"), error.get("type"), error.get("status"), held]
    codes = tuple(code.lower() for code in named if isinstance(code, str))
    numbers = (error.get("code"), error.get("status"), value.get("status"), value.get("code"))
    status = next((n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and 100 <= n < 600), None)
    return Body(message, codes, status) if message or codes or status is not None else None


def http_status(text: str) -> int | None:
    """The HTTP status the text names, ``None`` where it names none.

    What stands before the service's answer and the answer's own fields count; what the answer's sentence says does not.
    """
    body = body_in(text)
    found = _STATUS.search(text if body is None else text[: text.find("{")])
    return int(found[1]) if found else None if body is None else body.status


def failure_kind(text: str, status: int | None = None) -> FailureKind:
    """Why it failed: by the code in the service's answer, then by HTTP status, then by words."""
    body = body_in(text)
    if body is not None:
        for code in body.codes:
            if code in _BY_CODE:
                return _BY_CODE[code]
        if (said := _by_sentence(body.message)) is not None:
            return said
        status = status if status is not None else body.status
        # codex repeats the answer alone only where the service called the request wrong
        return _by_status(status) if status is not None else FailureKind.INVALID_REQUEST
    if status is not None and status >= 500:
        return FailureKind.OVERLOADED
    return _by_words(text) if status is None else _by_sentence(text) or _by_status(status)


def _by_status(status: int) -> FailureKind:
    return FailureKind.OVERLOADED if status >= 500 else _BY_STATUS.get(status, FailureKind.INVALID_REQUEST)


def _by_sentence(text: str) -> FailureKind | None:
    for pattern, kind in _BY_SENTENCE:
        if pattern.search(text):
            return kind
    return None


def _by_words(text: str) -> FailureKind:
    for pattern, kind in _BY_WORDS:
        if pattern.search(text):
            return kind
    return FailureKind.UNKNOWN


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
    """Find the line of a failed tool's output that shows a refusal by the operating system (spec 004, scenario 3)."""
    lowered = output[:100_000].lower()
    places = [place for place in map(lowered.find, _PERMISSION) if place >= 0]
    if not places:
        return None
    # Lowering may change a length (İ), so the line is looked for by its number.
    return output.split("\n")[lowered.count("\n", 0, min(places))].strip()[:500]


def known_trouble(text: str, rules: Sequence[RecoveryRule]) -> RecoveryRule | None:
    """Find the first rule that matches this line of noise and asks for an action."""
    for rule in rules:
        if rule.reason is None and rule.pattern.search(text):
            return None if isinstance(rule.remedy, Ignore) else rule
    return None


def failure_beside(noise: Noise, rules: Sequence[RecoveryRule]) -> Failed | None:
    """What a line beside the records says of the launch, as far as a rule knows it; it counts only at a bad end."""
    rule = known_trouble(noise.text, rules)
    if rule is None:
        return None
    return Failed(noise.text, rule.failure or FailureKind.CONFIGURATION, beside=noise.stream)


def shortened(text: str, limit: int = MAX_TOOL_TEXT) -> str:
    """Cut the text to so many characters, with a mark where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
