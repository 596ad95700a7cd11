from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator import suite_runs
from orchestrator.coordinator.suite_runs import new_places, run_suite
from orchestrator.suites.results import State
from orchestrator.suites.suite import Form, Suite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestrator.suites.results import SuiteResult

pytestmark = pytest.mark.slow
TAP = "printf '1..1\\nok 1 - adds\\n'"


async def ran(tmp_path: Path, script: str, *, form: Form = Form.TAP, within_s: float = 60.0) -> SuiteResult:
    def plain(argv: Sequence[str]) -> Sequence[str]:
        return argv

    target = tmp_path / "target"
    (target / "inner").mkdir(parents=True)
    suite = Suite("x", "command", ("sh", "-c", script), "here", form, "inner", from_output=form is Form.TAP)
    environ = {"PATH": os.environ["PATH"]}
    return await run_suite(
        suite, target=target, scratch=tmp_path / "scratch", wrap=plain, environ=environ, within_s=within_s
    )


async def test_a_suite_runs_in_its_folder_and_its_output_is_read(tmp_path: Path) -> None:
    result = await ran(tmp_path, f'test "$(basename "$PWD")" = inner && {TAP}')
    assert (result.state, list(result.tests)) == (State.PASSED, ["adds"])


async def test_its_report_is_read_and_nothing_of_it_stays(tmp_path: Path) -> None:
    result = await ran(tmp_path, "printf '<a><testcase name=\"t\"/></a>' >@report@/x.xml", form=Form.JUNIT)
    assert result.state is State.PASSED
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_odd_entries_in_the_report_are_passed_over(tmp_path: Path) -> None:
    result = await ran(
        tmp_path, "mkfifo @report@/f.xml; ln -s /dev/zero @report@/z.xml; ln -s @report@ @report@/l", form=Form.JUNIT
    )
    assert "wrote no report" in result.reason


async def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    result = await ran(tmp_path, "sleep 1000", within_s=0.2)
    assert (result.state, result.reason) == (State.NOT_MEASURED, "it took longer than 0.2 s")


async def test_what_prints_too_much_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite_runs, "MOST_OUTPUT_BYTES", 2**20)
    result = await ran(tmp_path, "yes")
    assert result.reason == "it printed more than 1 MiB"


async def test_a_program_that_is_missing_is_not_measured(tmp_path: Path) -> None:
    result = await ran(tmp_path, "exec no-such-runner")
    assert "not installed" in result.reason


def test_each_run_has_folders_of_its_own(tmp_path: Path) -> None:
    one, two = new_places(tmp_path, tmp_path), new_places(tmp_path, tmp_path)
    assert one.report != two.report
    assert (one.probes / "orchestrate_pytest.py").is_file()
