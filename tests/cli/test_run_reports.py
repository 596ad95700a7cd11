from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from orchestrator.cli.run_reports import RunReports, exit_code
from orchestrator.errors import UsageError
from orchestrator.models.quality_gates import FailOn


@pytest.mark.parametrize(
    ("code", "fail_on", "is_blocked", "wanted"),
    [
        (0, None, True, 0),
        (0, "fail", True, 1),
        (0, "fail", False, 0),
        (1, "warning", False, 1),
        (1, "never", True, 0),
        (3, "never", True, 3),
        (130, "fail", True, 130),
    ],
)
def test_only_success_and_failure_are_weighed(code: int, fail_on: FailOn | None, is_blocked: bool, wanted: int) -> None:
    assert exit_code(code, fail_on, is_blocked=is_blocked) == wanted


def test_nothing_is_written_where_nobody_asks(tmp_path: Path) -> None:
    assert RunReports.of({"junit": None}, {}) is None
    assert RunReports.of({}, {"GITHUB_ACTIONS": "true"}) is not None
    with pytest.raises(UsageError, match="--junit"):
        RunReports.of({"junit": tmp_path / "nowhere/x"}, {})


@pytest.mark.slow
def test_a_run_on_a_build_server_leaves_what_it_reads(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    environ = {
        **os.environ,
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    words = ("run", "--rehearse", "--stand-ins", "--no-dashboard", "--no-interactive", "--fail-on", "warning")
    places = ("--workspace", str(tmp_path / "workspace"), "--artifacts", str(tmp_path / "kept"))
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", *words, *places, "--target", str(target), "Add a form"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # The rehearsal's reviewer has a concern, which --fail-on warning does not let pass.
    assert done.returncode == 1, done.stderr
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"junit.xml", "findings.sarif", "code-quality.json", "report.md", "report.json", "changes.patch"} <= kept
    (bundle,) = (tmp_path / "kept").glob("*.tar.gz")
    with tarfile.open(bundle) as packed:
        assert any(name.endswith("journal.jsonl") for name in packed.getnames())
    assert json.loads((tmp_path / "kept/report.json").read_text())["status"] == "done"
    assert "blocked-by=concerns" in (tmp_path / "output").read_text()
    assert (tmp_path / "summary").read_text().startswith("# Gates: blocked")
    assert "# Done: Add a form" in (tmp_path / "kept/report.md").read_text()
    lines = done.stderr.splitlines()
    stop, end = (
        next(number for number, line in enumerate(lines) if line.startswith(text)) for text in ("::stop", "::endgroup")
    )
    # What agents say stands between these two, where the runner takes nothing for a command.
    assert lines[0] == "::group::Session"
    assert stop == 1
    assert lines[end - 1] == f"::{lines[1].removeprefix('::stop-commands::')}::"
    assert any(line.startswith("::error title=gate concerns") or "concerns" in line for line in lines[end:])


@pytest.mark.slow
def test_a_session_that_is_taken_up_again_leaves_its_reports_too(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    environ = {**os.environ, "ORCHESTRATOR_WORKSPACE": str(tmp_path / "workspace")}

    def orchestrate(*words: str) -> subprocess.CompletedProcess[str]:
        plain = ("--no-dashboard", "--no-interactive")
        command = [sys.executable, "-m", "orchestrator", *words, *plain]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)

    rehearsal = ("--stand-ins", "--scenario", "blocker", "--target", str(tmp_path / "target"))
    first = orchestrate("run", *rehearsal, "Add a form")
    assert first.returncode == 3, first.stderr
    (place,) = (tmp_path / "workspace").glob("*/report.json")
    before = json.loads(place.read_text())
    resumed = orchestrate("resume", "--answer", "an empty name is allowed", "--artifacts", str(tmp_path / "kept"))
    assert resumed.returncode == 0, resumed.stderr
    report = json.loads((tmp_path / "kept/report.json").read_text())
    assert (report["id"], report["entries"] > before["entries"]) == (before["id"], True)
    assert (before["status"], report["status"]) == ("needs_person", "done")
    assert before["reason"] not in (tmp_path / "kept/junit.xml").read_text()
    assert [one["answer"] for one in report["settled"]] == ["an empty name is allowed"]
