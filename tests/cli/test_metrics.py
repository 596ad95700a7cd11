"""``orchestrate metrics`` as a user sees it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.cli.metrics import figure
from orchestrator.settings.user_places import state_folder
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import rederive
from tests.cli.conftest import JobResult
from tests.store.conftest import FAILED, PASSED, closed
from tests.store.test_recorder import kept

Call = Callable[..., JobResult]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_without_a_session_all_is_unknown(orchestrate: Call, workspace: Path) -> None:
    shown = orchestrate("metrics")
    assert shown.code == 0
    assert shown.out.startswith(f"0 sessions of {workspace}\n")
    assert "success_rate                unknown (n = 0, gated sessions); goal ≥ 80 %" in shown.out
    assert sorted(path.name for path in workspace.iterdir()) == []


def test_each_figure_has_its_number_interval_and_goal(orchestrate: Call, workspace: Path) -> None:
    kept(workspace, 0x7F3A, closed(PASSED))
    kept(workspace, 0x7F3B, closed(FAILED))
    unknown = orchestrate("metrics")
    assert "2 sessions not in the outcome log" in unknown.err
    rederive(OutcomeLog(state_folder(os.environ)), workspace)
    document = json.loads(orchestrate("metrics", "--json").out)
    found = {one["name"]: one for one in document["metrics"]}
    # Both journals name one and the same session: the log has what was derived last.
    assert document["sessions"] == 2
    assert found["success_rate"]["n"] >= 1
    assert len(found["success_rate"]["interval"]) == 2
    assert found["avg_quality_score"]["goal"] == "> 75"


def test_sessions_that_are_too_old_rehearsed_or_damaged_are_left_out(orchestrate: Call, workspace: Path) -> None:
    kept(workspace, 0x7F3A, closed(PASSED))
    damaged = kept(workspace, 0x7F3B, closed(PASSED))
    damaged.journal_file.write_bytes(b"{}\n")
    shown = orchestrate("metrics")
    assert shown.out.startswith("1 session of")
    assert f"{damaged.id} left out" in shown.err
    assert orchestrate("metrics", "--rehearsals").out.startswith("0 sessions of")
    assert orchestrate("metrics", "--since", "1h").out.startswith("0 sessions of")
    assert orchestrate("metrics", "--since", "soon").code == 2


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(0.512, "share", "51%"), (1.5, "US$", "$1.50"), (12345.6, "tokens", "12,346 tokens"), (7.123, "s", "7.12 s")],
)
def test_a_figure_bears_its_unit(value: float, unit: str, words: str) -> None:
    assert figure(value, unit) == words
