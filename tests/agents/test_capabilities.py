"""Versions are read from what the CLIs print, and drifts are said in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.agents.capabilities import has_capability, is_too_old, known_drifts, parse_version
from orchestrator.agents.contract import Capability
from orchestrator.agents.registry import get_agent

CLAUDE = get_agent("claude")
DENIALS = "a record of its own for each denial"


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("codex-cli 0.169.0\n", (0, 169, 0)),
        ("0.61.0\n", (0, 61, 0)),
        ("2.1.329 (Claude Code)\n", (2, 1, 329)),
        ("node: warning\nv1.2", (1, 2)),
        ("garbage", None),
        ("", None),
    ],
)
def test_a_version_is_found_in_what_a_cli_prints(printed: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(printed) == version


def test_the_pinned_version_has_no_drift() -> None:
    assert known_drifts(CLAUDE, parse_version(CLAUDE.pinned)) == ()


def test_an_older_version_lacks_what_came_later() -> None:
    assert not has_capability(CLAUDE, (2, 1, 197), DENIALS)
    assert known_drifts(CLAUDE, (2, 1, 197)) == (
        f"Claude Code 2.1.197 lacks: {DENIALS}",
        "Claude Code 2.1.197 lacks: the permission mode's name manual",
    )


def test_a_newer_version_is_said_to_be_untested() -> None:
    (drift,) = known_drifts(CLAUDE, (3, 0, 0))
    assert "newer than 2.1.329" in drift


def test_a_version_below_the_oldest_known_one_is_too_old() -> None:
    assert is_too_old(CLAUDE, (2, 1, 196))
    assert not is_too_old(CLAUDE, (2, 1, 197))
    assert not is_too_old(CLAUDE, None)
    assert "older than 2.1.197" in known_drifts(CLAUDE, (1, 0))[0]


def test_a_cli_without_a_version_is_a_drift() -> None:
    assert "does not tell its version" in known_drifts(CLAUDE, None)[0]


def test_a_capability_may_end_with_a_version() -> None:
    agent = replace(CLAUDE, capabilities=(Capability("old", before=(2, 0)),))
    assert has_capability(agent, (1, 9), "old")
    assert not has_capability(agent, (2, 0), "old")
