"""Finds the suites of Python projects."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.finder import Finder, Source, tool_settings
from orchestrator.suites.project import View, table
from orchestrator.suites.runners import RUNNERS, family
from orchestrator.suites.suite import Suite
from orchestrator.suites.task_targets import ini, pyproject_tasks

MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "noxfile.py", "manage.py", "Pipfile")
_TEST_FILE = late_pattern(r"(.*/)?(test_[^/]*|[^/]*_test|tests)\.py")
_MOST_READ = 60
_BARE_TEST = late_pattern(r"^(?:async )?def test_?\w*\(", re.MULTILINE)
_TEST_CLASS = late_pattern(r"^class Test\w*:", re.MULTILINE)
_USES_PYTEST = late_pattern(r"^\s*(?:import pytest|from pytest)\b", re.MULTILINE)
_LAUNCHERS = (
    ("poetry.lock", "poetry run"),
    ("pdm.lock", "pdm run"),
    ("uv.lock", "uv run"),
    ("Pipfile", "pipenv run"),
)


def take_tasks(finder: Finder, folder: str) -> None:
    """Take the test tasks of pyproject.toml, tox and nox."""
    view = finder.view(folder)
    for found, text in pyproject_tasks(view).values():
        finder.take_text(text, Source(_found(folder, found), folder))
    for program in ("tox", "nox"):
        finder.take_environments(program, Source(program, folder, is_test=False))


def take_layout(finder: Finder, folder: str) -> None:
    """Take pytest where the project is set up for it or its tests are written for it, or else unittest."""
    view = finder.view(folder)
    settings = _pytest_settings(view)
    own = test_files(view)
    files = finder.not_covered(own, folder, family("pytest"))
    if not files and (own or not settings):
        return
    if settings or (reason := _written_for_pytest(view, files)):
        _add(finder, "pytest", folder, settings or reason)
    elif "manage.py" in view.names_here:
        _add(finder, "python script", folder, "manage.py")
    elif any(fnmatch.fnmatchcase(name.rpartition("/")[2], "test*.py") for name in files):
        _add(finder, "unittest", folder, files[0])
    else:
        _add(finder, "unittest", folder, files[0], " discover -p *_test.py")


def _add(finder: Finder, runner: str, folder: str, found: str, more: str = "") -> None:
    """Add a suite of the project's own interpreter, wherever its tool keeps that.

    Args:
        more: Arguments of unittest, which by itself takes files of one pattern.
    """
    view = finder.view(folder)
    row = RUNNERS[runner]
    words = {
        "pytest": "-m pytest",
        "unittest": f"{row.replaces_module}{more}",
        "python script": " ".join((*row.args, "manage.py test")),
    }[runner]
    shown = {"pytest": "python3 -m pytest", "unittest": f"python3 -m unittest{more}"}.get(
        runner, "python3 manage.py test"
    )
    settings = tool_settings(finder.top, folder)
    launcher = next((words for name, words in _LAUNCHERS if name in view.names_here), "")
    argv: tuple[str, ...] = ("python3", *words.split())
    if launcher and not any("venv/bin" in setting.value for setting in settings):
        tool = launcher.partition(" ")[0]
        own = f"if command -v {tool} >/dev/null 2>&1; then exec {launcher} python {words}; fi"
        argv = ("sh", "-c", f"set -f; {own}; exec python3 {words}")
    suite = Suite("", runner, argv, _found(folder, found), row.form, folder, env=(*settings, *row.env), shown=shown)
    finder.add(suite)


def test_files(view: View) -> Sequence[str]:
    """Files that are tests by their name; those of projects further down left out."""
    own = [name for name in view.names if _TEST_FILE.fullmatch(name)]
    manifests = ("pyproject.toml", "setup.py", "setup.cfg")
    below = tuple(folder for name in manifests for folder in view.folders_of_manifests.get(name, ()))
    return [name for name in own if not name.startswith(below)] if below else own


def _pytest_settings(view: View) -> str:
    """Where pytest is set up; empty where it is not."""
    if "pytest.ini" in view.names_here or ".pytest.ini" in view.names_here:
        return "pytest.ini"
    tool = table(view.toml("pyproject.toml"), "tool")
    if "pytest" in tool:
        return "pyproject.toml: tool.pytest"
    if "pytest" in ini(view, "tox.ini"):
        return "tox.ini: pytest"
    if "tool:pytest" in ini(view, "setup.cfg"):
        return "setup.cfg: tool:pytest"
    return ""


def _written_for_pytest(view: View, files: Sequence[str]) -> str:
    """The file that only pytest would run, or that asks for it; empty where there is none."""
    conftest = next((name for name in view.names if name.rpartition("/")[2] == "conftest.py"), "")
    if conftest:
        return conftest
    for name in files[:_MOST_READ]:
        text = view.text(name)
        if _USES_PYTEST.search(text) or _BARE_TEST.search(text) or _TEST_CLASS.search(text):
            return name
    return ""


def _found(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
