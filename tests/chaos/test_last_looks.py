"""The short form of ``benchmarks/last_looks.py``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator.preflight import survey_machine
from orchestrator.models.sandbox import SandboxConfig
from tests.chaos.last_looks import run_looks

pytestmark = pytest.mark.slow


def test_what_is_said_at_the_end_lies_there_whoever_died_between_the_looks(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    if not survey_machine(SandboxConfig(name="test"), os.environ).sandbox.works:
        not_proven("no sandbox works here")
    looks = run_looks(tmp_path, seed=20261203, sessions=2)
    assert looks.problems == [], str(looks)
    assert looks.kills.total() >= 1


def test_without_a_sandbox_the_same_look_finds_what_was_planted(tmp_path: Path) -> None:
    looks = run_looks(tmp_path, seed=20261204, sessions=1, policies=("none",))
    assert any(".envrc was planted" in problem for problem in looks.problems), str(looks)
