from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.layers import Bench
from orchestrator.suites.results import State

if TYPE_CHECKING:
    from pathlib import Path

PASSING = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"


@pytest.fixture
def tests(tmp_path: Path) -> TargetTests:
    for name in ("scratch", "settings", "home", "target"):
        (tmp_path / name).mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    policy = SandboxConfig(name="default")
    bench = Bench(policy, "bubblewrap", environ, tmp_path / "scratch", (), tmp_path / "settings")
    return TargetTests(tmp_path / "target", bench, environ)


async def test_a_target_without_tests_is_one(tests: TargetTests) -> None:
    tested = await tests.run()
    assert (tested.results, tested.problem) == ((), None)


@pytest.mark.slow
async def test_every_suite_that_is_found_is_run(tests: TargetTests) -> None:
    (tests.target / "test_it.py").write_text(PASSING)
    tested = await tests.run()
    assert [result.state for result in tested.results] == [State.PASSED]


async def test_what_the_time_for_all_does_not_allow_is_not_measured(tests: TargetTests) -> None:
    (tests.target / "test_it.py").write_text(PASSING)
    (result,) = (await tests.run(within_s=0.0)).results
    assert (result.state, result.reason) == (State.NOT_MEASURED, "the time for all suites was over")


async def test_where_there_is_no_layer_nothing_is_run_and_the_reason_is_said(
    tests: TargetTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tests.target / "test_it.py").write_text(PASSING)
    monkeypatch.setattr("orchestrator.sandbox.layers.find_overlay_bubblewrap", lambda environ, folder: None)
    monkeypatch.setattr("orchestrator.sandbox.layers.find_bubblewrap", lambda environ: None)
    monkeypatch.setattr("orchestrator.sandbox.layers.landlock_profile.why_not", lambda: "none here")
    tested = await tests.run()
    assert tested.results == ()
    assert tested.problem is not None
    assert "keeps what tests write away" in tested.problem
