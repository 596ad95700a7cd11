from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from orchestrator.coordinator.held_budgets import HeldBudget, HeldBudgets

if TYPE_CHECKING:
    from pathlib import Path

HOLDS = """
import sys
from pathlib import Path
from orchestrator.coordinator.held_budgets import HeldBudget, HeldBudgets

budgets = HeldBudgets(Path(sys.argv[1]))
with budgets.alone(), budgets.hold(HeldBudget("/shop", 2.5, None)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_session_that_was_killed_holds_nothing_any_more(tmp_path: Path) -> None:
    folder = tmp_path / "budgets"
    line = [sys.executable, "-c", HOLDS, str(folder)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert HeldBudgets(folder).others() == (HeldBudget("/shop", 2.5, None),)
        holder.kill()
        holder.wait()
    assert HeldBudgets(folder).others() == ()
    assert not list(folder.glob("*.json"))


def test_a_file_that_nobody_can_mean_counts_for_nothing(tmp_path: Path) -> None:
    budgets = HeldBudgets(tmp_path)
    (tmp_path / "odd.json").write_text("[")
    with budgets.alone(), budgets.hold(HeldBudget("/shop")):
        assert budgets.others() == (HeldBudget("/shop"),)
    assert budgets.others() == ()
