from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.models.shared_targets import FileOrigin, TargetHolder

CLAUDE, CODEX = WorkerId("claude"), WorkerId("codex")


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (FileOrigin("a"), "not by an agent"),
        (FileOrigin("a", (CLAUDE,)), "by claude"),
        (FileOrigin("a", (CLAUDE,), by_others=True), "by claude, and while no agent ran"),
        (FileOrigin("a", (CLAUDE, CODEX), is_certain=False), "not certain whose (perhaps by claude, codex)"),
        (FileOrigin("a", is_certain=False), "not certain whose"),
    ],
)
def test_only_what_was_observed_is_claimed(origin: FileOrigin, words: str) -> None:
    assert origin.words() == words


def test_a_holder_is_told_with_all_that_finds_it() -> None:
    holder = TargetHolder("20261130-1", "/w", 42, datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC), "/shop")
    assert str(holder) == "session 20261130-1 of /w (process 42, since 2026-11-30 01:02:03 UTC, in /shop)"
