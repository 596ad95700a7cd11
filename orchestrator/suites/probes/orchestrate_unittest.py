"""Runs a project's unittest suite as ``python -m unittest`` does, and records how each test ended.

Unlike unittest's own discovery it also enters folders without ``__init__.py``, on every version of Python alike.
``python orchestrate_unittest.py [ARGUMENTS OF UNITTEST]``, or ``--script FILE [ARGUMENTS]`` for a program that runs
unittest by itself; it needs nothing but the standard library.
"""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import os
import runpy
import sys
import types
import unittest
import unittest.runner
from collections.abc import Iterator
from typing import Any

import orchestrate_records  # type: ignore[import-not-found]  # it lies beside this file where that is run

_records = None if "--script" in sys.argv[1:2] else orchestrate_records.opened("unittest")
_folder = os.environ.get(orchestrate_records.FOLDER_VARIABLE)
_SKIPPED_FOLDERS = {"node_modules", "build", "dist", "site-packages", "venv", "env", "__pycache__", "vendor"}
_MOST_FILES = 5000


def _record(**record: object) -> None:
    if _records is not None:
        _records.write(**record)


class Result(unittest.TextTestResult):
    """Records outcomes besides what the text result does with them."""

    def startTest(self, test: unittest.TestCase) -> None:
        self._outcome = ""
        _record(began=test.id())
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        _record(test=test.id(), outcome=self._outcome or "passed")

    def _note(self, test: Any, outcome: str) -> None:
        if not isinstance(test, unittest.TestCase):
            # The setup of a class or a module has no test of its own.
            _record(test=test.id(), outcome=outcome)
        elif getattr(self, "_outcome", "") not in ("failed", "error"):
            self._outcome = outcome

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self._note(test, "error")
        super().addError(test, err)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._note(test, "failed")
        super().addFailure(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._note(test, "skipped")
        super().addSkip(test, reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._note(test, "skipped")
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "failed")
        super().addUnexpectedSuccess(test)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self._note(test, "failed")
        super().addSubTest(test, subtest, err)


class Runner(unittest.TextTestRunner):
    """Ends the records once everything has run."""

    resultclass: Any = Result

    def run(self, test: Any) -> Any:
        global _records
        if _records is None and _folder is not None:
            _records = orchestrate_records.Records(_folder, "unittest")
        result = super().run(test)
        _record(end=0 if result.wasSuccessful() else 1)
        return result


class Loader(unittest.TestLoader):
    """Discovery that also enters folders which are no packages."""

    def discover(
        self, start_dir: str, pattern: str = "test*.py", top_level_dir: str | None = None
    ) -> unittest.TestSuite:
        found = super().discover(start_dir, pattern, top_level_dir)
        if not os.path.isdir(start_dir):
            return found
        start = os.path.abspath(start_dir)
        top = os.path.abspath(top_level_dir or start_dir)
        for path in _files_outside_packages(start, pattern):
            found.addTest(self._load(path, os.path.relpath(path, top)))
        return found

    def _load(self, path: str, relative: str) -> unittest.TestSuite:
        name = os.path.splitext(relative)[0].replace(os.sep, ".")
        try:
            return self.loadTestsFromModule(_imported(path, name))
        except unittest.SkipTest as skip:
            return self.suiteClass([_ended_case(name, skip)])
        except Exception as error:
            return self.suiteClass([_ended_case(name, error)])


def _files_outside_packages(start: str, pattern: str) -> Iterator[str]:
    """Test files below ``start`` that unittest's own discovery does not reach."""
    count = 0
    reached = {start}
    for folder, folders, files in os.walk(start):
        names = sorted(name for name in folders if _is_entered(folder, name))
        folders[:] = names
        if folder in reached:
            reached.update(
                os.path.join(folder, name)
                for name in names
                if os.path.isfile(os.path.join(folder, name, "__init__.py"))
            )
            continue
        for name in sorted(files):
            if fnmatch.fnmatch(name, pattern) and os.path.splitext(name)[0].isidentifier():
                count += 1
                if count <= _MOST_FILES and os.path.isfile(os.path.join(folder, name)):
                    yield os.path.join(folder, name)


def _is_entered(folder: str, name: str) -> bool:
    path = os.path.join(folder, name)
    if name in _SKIPPED_FOLDERS or name.startswith(".") or not name.isidentifier() or os.path.islink(path):
        return False
    return not os.path.exists(os.path.join(path, "pyvenv.cfg"))


def _imported(path: str, name: str) -> types.ModuleType:
    """The module at this path: by its dotted name where that leads to it, else by the path."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        module = None
    if module is not None and os.path.realpath(getattr(module, "__file__", None) or "") == os.path.realpath(path):
        return module
    folder = os.path.dirname(path)
    if folder not in sys.path:
        # Tests that are run from within their folder import their neighbours by name.
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _ended_case(name: str, error: Exception) -> unittest.TestCase:
    """A test that ends as the import of its module did."""

    def runTest(self: unittest.TestCase) -> None:
        raise error

    kind: Any = type("ModuleImport", (unittest.TestCase,), {"runTest": runTest, "id": lambda self: name})
    made: unittest.TestCase = kind()
    return made


def main(arguments: list[str]) -> None:
    """Run unittest's own command line with this loader and this runner."""
    orchestrate_records.hide()
    if arguments[:1] == ["--script"]:
        _run_script(arguments[1:])
        return
    sys.path[0] = os.getcwd()
    runner: Any = Runner
    try:
        unittest.main(module=None, argv=["python -m unittest", *arguments], testRunner=runner, testLoader=Loader())
    except SystemExit as end:
        _record(exit=end.code if isinstance(end.code, int) else 1)
        raise


def _run_script(arguments: list[str]) -> None:
    """Run a program as Python would, with our runner in the place of unittest's own."""
    unittest.TextTestRunner = unittest.runner.TextTestRunner = Runner  # type: ignore[misc]  # on purpose
    sys.argv[:] = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
