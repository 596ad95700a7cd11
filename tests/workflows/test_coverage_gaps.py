"""A small project is measured once; what no test runs, and which changes no test notices, is known beforehand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.workflows.coverage_gaps import Gap, is_of
from tests.measurement.conftest import written
from tests.workflows.test_coverage_check import PRICES, QUICK, ROOT


@pytest.mark.parametrize(
    ("name", "modules", "said"),
    [
        ("src/auth.py", ["auth"], True),
        ("src/auth/tokens.py", ["auth"], True),
        ("src/auth/__init__.py", ["src/auth/"], True),
        ("src/auth/tokens.py", ["auth.tokens"], True),
        ("src/auth/tokens.py", ["src/auth/tokens.py"], True),
        ("src/author.py", ["auth"], False),
        ("src/auth.py", ["payment"], False),
        ("src/auth.py", [], False),
    ],
)
def test_a_module_of_priority_is_named_as_people_name_it(name: str, modules: list[str], said: bool) -> None:
    assert is_of(name, modules) is said


def test_a_gap_is_told_by_place_function_and_lines() -> None:
    assert Gap("a.py", "f", (3, 4, 5, 9)).words() == "a.py: f: lines 3-5, 9"
    assert Gap("a.py", "f", (3,), has_priority=True).words() == "priority: a.py: f: line 3"


def measured(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "test-coverage", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.slow
def test_where_nothing_could_run_nothing_is_measured(tmp_path: Path) -> None:
    written(tmp_path, {"pyproject.toml": QUICK, "tests/test_x.py": "def test_x():\n    assert 1\n"})
    done = measured("--agents", "none", "--project-root", str(tmp_path), "--python", sys.executable)

    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no Python code in" in done.stderr


@pytest.mark.slow
def test_gaps_are_measured_and_a_stated_coverage_is_not_believed(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": QUICK,
        "shop/__init__.py": "",
        "shop/prices.py": PRICES,
        "shop/auth.py": "def allowed(name):\n    return name == 'root'\n",
        "tests/test_own.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    }
    folder = written((tmp_path / "shop").resolve(), files)
    words = ["--agents", "none", "--project-root", str(folder), "--python", sys.executable, "--sample", "3"]
    words += ["--priority", "auth", "--json", "--current-coverage", "95"]
    done = measured(*words)
    assert done.returncode == 1, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)

    # Of 11 statements three definitions, one line of a function and the constant run; nothing imports auth.py.
    assert report["coverage_before"] == pytest.approx(100 * 5 / 11, abs=0.01)
    assert [(gap["function"], gap["lines"], gap["priority"]) for gap in report["gaps"]] == [
        ("allowed", [2], True),
        ("discounted", [9, 10, 11], False),
        ("is_large", [15], False),
    ]
    assert report["mutants"]["before"]["tried"] == 3
    assert report["notes"][0] == "the coverage is said to be 95 %, and measured 45.5 %"
    assert (report["tests_generated"], report["target_reached"], report["success"]) == (0, False, False)
