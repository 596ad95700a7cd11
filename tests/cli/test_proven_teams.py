from __future__ import annotations

from pathlib import Path

from orchestrator.cli.proven_teams import candidates_for


def test_without_a_log_nothing_is_looked_for(tmp_path: Path) -> None:
    options = {"team": None, "no_change": False}
    assert candidates_for("Fix it", tmp_path, tmp_path, options, {"XDG_STATE_HOME": str(tmp_path)}) == ()
