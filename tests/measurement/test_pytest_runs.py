from __future__ import annotations

import json
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.measurement.probes import orchestrate_placed as placed
from orchestrator.measurement.pytest_runs import TOO_LONG, _seen
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import Run, State
from orchestrator.suites.suite import Form, Suite

PROBES = Path(__file__).resolve().parents[2] / "orchestrator/measurement/probes"
SUITE = Suite("pytest", "pytest", ("pytest",), "", Form.RECORDS)


def lines(*records: dict[str, object]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_what_was_noted_stands_beside_what_was_reported() -> None:
    recorded = lines({"start": "pytest"}, {"test": "t.py::test_x", "outcome": "passed"}, {"end": 0})
    observed = lines({"start": "observer"}, {"end": 0}, {"collected": "t.py::test_x"}, {"network": "a.b"})
    placed = lines({"start": "placed"}, {"edited": "a.py"}, {"edited": "a.py"}, {"end": 0}) + b"no record\n[]\n"
    seen = _seen(SUITE, Run(0, b"", {"a": recorded, "b": observed, "c": placed}), None, 0)

    assert (seen.state, seen.outcomes) == (State.PASSED, {"t.py::test_x": TestOutcome.PASSED})
    assert (seen.collected, seen.network, seen.edited) == (("t.py::test_x",), ("a.b",), ("a.py",))


@pytest.mark.parametrize("gone", ["b", "c"])
def test_without_a_witness_nothing_has_passed(gone: str) -> None:
    files = {
        "a": lines({"start": "pytest"}, {"test": "t.py::test_x", "outcome": "passed"}, {"end": 0}),
        "b": lines({"start": "observer"}, {"end": 0}),
        "c": lines({"start": "placed"}, {"end": 0}),
    }

    assert _seen(SUITE, Run(0, b"", files), None, 0).state is State.PASSED
    del files[gone]
    assert _seen(SUITE, Run(0, b"", files), None, 0).state is State.NOT_MEASURED


def test_a_run_that_does_not_end_is_known_as_such() -> None:
    seen = _seen(SUITE, Run(None, problem=f"{TOO_LONG} 3 s"), None, 0)

    assert (seen.state, seen.is_too_long) == (State.NOT_MEASURED, True)
    assert not _seen(SUITE, Run(None, problem="it could not be run"), None, 0).is_too_long


def test_the_first_error_is_said() -> None:
    output = b"some\nE   assert 1 == 2\nE    +  where\n1 failed\n"

    assert _seen(SUITE, Run(1, output), None, 0).last_words == "assert 1 == 2"


def placed_run(tmp_path: Path, code: str) -> list[object]:
    """The files that a small program is told to have changed."""
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "a.py").write_text("old\n")
    (project / "gone.py").write_text("")
    (tmp_path / "new.txt").write_text("new\n")
    (tmp_path / "report").mkdir()
    plan = {"remove": ["gone.py"], "files": {"tests/test_x.py": str(tmp_path / "new.txt")}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    argv = [sys.executable, "-I", str(PROBES / "orchestrate_placed.py"), str(tmp_path / "plan.json"), str(project)]
    done = subprocess.run(
        [*argv, sys.executable, "-c", code],
        cwd=project,
        env={"ORCHESTRATE_REPORT": str(tmp_path / "report")},
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert (project / "tests/test_x.py").read_text() == "new\n"
    assert not (project / "gone.py").exists()
    records = (tmp_path / "report/records-placed.jsonl").read_text().splitlines()
    return [json.loads(record)["edited"] for record in records[1:-1]]


def test_files_are_placed_and_taken_away_and_nothing_is_called_changed(tmp_path: Path) -> None:
    assert placed_run(tmp_path, "import sys; sys.exit(3)") == []


def test_every_written_file_is_told_even_with_its_content_put_back(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nPath('a.py').write_text('old\\n')\nPath('b.py').write_text('')\n"
        "os.unlink('tests/test_x.py')\nPath('tests/test_x.py').write_text('new\\n')\n"
        "os.mkdir('__pycache__'); Path('__pycache__/c.pyc').write_text('')\nsys.exit(3)\n"
    )

    assert placed_run(tmp_path, code) == ["a.py", "b.py", "tests/test_x.py"]


@pytest.mark.parametrize("mode", ["timestamp", "unchecked-hash"])
def test_a_placed_file_is_run_and_not_what_another_was_compiled_to(tmp_path: Path, mode: str) -> None:
    target, report = tmp_path / "target", tmp_path / "report"
    for folder in (target, report):
        folder.mkdir()
    source, given, plan = target / "shop.py", tmp_path / "given.py", tmp_path / "plan.json"
    source.write_text("print('old')\n")
    given.write_text("print('new')\n")
    moment = 2_000_000_000
    os.utime(source, (moment, moment))
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode[mode.upper().replace("-", "_")])
    plan.write_text(json.dumps({"remove": [], "files": {"shop.py": str(given)}}))
    # As if the file were placed within the second in which the other was written.
    code = f"import os; os.utime('shop.py', ({moment}, {moment})); import shop"
    program = [sys.executable, str(PROBES / "orchestrate_placed.py"), str(plan), str(target)]
    done = subprocess.run(
        [*program, sys.executable, "-c", code],
        cwd=target,
        env={"ORCHESTRATE_REPORT": str(report)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "new\n"
    assert not list(target.rglob("__pycache__"))


def test_what_cannot_be_removed_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(at: str) -> None:
        raise PermissionError(at)

    (tmp_path / "plan").write_text('{"remove": [], "files": {}}')
    shell = ["/bin/sh", "-c", f'echo "$PYTHONPYCACHEPREFIX" > {tmp_path}/said']
    monkeypatch.setattr(placed, "remove_compiled", refuse)
    monkeypatch.setenv("ORCHESTRATE_REPORT", str(tmp_path))
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr("sys.argv", ["placed", str(tmp_path / "plan"), str(tmp_path), *shell])
    with pytest.raises(SystemExit):
        placed.main()
    assert "bytecode-" in (tmp_path / "said").read_text()
