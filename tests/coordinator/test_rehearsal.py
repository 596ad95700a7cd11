from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import rehearsal
from orchestrator.coordinator.rehearsal import copy_target, default_scenario
from orchestrator.errors import EnvironmentUnfit
from orchestrator.rehearsal.scenario import load_scenario

if TYPE_CHECKING:
    from pathlib import Path


def test_the_default_scenario_is_there_and_valid() -> None:
    assert load_scenario(default_scenario()).turn


def test_a_copy_leaves_out_what_is_large_derived_or_ours(tmp_path: Path) -> None:
    target = tmp_path / "target"
    for name in ("src/a.py", ".git/config", "node_modules/x/y.js", "workspace/s/journal.jsonl", ".venv/bin/python"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("x")
    (target / "link").symlink_to("src/a.py")
    os.mkfifo(target / "pipe")
    copy = copy_target(target, tmp_path / "copy", leave_out=target / "workspace")
    assert sorted(path.name for path in copy.iterdir()) == ["link", "src"]
    assert (copy / "link").is_symlink()


def test_a_target_that_is_too_large_is_refused_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with (target / "large").open("wb") as file:
        file.truncate(rehearsal.MOST_COPIED_BYTES + 1)
    with pytest.raises(EnvironmentUnfit, match="256 MiB") as caught:
        copy_target(target, tmp_path / "copy", leave_out=tmp_path / "workspace")
    assert "--target" in (caught.value.hint or "")
