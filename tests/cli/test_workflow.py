"""Workflows from outside: one is run with a team and gates; bad ones end with 2, and nothing is started."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import orchestrator
from orchestrator.cli.workflow import report_places
from orchestrator.composition.workflow_files import WorkflowFile
from orchestrator.errors import UsageError
from tests.measurement.conftest import written

ROOT = Path(orchestrator.__file__).resolve().parent.parent
FILES = {
    "look.toml": '[plan]\nid = "looker"\ninstructions = "Look."\n',
    "flow.toml": 'task = "Look over it."\nteam = "look.toml"\ngates = ["lint"]\n[report]\nreport = "out/report.md"\n',
    "gates.toml": 'gates = ["lint"]\n[thresholds]\nlint = 0\n[report]\nreport = "out/gates.md"\n',
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    written(tmp_path / "flows", FILES)
    written(tmp_path / "shop", {"shop.py": "X = 1\n"})
    return tmp_path


def from_outside(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: in this one it would look at the project in the test's name."""
    given = [sys.executable, "-m", "orchestrator", "workflow", *words]
    return subprocess.run(
        given, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_a_team_works_and_the_gates_decide(place: Path) -> None:
    words = ["--target", str(place / "shop"), "--workspace", str(place / "work"), "--rehearse", "--stand-ins"]
    ran = from_outside(str(place / "flows" / "flow.toml"), *words, "--no-dashboard", "--json")

    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["task"] == "Look over it."
    assert "lint" in json.dumps(report["result"])
    assert "out/report.md" not in json.dumps(report["result"])
    assert "looker" in (place / "shop" / "out" / "report.md").read_text()


@pytest.mark.slow
def test_without_a_team_its_gates_are_measured(place: Path) -> None:
    words = [str(place / "flows" / "gates.toml"), "--target", str(place / "shop")]
    passed = from_outside(*words)
    (place / "shop" / "bad.py").write_text("import os\n")
    failed = from_outside(*words)

    assert (passed.returncode, failed.returncode) == (0, 1), failed.stderr
    assert (place / "shop" / "out" / "gates.md").is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('gates = ["lnt"]\n', "there is no gate 'lnt'"),
        ('gates = ["lint"]\nsteps = 1\n', "there is no key 'steps'"),
        ('team = "../shop/team.toml"\n', "leads out of the folder"),
        ('team = "bad.toml"\n', "cannot be its own team"),
        ('gates = ["lint"]\n[report]\nreport = "../x.md"\n', "leads out of the project"),
    ],
)
@pytest.mark.parametrize("words", [("workflow",), ("workflows", "check"), ("workflows", "show")])
def test_a_bad_file_ends_with_2_and_starts_nothing(
    orchestrate: Callable[..., Any], place: Path, words: tuple[str, ...], text: str, said: str
) -> None:
    (place / "flows" / "bad.toml").write_text(text)
    target = ("--target", str(place / "shop"))
    more = ("--workspace", str(place / "work"), "--rehearse", "--stand-ins") if words == ("workflow",) else ()
    ran = orchestrate(*words, str(place / "flows" / "bad.toml"), *target, *more)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "bad.toml" in ran.err
    assert not (place / "work").exists()
    assert [path.name for path in (place / "shop").iterdir()] == ["shop.py"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("release-prep",), "is a command of its own"),
        (("nobody",), "there is no workflow 'nobody'"),
        (("./none.toml",), "there is no such file"),
        (("flows/gates.toml", "a task"), "has no team that could work on a task"),
    ],
)
def test_a_workflow_that_cannot_be_meant_ends_with_2(
    orchestrate: Callable[..., Any],
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(place)
    ran = orchestrate("workflow", *words, "--target", str(place / "shop"))

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_report_leaves_the_project_by_no_link(place: Path) -> None:
    (place / "shop" / "out").symlink_to(place / "flows")
    workflow = WorkflowFile("x", place / "flows" / "x.toml", report={"report": "out/report.md"})
    with pytest.raises(UsageError, match="by a link"):
        report_places(workflow, (place / "shop").resolve())
