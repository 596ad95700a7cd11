"""The coordinator's side of the standby."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import orchestrator
from orchestrator.sandbox.kernel_limits import LimitGroups
from orchestrator.workers.shim_standby import ShimStandby
from tests.workers.conftest import is_alive, until

NONE = LimitGroups(None, ())
ROOT = Path(orchestrator.__file__).parent.parent


def test_one_that_does_not_answer_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.workers.shim_standby.ANSWER_WITHIN_S", 0.05)
    silent = tmp_path / "shim.py"
    silent.write_text("import time\ntime.sleep(600)\n")
    standby = ShimStandby(silent, log=tmp_path / "log", kept=(), environ=os.environ)
    standby.make_ready(NONE)
    assert standby.take_groups() == NONE
    assert standby.take_groups() is None, "for one attempt alone"
    assert standby.hand_over(tmp_path / "spec", {}, ()) is None
    until(lambda: not is_alive(standby._process.pid))
    assert not standby.needs_groups
    standby.close()


def test_one_that_ended_is_asked_once_and_never_again(tmp_path: Path) -> None:
    broken = tmp_path / "shim.py"
    broken.write_text("raise SystemExit(1)\n")
    standby = ShimStandby(broken, log=tmp_path / "log", kept=(), environ=os.environ)
    until(lambda: not is_alive(standby._process.pid))
    assert [standby.hand_over(tmp_path / "spec", {}, ()) for _ in range(2)] == [None, None]
    assert not standby.needs_groups
    standby.close()
    standby.close()


def test_a_signal_to_the_whole_terminal_does_not_reach_it(tmp_path: Path) -> None:
    waiting = tmp_path / "shim.py"
    waiting.write_text("import sys, os\nos.read(int(sys.argv[2]), 1)\n")
    standby = ShimStandby(waiting, log=tmp_path / "log", kept=(), environ=os.environ)
    pid = standby._process.pid
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == pid, signal.SIGINT
    standby.close()
    assert not is_alive(pid)


def test_one_whose_shim_has_gone_lets_it_start_by_itself(tmp_path: Path) -> None:
    answering = tmp_path / "shim.py"
    answering.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom orchestrator.shim.document_pipe import receive, send\n"
        "at = int(sys.argv[2])\nwhile receive(at): send(at, {'pid': 0, 'start_ticks': 1})\n"
    )
    standby = ShimStandby(answering, log=tmp_path / "log", kept=(), environ=os.environ)
    assert standby.hand_over(tmp_path / "spec", {}, ()) is None
    assert standby.needs_groups
    standby.close()


def test_one_that_ended_makes_nothing_ready(tmp_path: Path) -> None:
    broken = tmp_path / "shim.py"
    broken.write_text("raise SystemExit(1)\n")
    standby = ShimStandby(broken, log=tmp_path / "log", kept=(), environ=os.environ)
    until(lambda: not is_alive(standby._process.pid))
    standby.make_ready(NONE)
    assert standby.take_groups() is None
    standby.close()
