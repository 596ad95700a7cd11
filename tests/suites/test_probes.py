"""Our recorders, run by real runners in processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.suites.probe_files import probe_files
from orchestrator.suites.report import TestOutcome
from orchestrator.suites.results import Run, State, SuiteResult, judge
from orchestrator.suites.suite import Form, Places, Setting, Suite, invocation

pytestmark = pytest.mark.slow

PYTEST = Suite(
    "pytest",
    "pytest",
    (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
    "here",
    Form.RECORDS,
    env=(
        Setting("PYTHONPATH", "@probes@", ":"),
        Setting("PYTEST_ADDOPTS", "-p orchestrate_pytest", " "),
        Setting("ORCHESTRATE_REPORT", "@report@"),
    ),
)
UNITTEST = Suite(
    "unittest",
    "unittest",
    (sys.executable, "@probes@/orchestrate_unittest.py"),
    "here",
    Form.RECORDS,
    env=(Setting("ORCHESTRATE_REPORT", "@report@"),),
)
GOOD = "def test_good():\n    assert True\n"
BAD = "def test_bad():\n    assert False\n"
CASE = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue({})\n"


def run(tmp_path: Path, suite: Suite, files: Mapping[str, str], *more: str) -> SuiteResult:
    places = Places(*(tmp_path / name for name in ("report", "probes", "work", "target")))
    for folder in (places.report, places.probes, places.work, places.target):
        folder.mkdir()
    for name, content in probe_files().items():
        (places.probes / name).parent.mkdir(parents=True, exist_ok=True)
        (places.probes / name).write_bytes(content)
    for name, text in files.items():
        (places.target / name).parent.mkdir(parents=True, exist_ok=True)
        (places.target / name).write_text(text)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    made = invocation(suite, places, environ)
    done = subprocess.run(
        [*made.argv, *more],
        cwd=places.target,
        env=dict(made.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=100,
    )
    found = {path.name: path.read_bytes() for path in places.report.iterdir()}
    return judge(suite, Run(done.returncode, done.stdout, found))


def outcomes(result: SuiteResult) -> Sequence[str]:
    return [f"{name} {outcome}" for name, outcome in sorted(result.tests.items())]


def test_pytests_own_endings_are_recorded(tmp_path: Path) -> None:
    text = (
        "import pytest, unittest\n"
        "def test_good(): pass\n"
        "@pytest.mark.skip\ndef test_skipped(): pass\n"
        "@pytest.mark.xfail\ndef test_expected(): assert False\n"
        "@pytest.mark.xfail\ndef test_unexpected(): pass\n"
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_many(n): assert n\n"
        "@pytest.fixture\ndef broken(): raise ValueError\n"
        "def test_setup(broken): pass\n"
        "class TestCase(unittest.TestCase):\n"
        "    def test_case(self): self.fail()\n"
        "    @unittest.skip('x')\n    def test_left(self): pass\n"
        "    @unittest.expectedFailure\n    def test_foreseen(self): self.fail()\n"
        "    def test_fine(self): pass\n"
    )
    result = run(tmp_path, PYTEST, {"test_a.py": text})
    assert result.state is State.FAILED
    assert outcomes(result) == [
        "test_a.py::TestCase::test_case failed",
        "test_a.py::TestCase::test_fine passed",
        "test_a.py::TestCase::test_foreseen skipped",
        "test_a.py::TestCase::test_left skipped",
        "test_a.py::test_expected skipped",
        "test_a.py::test_good passed",
        "test_a.py::test_many[1] passed",
        "test_a.py::test_many[2] passed",
        "test_a.py::test_setup error",
        "test_a.py::test_skipped skipped",
        "test_a.py::test_unexpected passed",
    ]


REWRITES = {
    "report": "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
    "    out = yield\n    out.get_result().outcome = 'passed'\n",
    "new wrapper": "import pytest\n@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_runtest_makereport():\n"
    "    report = yield\n    report.outcome = 'passed'\n    report.longrepr = None\n    return report\n",
    "call swallowed": "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_call(item):\n"
    "    out = yield\n    out.force_result(None)\n",
    "function not called": "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
    "exception caught": "def pytest_pyfunc_call(pyfuncitem):\n"
    "    try:\n        pyfuncitem.obj()\n    except BaseException:\n        pass\n    return True\n",
    "runtest replaced": "import pytest\npytest.Function.runtest = lambda self: None\n",
    "from_call replaced": "import _pytest.runner as r\nold = r.CallInfo.from_call\n"
    "def new(func, when, reraise=None):\n    return old((lambda: None) if when == 'call' else func, when, reraise)\n"
    "r.CallInfo.from_call = new\n",
    "protocol replaced": "from _pytest.reports import TestReport\ndef pytest_runtest_protocol(item, nextitem):\n"
    "    for when in ('setup', 'call', 'teardown'):\n"
    "        report = TestReport(item.nodeid, item.location, {}, 'passed', None, when)\n"
    "        item.ihook.pytest_runtest_logreport(report=report)\n"
    "    return True\n",
    "exit status": "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0\n",
    "exit at the end": "import os\ndef pytest_unconfigure():\n    os._exit(0)\n",
    "exit at the finish": "import os\ndef pytest_sessionfinish():\n    os._exit(0)\n",
    "exit at collection": "import os\nos._exit(0)\n",
    "all taken out": "def pytest_collection_modifyitems(items):\n    items[:] = []\n",
    "all skipped": "import pytest\ndef pytest_collection_modifyitems(items):\n"
    "    for item in items:\n        item.add_marker(pytest.mark.skip)\n",
    "all expected": "import pytest\ndef pytest_collection_modifyitems(items):\n"
    "    for item in items:\n        item.add_marker(pytest.mark.xfail)\n",
    "a report by hand": "import os\nopen(os.path.join(os.path.dirname(__file__), 'junit.xml'), 'w').write("
    "'<testsuite><testcase name=\"a\"/></testsuite>')\nos._exit(0)\n",
    "records by hand": "import os\nfolder = os.environ.get('ORCHESTRATE_REPORT', '.')\n"
    "with open(os.path.join(folder, 'records-1-x.jsonl'), 'w') as file:\n"
    '    file.write(\'{"start": "pytest"}\\n{"test": "a", "outcome": "passed"}\\n{"end": 0}\\n\')\n'
    "os._exit(0)\n",
    "marked late": "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
    "    out = yield\n    report = out.get_result()\n    if report.failed:\n"
    "        report.outcome = 'skipped'\n        report.wasxfail = 'x'\n",
}


@pytest.mark.parametrize("conftest", REWRITES.values(), ids=REWRITES)
def test_a_conftest_that_hides_a_failure_makes_nothing_pass(tmp_path: Path, conftest: str) -> None:
    result = run(tmp_path, PYTEST, {"conftest.py": conftest, "test_a.py": BAD})
    assert result.state is not State.PASSED, result
    assert result.reason


HARMLESS = {
    "outcome kept on the item": "import pytest\n@pytest.hookimpl(hookwrapper=True)\n"
    "def pytest_runtest_makereport(item, call):\n"
    "    out = yield\n    setattr(item, 'rep_' + call.when, out.get_result())\n",
    "own coroutines": "import asyncio, inspect\ndef pytest_pyfunc_call(pyfuncitem):\n"
    "    if inspect.iscoroutinefunction(pyfuncitem.obj):\n"
    "        asyncio.run(pyfuncitem.obj())\n        return True\n",
    "fixtures": "import pytest\n@pytest.fixture(autouse=True)\ndef one():\n    yield 1\n",
}


@pytest.mark.parametrize("conftest", HARMLESS.values(), ids=HARMLESS)
def test_hooks_that_hide_nothing_are_no_problem(tmp_path: Path, conftest: str) -> None:
    more = "async def test_awaits():\n    pass\n" if "asyncio" in conftest else ""
    result = run(tmp_path, PYTEST, {"conftest.py": conftest, "test_a.py": GOOD + more})
    assert (result.state, result.counts.passed) == (State.PASSED, 1 + bool(more)), result


def test_a_project_that_turns_every_warning_into_an_error_meets_none(tmp_path: Path) -> None:
    result = run(tmp_path, PYTEST, {"pytest.ini": "[pytest]\nfilterwarnings = error\n", "test_a.py": GOOD}, "-Werror")
    assert (result.state, result.reason) == (State.PASSED, "1 passed")


def pythons() -> Sequence[str]:
    """Every interpreter of this machine that can run us: by PATH, and where version managers keep them."""
    names = [f"python3.{minor}" for minor in range(7, 30)]
    found = {shutil.which(name) for name in names}
    kept = Path.home().glob(".pyenv/versions/*/bin/python3.[0-9]*")
    found |= {str(path) for path in kept if path.name in names}
    return sorted(path for path in found if path is not None and "/shims/" not in path)


@pytest.mark.parametrize("python", [sys.executable, *pythons()])
def test_unittest_is_the_same_on_every_python(tmp_path: Path, python: str) -> None:
    suite = replace(UNITTEST, argv=(python, *UNITTEST.argv[1:]))
    for name, files, says in (
        ("none", {"a.py": ""}, "not measured: no test ran"),
        (
            "skipped",
            {"test_a.py": "import unittest\nraise unittest.SkipTest('x')"},
            "not measured: no test ran: 1 skipped",
        ),
        ("outside", {"signup/test_v.py": CASE.format("False")}, "failed: 1 failed: signup.test_v.T.test_it"),
    ):
        (tmp_path / name).mkdir()
        result = run(tmp_path / name, suite, files)
        assert f"{result.state}: {result.reason}" == says


def test_what_tests_start_themselves_is_not_recorded(tmp_path: Path) -> None:
    text = (
        "import os, subprocess, sys\n"
        "def test_inner(tmp_path):\n"
        "    (tmp_path / 'test_x.py').write_text('def test_x(): assert False')\n"
        "    assert subprocess.call([sys.executable, '-m', 'pytest', str(tmp_path)]) == 1\n"
        "    assert not [name for name in os.environ if 'ORCHESTRATE' in name or name == 'PYTEST_ADDOPTS']\n"
        "def test_forks():\n    if os.fork() == 0:\n        os._exit(0)\n    os.wait()\n"
    )
    result = run(tmp_path, PYTEST, {"test_a.py": text})
    assert outcomes(result) == ["test_a.py::test_forks passed", "test_a.py::test_inner passed"]
    assert result.state is State.PASSED


def test_workers_of_xdist_are_recorded_too(tmp_path: Path) -> None:
    result = run(tmp_path, PYTEST, {"test_a.py": GOOD + BAD}, "-n", "2")
    assert outcomes(result) == ["test_a.py::test_bad failed", "test_a.py::test_good passed"]


def test_deselected_tests_are_named(tmp_path: Path) -> None:
    result = run(tmp_path, PYTEST, {"test_a.py": GOOD + BAD}, "-k", "good")
    assert result.state is State.PASSED
    assert result.deselected == ("test_a.py::test_bad",)


def test_a_module_that_cannot_be_loaded_is_a_failure(tmp_path: Path) -> None:
    result = run(tmp_path, PYTEST, {"test_a.py": "import nowhere\n"})
    assert (result.state, result.reason) == (State.FAILED, "no tests: test_a.py cannot be loaded")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"signup/test_v.py": CASE}, id="a folder that is no package"),
        pytest.param({"test/test_v.py": CASE}, id="named as a module of the standard library"),
        pytest.param({"tests/test_v.py": "import near\n" + CASE, "tests/near.py": ""}, id="imports its neighbour"),
        pytest.param({"a/b/test_v.py": CASE, "a/__init__.py": ""}, id="within a package"),
        pytest.param({"a/b/test_v.py": CASE, "a/b/__init__.py": ""}, id="a package within it"),
        pytest.param({"test_v.py": CASE}, id="at the top"),
        pytest.param({"tests/__init__.py": "", "tests/test_v.py": CASE}, id="a package"),
        pytest.param(
            {"tests/test_v.py": "from lib.x import Y\n" + CASE, "lib/x.py": "Y = 1"}, id="imports from the top"
        ),
    ],
)
def test_unittest_finds_tests_wherever_they_lie(tmp_path: Path, files: Mapping[str, str]) -> None:
    for holds, state in (("False", State.FAILED), ("True", State.PASSED)):
        folder = tmp_path / holds
        folder.mkdir()
        result = run(folder, UNITTEST, {name: text.format(holds) for name, text in files.items()})
        assert (result.state, result.counts.ran) == (state, 1), result


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "no test ran", id="none"),
        pytest.param(
            "import unittest\nclass T(unittest.TestCase):\n    @unittest.skip('x')\n    def test_it(self): pass\n",
            "1 skipped",
            id="skipped",
        ),
        pytest.param("import unittest\nraise unittest.SkipTest('x')\n", "1 skipped", id="a skipped module"),
        pytest.param(
            "import os, unittest\nclass T(unittest.TestCase):\n    def test_it(self): os._exit(0)\n",
            "before it was done, within",
            id="exits",
        ),
    ],
)
@pytest.mark.parametrize("folder", ["", "x/"])
def test_unittest_without_a_test_that_ran_is_not_measured(tmp_path: Path, text: str, says: str, folder: str) -> None:
    result = run(tmp_path, UNITTEST, {f"{folder}test_a.py": text})
    assert result.state is State.NOT_MEASURED
    assert says in result.reason


def test_unittests_own_arguments_are_understood(tmp_path: Path) -> None:
    files = {"checks/check_a.py": CASE.format("True"), "test_b.py": CASE.format("False")}
    result = run(tmp_path, UNITTEST, files, "discover", "-s", "checks", "-p", "check_*.py")
    assert outcomes(result) == ["check_a.T.test_it passed"]


def test_unittests_own_endings_are_recorded(tmp_path: Path) -> None:
    text = (
        "import unittest\n"
        "class A(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): raise ValueError\n    def test_a(self): pass\n"
        "class B(unittest.TestCase):\n"
        "    def test_sub(self):\n        with self.subTest(n=1): self.fail()\n"
        "    @unittest.expectedFailure\n    def test_foreseen(self): self.fail()\n"
        "    @unittest.expectedFailure\n    def test_unforeseen(self): pass\n"
        "    def test_good(self): pass\n"
    )
    result = run(tmp_path, UNITTEST, {"test_a.py": text})
    assert outcomes(result) == [
        "setUpClass (test_a.A) error",
        "test_a.B.test_foreseen skipped",
        "test_a.B.test_good passed",
        "test_a.B.test_sub failed",
        "test_a.B.test_unforeseen failed",
    ]
    assert result.state is State.FAILED
    assert TestOutcome.ERROR in result.tests.values()
