"""Tell from its path whether a file holds tests, or says which of them run and how."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.project import TEST_FOLDERS

_FOLDERS: Final = TEST_FOLDERS | {"testdata", "__snapshots__"}
_NAMES: Final = (
    *("test_*.py", "*_test.py", "tests.py", "conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"),
    *("pyproject.toml", "noxfile.py", "sitecustomize.py", "usercustomize.py", ".coveragerc"),
    *("*.test.*", "*.spec.*", "jest.config.*", "vitest.config.*", "karma.conf.*", ".mocharc*", "package.json"),
    *("*_test.go", "*_spec.rb", ".rspec", "*Test.java", "*Tests.cs", "Makefile", "Cargo.toml", "phpunit.xml*"),
)
_NEW_FILE: Final = late_pattern(r"(?m)^diff --git .* b/(.*)\nnew file mode")


def steers_tests(path: str) -> bool:
    """Whether a file at this path holds tests, or steers how they run."""
    where = PurePosixPath(path)
    return bool(_FOLDERS.intersection(where.parts[:-1])) or any(fnmatch(where.name, name) for name in _NAMES)


def earlier_tests_changed(files: Iterable[str], difference: str) -> list[str]:
    """The files of a change that were there before it, and in which tests stand or are steered.

    Args:
        difference: The change as a unified diff, which says which files are new.
    """
    new = set(_NEW_FILE.findall(difference))
    return [path for path in files if path not in new and steers_tests(path)]
