from __future__ import annotations

from pathlib import Path

from orchestrator.measurement.target_suites import found_suites, missing_modules, with_python
from orchestrator.suites.results import Run
from orchestrator.suites.suite import Form, Setting, Suite


def test_a_named_interpreter_replaces_the_projects_own_environment() -> None:
    env = (Setting("PATH", "@target@/.venv/bin", ":"), Setting("PYTHONPATH", "@probes@", ":"))
    suite = Suite("pytest", "pytest", ("python3", "-m", "pytest"), "pytest.ini", Form.RECORDS, env=env)
    chosen = with_python(suite, Path("/there/bin/python"))
    assert chosen.argv == ("/there/bin/python", "-m", "pytest")
    assert chosen.env == env[1:]
    tox = Suite("tox", "tox", ("tox",), "tox.ini", Form.RECORDS)
    assert with_python(tox, Path("/x")) == tox


def test_missing_modules_are_named_once_by_their_top_name() -> None:
    output = (
        b"E   ModuleNotFoundError: No module named 'numpy.linalg'\n" * 3 + b"ModuleNotFoundError: No module named 'a'"
    )
    assert missing_modules(Run(1, output)) == ("numpy", "a")
    assert missing_modules(Run(1, b"\xff No module named '\xff'")) == ()


def test_every_suite_is_found_as_orchestrate_tests_shows_it(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import unittest\nclass T(unittest.TestCase):\n    def test(self): pass\n")
    detection, folders = found_suites(tmp_path, {"PATH": "/usr/bin:/bin"}, ())
    assert ([suite.runner for suite in detection.suites], folders) == (["unittest"], ())
    stated, _ = found_suites(tmp_path, {"PATH": "/usr/bin:/bin"}, ("make check",))
    assert [suite.stated for suite in stated.suites] == [True]
