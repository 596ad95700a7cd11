"""Why a CLI failed is read from its own words; when a limit ends, only if it says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import thread_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.contract import Agent
from orchestrator.agents.failures import (
    failure_kind,
    http_status,
    known_trouble,
    permission_trouble,
    resets_at,
    shortened,
)
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.models.events import FailureKind

AT = datetime(2026, 11, 21, 18, tzinfo=UTC)
NOON = AT.replace(hour=12)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Failed to authenticate. API Error: 401 mock", 401),
        ("API Error: Request rejected (429) · x", 429),
        ("unexpected status 503 Service Unavailable: x", 503),
        ('[API Error: {"error":{"code":400,"message":"x"}}]', 400),
        ("exceeded retry limit, last status: 429 Too Many Requests", 429),
        ("port 4290 is busy", None),
    ],
)
def test_the_http_status_is_found_where_it_is_named(text: str, status: int | None) -> None:
    assert http_status(text) == status


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("whatever", 401, FailureKind.AUTHENTICATION),
        ("whatever", 429, FailureKind.USAGE_LIMIT),
        ("whatever", 529, FailureKind.OVERLOADED),
        ("Credit balance is too low", 400, FailureKind.BILLING),
        ("Quota exceeded. Check your plan and billing details.", None, FailureKind.USAGE_LIMIT),
        ("You\u2019ve hit your usage limit.", None, FailureKind.USAGE_LIMIT),
        ("ran out of room in the model's context window", None, FailureKind.CONTEXT_FULL),
        ("We\u2019re currently experiencing high demand", None, FailureKind.OVERLOADED),
        ("[API Error: terminated]", None, FailureKind.NETWORK),
        ("exception TypeError: fetch failed sending request", None, FailureKind.NETWORK),
        ("Not logged in · Please run /login", None, FailureKind.AUTHENTICATION),
        ("something else", None, FailureKind.UNKNOWN),
        ("something else", 418, FailureKind.INVALID_REQUEST),
    ],
)
def test_a_failure_has_a_kind(text: str, status: int | None, kind: FailureKind) -> None:
    assert failure_kind(text, status) is kind


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Suggested retry after 3s.", AT + timedelta(seconds=3)),
        ("try again in 2 days 3 hours and 5 minutes", AT + timedelta(days=2, hours=3, minutes=5)),
        ("Your quota will reset after 1h2m3s.", AT + timedelta(hours=1, minutes=2, seconds=3)),
        ("usage limit reached|1795240800", datetime.fromtimestamp(1795240800, UTC)),
        ("Please wait and try again later.", None),
        ("try again in 99999999999999999999 days", None),
        ("Request rejected (429)", None),
    ],
)
def test_the_end_of_a_limit_is_never_invented(text: str, end: datetime | None) -> None:
    assert resets_at(text, AT) == end


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("text", "end"),
    [
        pytest.param("or try again at 11:39 PM.", datetime(2026, 11, 21, 22, 39, tzinfo=UTC), id="codex, today"),
        pytest.param("try again at 6:39 AM.", None, id="codex means today, and that has passed"),
        pytest.param("try again at 1:00 PM", datetime(2026, 11, 21, 12, 0, tzinfo=UTC), id="this very minute"),
        pytest.param(
            "try again at Nov 23rd, 2026 6:39 AM.", datetime(2026, 11, 23, 5, 39, tzinfo=UTC), id="codex, a day"
        ),
        pytest.param(
            "try again at Jul 1st, 2027 6:39 AM", datetime(2027, 7, 1, 4, 39, tzinfo=UTC), id="in summer time"
        ),
        pytest.param("You've hit your limit · resets 3pm", datetime(2026, 11, 21, 14, 0, tzinfo=UTC), id="claude"),
        pytest.param("limit resets 6:39am", datetime(2026, 11, 22, 5, 39, tzinfo=UTC), id="claude, tomorrow"),
        pytest.param("resets 3pm (America/New_York)", datetime(2026, 11, 21, 20, 0, tzinfo=UTC), id="another zone"),
        pytest.param("resets Nov 23, 3pm (UTC)", datetime(2026, 11, 23, 15, 0, tzinfo=UTC), id="claude, a day"),
        pytest.param("resets Jan 2, 12am", datetime(2027, 1, 1, 23, 0, tzinfo=UTC), id="next year, midnight"),
        pytest.param("Access resets at 6:39 PM GMT+1.", datetime(2026, 11, 21, 17, 39, tzinfo=UTC), id="gemini"),
        pytest.param("resets 13pm", None, id="no hour"),
        pytest.param("resets Nov 31, 3pm", None, id="no day"),
        pytest.param("resets 3pm (Mars/Base)", None, id="no zone"),
        pytest.param("try again at Nov 23rd, 2126 6:39 AM", None, id="too far away to be meant"),
    ],
)
def test_a_clock_time_is_the_machines_own_unless_a_zone_is_named(text: str, end: datetime | None) -> None:
    assert resets_at(text, NOON) == end


def test_a_clock_time_without_a_zone_is_in_the_zone_of_the_time_given() -> None:
    at = NOON.astimezone(ZoneInfo("Asia/Tokyo"))
    assert resets_at("try again at 11:39 PM", at) == datetime(2026, 11, 21, 14, 39, tzinfo=UTC)


@pytest.mark.slow
@given(st.text(max_size=60), st.sampled_from(["", "try again in ", "limit reached|", "resets ", "try again at Nov 3"]))
def test_no_text_is_too_strange(text: str, before: str) -> None:
    resets_at(before + text, AT)
    failure_kind(before + text, http_status(before + text))
    permission_trouble(text)


def test_the_line_in_which_the_system_refused_is_found() -> None:
    output = "İone\nbash: line 1: q.txt: Read-only file system\ntwo"
    assert permission_trouble(output) == "bash: line 1: q.txt: Read-only file system"
    assert permission_trouble("all is well") is None


def test_a_harmless_line_is_no_trouble_and_a_known_error_is() -> None:
    rules = get_agent("codex").recovery_rules
    assert known_trouble("Reading additional input from stdin...", rules) is None
    rule = known_trouble("Not inside a trusted directory and --skip-git-repo-check was not specified.", rules)
    assert rule is not None
    assert rule.name == "codex-untrusted-directory"


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: agent.name)
def test_no_rule_takes_long_over_a_long_line(agent: Agent) -> None:
    begun = thread_time()
    for text in ('Attempted path "' + "/a" * 4_000, "x" * 8_000, "Permission to read " * 400, "/" * 8_000):
        known_trouble(text, agent.recovery_rules)
    assert thread_time() - begun < 1


def test_a_long_text_is_cut_with_a_mark() -> None:
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"
