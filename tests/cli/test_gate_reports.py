from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.gate_reports import check_places, commands_stopped, tell_github, write_reports
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.models.quality_gates import GateReport

REPORT = GateReport(path="/there/shop", tree="sha256:00", files=1, approved=True, confidence="high", gates=())


def test_every_file_that_is_asked_for_is_written(tmp_path: Path) -> None:
    names = ("junit", "sarif", "report", "attest")
    write_reports(REPORT, {name: tmp_path / name for name in names})
    assert (tmp_path / "junit").read_text().startswith("<?xml")
    assert json.loads((tmp_path / "sarif").read_text())["runs"] == []
    assert (tmp_path / "report").read_text().startswith("# Gates: pass")
    assert json.loads((tmp_path / "attest").read_text())["subject"][0]["name"] == "shop"


def test_a_file_that_cannot_be_written_says_which(tmp_path: Path) -> None:
    for options in (
        {"junit": tmp_path / "nowhere/x"},
        {"sarif": tmp_path},
        {"artifacts": Path(__file__)},
    ):
        with pytest.raises(UsageError, match=rf"--{next(iter(options))} "):
            check_places(options)
    with pytest.raises(EnvironmentUnfit, match=r"cannot write .*nowhere/x: No such file"):
        write_reports(REPORT, {"junit": tmp_path / "nowhere/x"})


def test_artifacts_are_every_kind_and_the_whole_report(tmp_path: Path) -> None:
    options = {"artifacts": tmp_path / "a/b"}
    check_places(options)
    write_reports(REPORT, options)
    names = ["code-quality.json", "findings.sarif", "gates.json", "junit.xml", "report.md", "statement.json"]
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == names
    assert json.loads((tmp_path / "a/b/gates.json").read_text())["approved"] is True


def test_github_gets_its_summary_and_outputs_behind_what_is_there(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "output").write_text("before=1\n")
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    tell_github(REPORT, environ, said.append)
    assert (tmp_path / "summary").read_text().startswith("# Gates: pass")
    assert (tmp_path / "output").read_text().startswith("before=1\napproved=true\n")
    assert said == []
    tell_github(REPORT, {"GITHUB_OUTPUT": str(tmp_path)}, said.append)
    assert said == ["::warning::GITHUB_OUTPUT cannot be written: Is a directory"]


def test_what_is_printed_on_github_is_no_command() -> None:
    said: list[str] = []
    with commands_stopped({"GITHUB_ACTIONS": "true"}, said.append, "token"):
        said.append("::error::mine")
    assert said == ["::stop-commands::token", "::error::mine", "::token::"]
    with commands_stopped({"GITHUB_ACTIONS": "true"}, said.append, "token", group="Gates"):
        pass
    assert said[3:] == ["::group::Gates", "::stop-commands::token", "::token::", "::endgroup::"]
    with commands_stopped({}, said.append, "token"):
        pass
    assert len(said) == 7
