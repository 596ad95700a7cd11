"""The login file of OpenCode."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.agents.opencode.login import newer_login

NOW_S = 1_800_000_000.0
NOW, HOUR = 1_800_000_000_000, 3_600_000


def login(expires: int, refresh: str = "r", key: str = "k", **further: object) -> dict[str, Any]:
    oauth = {"type": "oauth", "refresh": refresh, "access": f"a{expires}", "expires": expires, **further}
    return {"one": oauth, "two": {"type": "api", "key": key}}


@pytest.mark.parametrize(
    ("before", "after", "is_given_back"),
    [
        pytest.param(login(NOW + HOUR), login(NOW + 2 * HOUR), True, id="the same refresh token"),
        pytest.param(login(NOW - HOUR), login(NOW + HOUR, "r2"), True, id="another, when it was due"),
        pytest.param(login(NOW + HOUR), login(NOW + 2 * HOUR, "r2"), False, id="another, when it was not"),
        pytest.param(login(NOW - HOUR), login(NOW + HOUR, accountId="x"), False, id="another form"),
        pytest.param(login(NOW - HOUR, accountId="x"), login(NOW + HOUR, accountId="y"), False, id="an account"),
        pytest.param(login(NOW - HOUR), login(NOW + HOUR, key="another"), False, id="an API key"),
        pytest.param(login(NOW), login(NOW), False, id="no change"),
        pytest.param(login(NOW), login(NOW - HOUR), False, id="an older one"),
        pytest.param(login(NOW - HOUR), login(0, ""), False, id="a login that was taken away"),
    ],
)
def test_only_the_same_accounts_newer_login_is_given_back(
    before: dict[str, Any], after: dict[str, Any], is_given_back: bool
) -> None:
    assert (newer_login(json.dumps(before).encode(), json.dumps(after).encode(), NOW_S) == "") is is_given_back


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"one": 1, "two": 2}', b"[" * 100_000])
def test_no_content_is_an_error(content: bytes) -> None:
    good = json.dumps(login(NOW)).encode()
    assert newer_login(good, content, NOW_S)
    assert newer_login(content, good, NOW_S)
