from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.gates.folder_runs import modules_above
from orchestrator.gates.gate import Subject
from orchestrator.gates.gate_table import OWN
from orchestrator.gates.gate_verdicts import Counted, Rules
from orchestrator.measurement.gate_run import digests_of, gates_beside, graders_of, written_since
from orchestrator.measurement.tool_environment import ToolEnvironment, ready_tools
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.rehearsal.installing import default_cache
from orchestrator.sandbox.layers import Bench, Kind, Layer
from tests.measurement.conftest import SMALL, gates, written
from tests.measurement.test_probes import PROBES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

Report = tuple[Mapping[str, Any], int, Path]
GateNamed = Callable[[str], Mapping[str, Any]]


def test_the_project_is_as_it_was_and_its_hash_is_in_every_gate(measured: Report) -> None:
    report, _, folder = measured
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == sorted(SMALL)
    assert report["tree"].startswith("sha256:")
    assert {gate["tree"] for gate in report["gates"]} == {report["tree"]}
    assert report["files"] == len(SMALL)


def test_every_value_says_by_which_tool_and_command_it_came(measured: Report) -> None:
    report, _, _ = measured
    for gate in report["gates"]:
        if gate["actual"] is not None:
            assert gate["counted"] > 0, gate
            assert gate["tool"], gate
            assert gate["duration_s"] is None or gate["duration_s"] > 0, gate


def test_tests_ran_where_the_project_lies(gate_named: GateNamed) -> None:
    gate = gate_named("tests")
    assert (gate["state"], gate["actual"], gate["counted"]) == ("pass", 0.0, 1)


def test_findings_that_the_project_asks_to_overlook_count(gate_named: GateNamed) -> None:
    gate = gate_named("lint")
    assert (gate["state"], gate["actual"], gate["counted"], gate["tool"]) == ("fail", 2.0, 4, "ruff")
    assert [(finding["file"], finding["line"]) for finding in gate["findings"]] == [
        ("pkg/shout.py", 1),
        ("pkg/shout.py", 2),
    ]
    assert [(entry["asks"], entry["hides"]) for entry in gate["suppressions"]] == [
        ("# noqa: F401", 1),
        ("ignore = F", 2),
    ]


@pytest.mark.parametrize(
    ("name", "state", "actual", "counted"),
    [
        ("coverage", "fail", 50.0, 4),
        ("types", "pass", 0.0, 4),
        ("complexity", "pass", 1.0, 1),
        ("documentation", "fail", 75.0, 4),
        ("security", "pass", 0.0, 4),
        ("secrets", "pass", 0.0, 5),
    ],
)
def test_each_value_is_the_one_that_was_counted_by_hand(
    gate_named: GateNamed, name: str, state: str, actual: float, counted: int
) -> None:
    gate = gate_named(name)
    assert (gate["state"], gate["actual"], gate["counted"]) == (state, actual, counted), gate


def test_code_without_a_branch_has_no_share_of_branches(gate_named: GateNamed) -> None:
    assert gate_named("branches")["message"] == "there is no branch"


def test_coverage_says_by_which_version_of_ours_it_was_traced(gate_named: GateNamed) -> None:
    gate = gate_named("coverage")
    assert gate["tool"] == "coverage"
    assert gate["version"][0].isdigit()


def test_what_fails_blocks(measured: Report) -> None:
    report, code, _ = measured
    assert code == 1
    assert not report["approved"]
    assert "lint: 2 findings, and at most 0 is wanted" in report["blockers"]


GRASPING = """
import os, pathlib, unittest
class T(unittest.TestCase):
    def test(self):
        wrote = []
        for place in {places}:
            try:
                with open(place, "a") as file:
                    file.write("planted")
                wrote.append(place)
            except OSError:
                pass
        pathlib.Path({target!r}, "wrote.txt").write_text(repr(wrote))
"""


def test_a_projects_test_that_writes_what_grades_it_writes_a_layer_at_most(tmp_path: Path) -> None:
    tools = ready_tools(default_cache(), os.environ)
    assert isinstance(tools, ToolEnvironment)
    project = tmp_path / "project"
    places = [tools.folder / "planted", tools.programs / "ruff", tools.folder / ".ready", tmp_path / "baseline.json"]
    places += [Path(__file__).with_name("planted"), project / "kept.py", project / ".orchestrator/settings.toml"]
    text = GRASPING.format(places=list(map(str, places)), target=str(project))
    written(project, {"test_it.py": text, "kept.py": "X = 1\n", ".orchestrator/settings.toml": "# mine\n"})
    before = graders_of(tools, PROBES)
    (gate,) = json.loads(gates(str(project), "--only", "tests", "--json").stdout)["gates"]
    assert (gate["state"], gate["counted"]) == ("pass", 1)
    assert graders_of(tools, PROBES) == before
    assert (project / "kept.py").read_text() == "X = 1\n"
    assert (project / ".orchestrator/settings.toml").read_text() == "# mine\n"
    assert not (project / "wrote.txt").exists()
    assert not (tmp_path / "baseline.json").exists()


