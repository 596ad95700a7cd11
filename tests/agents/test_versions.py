"""Versions are read from what the CLIs print, and drifts are said in words."""

from __future__ import annotations

import pytest

from orchestrator.agents.registry import get_agent
from orchestrator.agents.versions import is_too_old, known_drifts, parse_version

CLAUDE = get_agent("claude")


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


@pytest.mark.parametrize("version", [(2, 1, 197), (2, 1, 330), (2, 1, 9999)])
def test_an_older_release_that_works_and_a_newer_patch_are_no_news(version: tuple[int, ...]) -> None:
    assert known_drifts(CLAUDE, version) == ()


@pytest.mark.parametrize("version", [(3, 0, 0), (2, 2, 0)])
def test_a_newer_release_is_said_with_the_way_to_try_it(version: tuple[int, ...]) -> None:
    (drift,) = known_drifts(CLAUDE, version)
    assert f"newer release than {CLAUDE.pinned}" in drift
    assert "--rehearse --installed" in drift


def test_a_version_below_the_oldest_known_one_is_too_old() -> None:
    *above, last = CLAUDE.oldest
    assert is_too_old(CLAUDE, (*above, last - 1))
    assert not is_too_old(CLAUDE, CLAUDE.oldest)
    assert not is_too_old(CLAUDE, None)
    oldest = ".".join(map(str, CLAUDE.oldest))
    assert f"older than {oldest}" in known_drifts(CLAUDE, (1, 0))[0]


def test_a_cli_without_a_version_is_a_drift() -> None:
    assert "does not tell its version" in known_drifts(CLAUDE, None)[0]
