"""Which sessions ask their agents how it went follows from their ids, the settings and the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.coordinator.feedback_share import asks_for_feedback, falls_on

IDS = [f"20261130-2030{number % 60:02}-{number:04x}" for number in range(4000)]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_about_that_share_of_all_sessions_is_asked(share: float) -> None:
    asked = sum(falls_on(one, share) for one in IDS) / len(IDS)
    assert abs(asked - share) < 0.03


def test_the_same_session_is_always_asked_or_never() -> None:
    assert [falls_on(one, 0.3) for one in IDS] == [falls_on(one, 0.3) for one in IDS]
    assert all(falls_on(one, 1.0) for one in IDS)
    assert all(falls_on(one, 0.5) for one in IDS if falls_on(one, 0.2))


def test_it_is_off_unless_somebody_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert not any(asks_for_feedback(one, asked=False, is_rehearsal=False) for one in IDS[:50])
    assert asks_for_feedback(IDS[0], asked=True, is_rehearsal=True)
    settings = tmp_path / "orchestrate" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("[feedback]\nshare = 1\n")
    assert asks_for_feedback(IDS[0], asked=False, is_rehearsal=False)
    assert not asks_for_feedback(IDS[0], asked=False, is_rehearsal=True)
