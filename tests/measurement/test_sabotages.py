"""A tool that does not do its work, or a project that hides from it: each with its answer written beforehand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.measurement.tool_environment import ToolEnvironment, ready_tools
from orchestrator.rehearsal.installing import default_cache
from tests.measurement.conftest import SMALL, gates, written
from tests.measurement.planted import clean, installed, project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]
VERSION = 'case "$*" in *--version) echo "ruff {version}"; exit 0;; esac\n'
DIRTY = {**SMALL, "pkg/dirty.py": "import os\nimport re\n"}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> ToolEnvironment:
    """The real tools in a cache of their own, of which a test may break one."""
    real = ready_tools(default_cache(), os.environ)
    assert isinstance(real, ToolEnvironment), real
    cache = tmp_path_factory.mktemp("cache") / "orchestrate"
    folder = cache / "gates" / real.folder.name
    folder.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(real.folder), str(folder)], check=True)
    (folder / ".ready").unlink()
    (folder / ".ready").write_bytes(os.fsencode(folder) + b"\n")
    return ToolEnvironment(folder, real.versions)


def measured(folder: Path, *arguments: str, tools: ToolEnvironment | None = None) -> Mapping[str, Any]:
    environ = {} if tools is None else {"XDG_CACHE_HOME": str(tools.folder.parent.parent.parent)}
    done = gates(str(folder), "--json", "--python", sys.executable, *arguments, environ=environ)
    assert done.returncode == 1, (done.stdout, done.stderr)
    (gate,) = json.loads(done.stdout)["gates"]
    found: Mapping[str, Any] = gate
    return found


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param(None, "missing or does not start", id="missing"),
        pytest.param("exit 1", "does not start", id="broken"),
        pytest.param('echo "ruff 0.0.1"', "is what was installed", id="another version"),
        pytest.param(f"{VERSION}kill -SEGV $$", "ended by signal 11", id="crash"),
        pytest.param(f"{VERSION}echo panic >&2; exit 101", "ended with 101: panic", id="panic"),
        pytest.param(f"{VERSION}echo 'All checks passed!'", "something else than its report", id="garbage"),
        pytest.param(VERSION, "something else than its report", id="nothing"),
        pytest.param(f"{VERSION}echo '[]'; exit 1", "does not go with 0 findings", id="one word against the other"),
        pytest.param(f"{VERSION}sleep 100", "it took longer than 3 s", id="endless"),
        pytest.param(VERSION.replace("echo", "sleep 1; echo") + "echo '[]'", "it cannot have looked", id="too fast"),
    ],
)
def test_a_tool_that_did_not_look_is_not_measured(
    tmp_path: Path, tools: ToolEnvironment, script: str | None, why: str
) -> None:
    program = tools.programs / "ruff"
    kept = program.with_name("ruff.kept")
    program.rename(kept)
    try:
        if script is not None:
            program.write_text("#!/bin/sh\n" + script.replace("{version}", tools.versions["ruff"]) + "\n")
            program.chmod(0o755)
        gate = measured(written(tmp_path, DIRTY), "--only", "lint", "--timeout", "3s", tools=tools)
    finally:
        program.unlink(missing_ok=True)
        kept.rename(program)
    assert (gate["state"], gate["actual"]) == ("not measured", None)
    assert why in gate["message"]


@pytest.mark.parametrize(
    ("files", "only", "state", "actual"),
    [
        pytest.param({}, "lint", "not measured", None, id="an empty folder"),
        pytest.param({"README.md": "no code"}, "complexity", "not measured", None, id="no Python"),
        pytest.param(
            {**DIRTY, "ruff.toml": 'exclude = ["*"]\n'}, "lint", "fail", 4.0, id="settings that leave all out"
        ),
        pytest.param({**DIRTY, ".flake8": "[flake8]\nexclude = *\n"}, "lint", "fail", 4.0, id="other settings"),
        pytest.param(
            {**DIRTY, "pkg/dirty.py": "# ruff: noqa\nimport os\n"}, "lint", "fail", 3.0, id="a file's comment"
        ),
        pytest.param(
            {**SMALL, ".coveragerc": "[run]\nomit = *\n"}, "coverage", "fail", 50.0, id="coverage that leaves all out"
        ),
        pytest.param(
            {
                **SMALL,
                "tests/test_sums.py": "import unittest\n@unittest.skip('')\nclass T(unittest.TestCase):\n"
                "    def test(self): pass\n",
            },
            "tests",
            "not measured",
            None,
            id="every test skipped",
        ),
        pytest.param(
            {
                **SMALL,
                "tests/test_sums.py": "import unittest, os\n"
                "class T(unittest.TestCase):\n    def test(self): os._exit(0)\n",
            },
            "tests",
            "not measured",
            None,
            id="a test that ends the runner well",
        ),
        pytest.param({"pkg/a.py": "def f(:\n"}, "lint", "fail", 2.0, id="no syntax"),
        pytest.param({"pkg/a.py": "def f(:\n"}, "documentation", "not measured", None, id="nothing to parse"),
        pytest.param(
            {"mypy.ini": "[mypy]\nignore_errors = True\n", "a.py": "x: int = ''  # type: ignore\n"},
            "types",
            "fail",
            1.0,
            id="types that are silenced",
        ),
        pytest.param(
            {
                ".bandit": "[bandit]\nskips = B602\n",
                "a.py": "import os\nos.popen(input())  # nosec\n"
                "import subprocess\nsubprocess.run(input(), shell=True)  # nosec\n",
            },
            "security",
            "fail",
            2.0,  # B605 and B602
            id="security that is silenced",
        ),
    ],
)
def test_a_project_that_hides_gets_its_true_value_or_none(
    tmp_path: Path, files: Mapping[str, str], only: str, state: str, actual: float | None
) -> None:
    gate = measured(written(tmp_path, files), "--only", only, "--strict")
    assert (gate["state"], gate["actual"]) == (state, actual), gate


def test_what_counted_less_than_half_of_the_baseline_is_not_measured(tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_text(json.dumps({"gates": [{"name": "lint", "counted": 9}]}))
    gate = measured(written(tmp_path / "project", SMALL), "--only", "lint", "--baseline", str(before))
    assert gate["state"] == "not measured"
    assert "only 4 files were counted, and 9 in the baseline" in gate["message"]


def test_what_a_baseline_records_is_obeyed_in_place_of_settings_that_weaken(tmp_path: Path) -> None:
    files = {**clean(), **installed("goodpkg", "2.1", "GPL-3.0-only")}
    folder = project(tmp_path / "project", files)
    options = (str(folder), "--json", "--only", "licences", "--trust-project", "--sandbox", "default")
    before = gates(*options)
    assert before.returncode == 1, before.stderr
    (tmp_path / "before.json").write_text(before.stdout)
    weaker = '[gates]\nallowed_licences = ["GPL-3.0-only"]\n'
    (folder / ".orchestrator/settings.toml").write_text(weaker)
    assert gates(*options).returncode == 0
    after = json.loads(gates(*options, "--baseline", str(tmp_path / "before.json")).stdout)
    assert [(gate["state"], gate["actual"]) for gate in after["gates"]] == [("fail", 1.0)]
    assert any("the baseline records" in note for note in after["notes"])


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    written(tmp_path, {"elsewhere/dirty.py": "import os\n", "project/clean.py": "X = 1\n"})
    (tmp_path / "project/linked.py").symlink_to("../elsewhere/dirty.py")
    report = gates(str(tmp_path / "project"), "--only", "lint", "--json")
    (gate,) = json.loads(report.stdout)["gates"]
    assert (gate["state"], gate["counted"]) == ("pass", 1)
