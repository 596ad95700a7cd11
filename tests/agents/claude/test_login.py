"""The login file of claude."""

from __future__ import annotations

from orchestrator.agents.claude.login import newer_login


def test_what_is_no_login_replaces_none() -> None:
    assert newer_login(b"{}", b"{}", 0.0)