def test_a_grader_that_was_written_is_seen(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text("1")
    before = graders_of("no tools", tmp_path)
    assert graders_of("no tools", tmp_path) == before
    (tmp_path / "probe.py").write_text("2 ")
    assert graders_of("no tools", tmp_path) != before


def test_an_empty_folder_is_not_measured_and_blocks(tmp_path: Path) -> None:
    done = gates(str(tmp_path), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert {gate["state"] for gate in report["gates"]} == {"not measured"}
    assert report["confidence"] == "low"


def test_a_suite_without_an_end_is_not_measured(tmp_path: Path) -> None:
    endless = "import threading, unittest\nclass T(unittest.TestCase):\n    def test(self): threading.Event().wait()\n"
    written(tmp_path, {"test_it.py": endless})
    done = gates(str(tmp_path), "--only", "tests", "--timeout", "3s", "--json")
    (gate,) = json.loads(done.stdout)["gates"]
    assert gate["state"] == "not measured"
    assert "it took longer than 3 s" in gate["message"]


def test_tests_that_need_what_is_not_installed_are_not_measured_by_name(tmp_path: Path) -> None:
    text = "import unittest\nimport nowhere_to_be_had\nclass T(unittest.TestCase):\n    def test(self): pass\n"
    written(tmp_path, {"test_it.py": text})
    (gate,) = json.loads(gates(str(tmp_path), "--only", "tests", "--json").stdout)["gates"]
    assert gate["state"] == "not measured"
    assert "nowhere_to_be_had" in gate["message"]


def test_scripts_that_no_test_runs_keep_no_python_project_from_passing(tmp_path: Path) -> None:
    scripts = {"package.json": '{"devDependencies": {"eslint": "^9"}}', "static/app.js": "document.title = 'x';\n"}
    report = json.loads(gates(str(written(tmp_path, {**SMALL, **scripts})), "--json", "--offline").stdout)
    unseen = {gate["name"]: gate["blocks"] for gate in report["gates"] if gate["state"] == "not measured"}
    assert unseen | {"javascript-coverage": False, "javascript-lint": False, "modules": False} == unseen
    assert any(text.startswith("javascript-coverage was not measured: ") for text in report["warnings"])


@pytest.mark.parametrize(
    ("rules", "scripts", "beside"),
    [
        (Rules(), 1, {"javascript-lint", "modules"}),
        (Rules(), 3, {"lint"}),
        (Rules(), 0, set()),
        (Rules(strict=True), 1, set()),
        (Rules({"modules": 0.0}, baseline={"javascript-lint": Counted(1)}), 1, set()),
    ],
)
def test_what_stands_beside_the_main_language(rules: Rules, scripts: int, beside: set[str]) -> None:
    chosen = [gate for gate in OWN if gate.name in ("javascript-lint", "modules", "lint", "secrets")]
    names = tuple(f"{number}.js" for number in range(scripts))
    roots: Mapping[Any, tuple[str, ...]] = {"python": ("",), "javascript": ("",)}
    subject = Subject(source_files=("a.py", "b.py"), roots=roots, sources={"javascript": names})
    assert gates_beside(chosen, subject, rules) == beside
    assert gates_beside(chosen, Subject(roots={"javascript": ("",)}), rules) == frozenset()


def test_a_tool_of_the_project_that_was_written_while_agents_worked_is_not_asked(tmp_path: Path) -> None:
    tool = written(tmp_path, {"node_modules/eslint/bin/eslint.js": "1;\n", "web/a.js": ""}) / "node_modules/eslint"
    folders = modules_above(["web"])
    assert folders == ("node_modules", "web/node_modules")
    began = datetime.now(UTC) + timedelta(seconds=1)
    assert written_since(tmp_path, folders, began) is None
    earlier = datetime.now(UTC) - timedelta(seconds=60)
    # Its date can be set back, and the time of that cannot.
    os.utime(tool / "bin/eslint.js", (0, 0))
    assert written_since(tmp_path, folders, earlier) is not None
    copy = shutil.copytree(tmp_path / "node_modules", tmp_path / "copy/node_modules").parent
    assert written_since(tmp_path, folders, began, copy=copy) is None
    (copy / "node_modules/eslint/bin/eslint.js").write_text("0;\n")
    assert written_since(tmp_path, folders, began, copy=copy) == (
        "node_modules is not that of the project in the copy that an agent worked on"
    )
    (tmp_path / "web/node_modules").symlink_to("../node_modules")
    assert written_since(tmp_path, folders, began) == "web/node_modules is no folder that can be looked at"


@pytest.mark.parametrize("kind", ["overlay", "copy"])
def test_what_the_projects_code_writes_to_a_copy_is_seen(tmp_path: Path, kind: Kind) -> None:
    base = written(tmp_path, {"a.py": "one\n", "src/b.js": "two\n"})
    bench = Bench(SandboxConfig(name="x"), "none", {}, tmp_path, (), tmp_path)
    layer = Layer(kind, base, base, base, (), bench)
    subject = Subject(source_files=("a.py",), sources={"javascript": ("src/b.js", "gone.js")})
    before = digests_of(layer, subject)
    (base / "src/b.js").write_text("")
    assert (digests_of(layer, subject) == before) is (kind == "overlay")


def test_a_test_that_a_change_leaves_out_is_no_test_that_passes(tmp_path: Path) -> None:
    project = written(tmp_path / "project", SMALL)
    before = gates(str(project), "--only", "tests", "--json").stdout
    assert json.loads(before)["obeyed"]["selection"] == []
    (tmp_path / "before.json").write_text(before)
    bad = (
        "import pytest\n\n\n@pytest.mark.xfail\ndef test_bad():\n    assert False\n\n\n"
        "def test_worse():\n    assert False\n"
    )
    options = "[tool.pytest.ini_options]\naddopts = \"-k 'not worse'\"\n"
    written(project, {"tests/test_bad.py": bad, "pyproject.toml": options})
    arguments = (str(project), "--only", "tests", "--json", "--python", sys.executable)
    (alone,) = json.loads(gates(*arguments).stdout)["gates"]
    assert (alone["state"], [finding["line"] for finding in alone["findings"]]) == ("pass", [None, 4])
    (after,) = json.loads(gates(*arguments, "--baseline", str(tmp_path / "before.json")).stdout)["gates"]
    assert after["state"] == "not measured"
    assert after["message"] == "tests are left out that were not before: pyproject.toml: -k not worse"
