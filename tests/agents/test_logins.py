"""Logins: only the same account's newer one replaces the user's."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from orchestrator.agents.logins import never_newer
from orchestrator.agents.registry import get_agent
from orchestrator.models.identity import AgentName


def token(**claims: object) -> str:
    return f"x.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.y"


NOW = 1_800_000_000_000
HOUR = 3_600_000


def claude(access: str, expires: int, refresh: str = "r", **further: object) -> dict[str, Any]:
    login = {"accessToken": access, "refreshToken": refresh, "expiresAt": expires, "scopes": ["a"], **further}
    return {"claudeAiOauth": login}


def codex(sub: str, exp: int) -> dict[str, Any]:
    each = token(iss="i", sub=sub, exp=exp)
    return {"OPENAI_API_KEY": None, "tokens": {"id_token": each, "access_token": each, "refresh_token": f"r{exp}"}}


def gemini(sub: str, expires: int, refresh: str = "r") -> dict[str, Any]:
    identity = token(iss="i", sub=sub)
    return {"access_token": f"{expires}", "refresh_token": refresh, "id_token": identity, "expiry_date": expires}


@pytest.mark.parametrize(
    ("name", "before", "after", "is_given_back"),
    [
        ("claude", claude("1", 10), claude("2", 20), True),
        ("claude", claude("1", 10), claude("2", 10), False),
        ("claude", claude("1", 10), claude("2", 10**15), False),
        ("claude", claude("1", NOW - HOUR), claude("2", NOW + 8 * HOUR, refresh="r2"), True),
        ("claude", claude("1", NOW + HOUR), claude("2", NOW + 8 * HOUR, refresh="another's"), False),
        ("claude", claude("1", NOW - HOUR), claude("2", NOW + 8 * HOUR, "r2", subscriptionType="max"), False),
        ("claude", claude("1", NOW - HOUR), claude("2", NOW + 8 * HOUR, "r2", refreshTokenExpiresAt=NOW), True),
        (
            "claude",
            claude("1", NOW - HOUR, refreshTokenExpiresAt=1),
            claude("2", NOW + 8 * HOUR, refreshTokenExpiresAt=2),
            True,
        ),
        (
            "claude",
            claude("1", NOW - HOUR, "sk-ant-ort01-a"),
            claude("2", NOW + 8 * HOUR, "sk-ant-oat01-b"),
            False,
        ),
        ("claude", claude("1", NOW - HOUR), claude("", 0, refresh=""), False),
        ("claude", claude("1", 10), {"claudeAiOauth": {}}, False),
        ("codex", codex("me", 10), codex("me", 20), True),
        ("codex", codex("me", 10), codex("another", 20), False),
        ("codex", codex("me", 20), codex("me", 10), False),
        ("codex", codex("me", 10), {"OPENAI_API_KEY": "invented", "tokens": None}, False),
        ("gemini", gemini("me", 10), gemini("me", 20), True),
        ("gemini", gemini("me", 10), gemini("another", 20), False),
        ("gemini", gemini("me", 10), gemini("me", 20, refresh="another's"), False),
    ],
)
def test_only_the_same_accounts_newer_login_is_given_back(
    name: str, before: dict[str, Any], after: dict[str, Any], is_given_back: bool
) -> None:
    newer_login = get_agent(AgentName(name)).credential.newer_login
    assert (newer_login(json.dumps(before).encode(), json.dumps(after).encode(), NOW / 1000) == "") is is_given_back


@pytest.mark.parametrize("name", ["claude", "codex", "gemini"])
@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"1", b"[" * 100_000, b'{"tokens": 1, "claudeAiOauth": []}'])
def test_no_content_is_an_error(name: str, content: bytes) -> None:
    newer_login = get_agent(AgentName(name)).credential.newer_login
    good = json.dumps({**claude("1", 10), **codex("me", 10), **gemini("me", 10)}).encode()
    assert newer_login(good, content, 0.0)
    assert newer_login(content, good, 0.0)
    assert newer_login(content, content, 0.0)


def test_a_form_that_is_not_known_is_never_newer() -> None:
    assert never_newer(b"a", b"b", 0.0)
