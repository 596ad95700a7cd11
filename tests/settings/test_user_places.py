from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.settings.user_places import default_workspace, user_prompts


def test_a_checkout_has_its_workspace_beside_it() -> None:
    assert default_workspace() == Path(__file__).resolve().parents[2] / "workspace"


def test_prompts_of_ones_own_are_found_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_prompts() is None
    folder = tmp_path / "orchestrate" / "prompts"
    folder.mkdir(parents=True)
    assert user_prompts() == folder
