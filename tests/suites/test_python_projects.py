from __future__ import annotations

from orchestrator.suites.finder import Finder
from orchestrator.suites.project import View, WrittenProject
from orchestrator.suites.python_projects import take_layout, take_tasks


def finder_of(files: dict[str, str], *links: str) -> Finder:
    return Finder(View(WrittenProject(files, links=links)))


def test_the_tool_that_keeps_the_interpreter_is_asked_where_it_is_there() -> None:
    finder = finder_of({"poetry.lock": "", "tests/test_a.py": "def test_a(): pass"})
    take_layout(finder, "")
    assert finder.suites[0].argv[2] == (
        "set -f; if command -v poetry >/dev/null 2>&1; then exec poetry run python -m pytest; fi; "
        "exec python3 -m pytest"
    )
    assert finder.suites[0].command == "python3 -m pytest"


def test_an_environment_in_the_project_needs_no_tool() -> None:
    finder = finder_of({"poetry.lock": "", "tests/test_a.py": "def test_a(): pass"}, ".venv/bin")
    take_layout(finder, "")
    assert finder.suites[0].argv == ("python3", "-m", "pytest")


def test_test_files_of_an_inner_project_are_its_own() -> None:
    finder = finder_of({"lib/pyproject.toml": "", "lib/test_a.py": "def test_a(): pass"})
    take_layout(finder, "")
    assert finder.suites == []
    take_layout(finder, "lib")
    assert [suite.cwd for suite in finder.suites] == ["lib"]


def test_a_conftest_alone_asks_for_pytest() -> None:
    finder = finder_of({"conftest.py": "", "test_a.py": "import unittest\nclass A(unittest.TestCase): pass"})
    take_layout(finder, "")
    assert (finder.suites[0].runner, finder.suites[0].found) == ("pytest", "conftest.py")


def test_tasks_are_taken_from_every_tool() -> None:
    finder = finder_of(
        {"pyproject.toml": '[tool.poe.tasks]\ntest = "pytest a"', "tox.ini": "[testenv]\ncommands = pytest b"}
    )
    take_tasks(finder, "")
    assert [suite.found for suite in finder.suites] == [
        "pyproject.toml: tool.poe.tasks.test",
        "tox.ini: testenv.commands",
    ]


def test_unittest_is_told_the_pattern_that_the_files_have() -> None:
    finder = finder_of({"shop/cart_test.py": "import unittest\nclass A(unittest.TestCase): pass"})
    take_layout(finder, "")
    assert finder.suites[0].argv[2:] == ("discover", "-p", "*_test.py")
