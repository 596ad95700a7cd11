"""What the target's own tests show: only tests that ran and passed, by their runner's report (A1, A2, A5)."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tests.faults.conftest import JobResult, Program

DONE, NEEDS_PERSON = 0, 3
PYTEST = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
"""What a project needs that brings its own pytest along."""
CHANGES = "echo more >>notes.txt"
"""What the agent does; its change has nothing to do with the tests."""


def case(body: str = "pass", decorator: str = "") -> str:
    return f"import os, unittest\nclass T(unittest.TestCase):\n    {decorator}\n    def test_it(self): {body}\n"


def writing(files: Mapping[str, str]) -> str:
    """What an agent does that writes these files."""
    lines = []
    for name, text in files.items():
        lines.append(f"mkdir -p $(dirname {name}) && cat >{name} <<'END'\n{text}\nEND")
    return "\n".join([CHANGES, *lines])


def ran_on(program: Program, files: Mapping[str, str], does: str = CHANGES) -> tuple[JobResult, str]:
    """One run on a project of these files; how it ended, and the report."""
    target = program.target(files={"notes.txt": "notes\n", **files})
    if "pyproject.toml" in files:
        # Whatever interpreter the sandbox shows: what lies in the project can be imported there.
        for name in PYTEST:
            package = importlib.import_module(name)
            assert package.__file__ is not None
            shutil.copytree(Path(package.__file__).parent, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        installed = Path(pytest.__file__).parent.parent
        shutil.copy(installed / "py.py", target)
        for metadata in installed.glob("pluggy-*.dist-info"):
            shutil.copytree(metadata, target / metadata.name)
        program.commit(target)
    program.claude(does)
    ran = program.run(target)
    return ran, (program.session() / "report.md").read_text(encoding="utf-8")


SKIP = "@unittest.skip('later')"
BAD_TEST = "def test_it():\n    assert False\n"
HOOK = "import pytest\n@pytest.hookimpl(hookwrapper=True)\n"
UNPROVEN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "a folder that is no package": ("1 failed: signup.test_v.T.test_it", {"signup/test_v.py": case("self.fail()")}),
    "skipped tests alone": ("no test ran: 1 skipped", {"test_a.py": case(decorator=SKIP)}),
    "a test that ends the process": ("ended before it was done", {"test_a.py": case("os._exit(0)")}),
    "a script that finds no tests": (
        "wrote no report",
        {
            "package.json": json.dumps({"scripts": {"test": "node test.js"}}),
            "test.js": "console.log('No tests found, exiting with code 0')",
        },
    ),
    "a script that lets tests fail": (
        "1 failed",
        {
            "package.json": json.dumps({"scripts": {"test": "python3 -m unittest || true"}}),
            "test_a.py": case("self.fail()"),
        },
    ),
    "pytest, outcomes rewritten": (
        "1 failed",
        {
            "pyproject.toml": "",
            "conftest.py": f"{HOOK}def pytest_runtest_makereport():\n    out = yield\n"
            "    out.get_result().outcome = 'passed'\n",
            "test_a.py": BAD_TEST,
        },
    ),
    "pytest, a report by hand": (
        "ended before it was done",
        {
            "pyproject.toml": "",
            "conftest.py": "import os\n"
            "open('junit.xml', 'w').write('<testsuite><testcase name=\"a\"/></testsuite>')\nos._exit(0)\n",
            "test_a.py": BAD_TEST,
        },
    ),
}


@pytest.mark.fault("A1")
@pytest.mark.parametrize(("says", "files"), UNPROVEN.values(), ids=UNPROVEN)
def test_tests_that_did_not_run_and_pass_are_not_passed(program: Program, says: str, files: Mapping[str, str]) -> None:
    before = {name: text for name, text in files.items() if name == "pyproject.toml"}
    ran, report = ran_on(program, before, writing(files))
    assert "tests pass" not in report + ran.text
    assert says in report + ran.text
    assert ran.code == NEEDS_PERSON, ran.text


@pytest.mark.fault("A1")
def test_no_tests_at_all_are_called_none(program: Program) -> None:
    ran, report = ran_on(program, {"pyproject.toml": "", "tests/test_a.py": "import pytest\n"})
    assert "not measured" in report + ran.text
    assert "no test ran" in report + ran.text


@pytest.mark.fault("A1")
def test_packages_without_test_files_do_not_pass(program: Program, not_proven: Callable[[str], NoReturn]) -> None:
    if shutil.which("go", path=program.environ["PATH"]) is None:
        not_proven("go is not installed")
    program.environ["GOCACHE"] = program.environ["GOFLAGS"] = ""
    ran, report = ran_on(program, {"go.mod": "module x\n\ngo 1.19\n", "a.go": "package x\n"})
    assert "tests pass" not in report + ran.text
    assert "tests fail" not in report + ran.text


NO_TESTS = {
    "the placeholder": json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}}),
    "a keyword": json.dumps({"keywords": ["test"]}),
    "no JSON": '{"scripts": {"test": "exit 1"',
}


@pytest.mark.fault("A2")
@pytest.mark.parametrize("package", NO_TESTS.values(), ids=NO_TESTS)
def test_a_project_without_tests_has_none_that_fail(program: Program, package: str) -> None:
    ran, report = ran_on(program, {"package.json": package})
    assert "tests fail" not in report + ran.text


@pytest.mark.fault("A2")
@pytest.mark.parametrize("holds", [True, False])
def test_behind_a_placeholder_the_search_goes_on(program: Program, holds: bool) -> None:
    files = {"package.json": NO_TESTS["the placeholder"], "tests/test_a.py": case("pass" if holds else "self.fail()")}
    ran, report = ran_on(program, files)
    assert ("unittest: passed" if holds else "unittest: failed") in report + ran.text


def odd(kind: str, folder: Path) -> None:
    if kind == "a link to nowhere":
        (folder / "tests/test_gone.py").symlink_to("nowhere")
    elif kind == "a folder":
        (folder / "tests/test_folder.py").mkdir()
        (folder / "tests/test_folder.py/x").write_text("")
    elif kind == "a link to itself":
        (folder / "test_loop.py").symlink_to("test_loop.py")


@pytest.mark.fault("A5")
@pytest.mark.parametrize("kind", ["a link to nowhere", "a folder", "a link to itself"])
def test_one_odd_entry_does_not_end_the_search(program: Program, kind: str) -> None:
    target = program.target(files={"notes.txt": "", "tests/test_good.py": case()})
    odd(kind, target)
    program.commit(target)
    program.claude(CHANGES)
    ran = program.run(target)
    assert "not measured" not in (program.session() / "report.md").read_text() + ran.text
    assert ran.code == DONE, ran.text
