"""Finds the suites of JavaScript and TypeScript projects."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.finder import Finder, Source
from orchestrator.suites.project import View, table
from orchestrator.suites.runners import family

OTHER_SCRIPTS = ("test:unit", "tests", "unit", "unit-test", "test:all", "test-unit", "spec", "jest", "vitest", "mocha")
"""Scripts that run tests in projects whose ``test`` is none, the likeliest first."""
_CONFIGURED = (
    ("vitest", "vitest.config.", "vitest run"),
    ("jest", "jest.config.", "jest"),
    ("mocha", ".mocharc", "mocha"),
    ("ava", "ava.config.", "ava"),
    ("tap", ".taprc", "tap"),
)
_TEST_FILE = late_pattern(r"(.*/)?(__tests__/.*|[^/]*[._-](test|spec)|tests?/[^/]+|test)\.[cm]?[jt]sx?")
_MOST_READ = 40


def take_scripts(finder: Finder, folder: str) -> None:
    """Take what the folder's ``package.json`` names as its tests."""
    scripts = table(finder.view(folder).json("package.json"), "scripts")
    source = Source("package.json", folder)
    if finder.take_script("test", source):
        return
    for name in OTHER_SCRIPTS:
        if name in scripts and finder.take_script(name, source):
            return


def take_layout(finder: Finder, folder: str) -> None:
    """Take the runner that is configured or depended on, or else Node's own where test files use it."""
    view = finder.view(folder)
    package = view.json("package.json")
    depended = {*table(package, "devDependencies"), *table(package, "dependencies")}
    source = Source("", folder)
    for runner, config, text in _CONFIGURED:
        named = next((name for name in sorted(view.names_here) if name.startswith(config)), None)
        if named is None and runner in package:
            named = f"package.json: {runner}"
        if named is not None:
            finder.take_text(text, Source(_found(folder, named), folder))
            return
    files = finder.not_covered(test_files(view), folder, family("jest"))
    for runner, _, text in _CONFIGURED:
        if runner in depended and files:
            finder.take_text(text, Source(_found(folder, f"package.json: devDependencies.{runner}"), folder))
            return
    own = [name for name in files[:_MOST_READ] if "node:test" in view.text(name)]
    if own:
        # Node looks for test files by itself, but not for all that people call so (observed, 20.20).
        words = " ".join(_quoted(name) for name in own)
        finder.take_text(f"node --test {words}", Source(_found(folder, own[0]), source.folder))


def test_files(view: View) -> Sequence[str]:
    """Files that are tests by their name; those of projects further down left out."""
    own = [name for name in view.names if _TEST_FILE.fullmatch(name)]
    below = tuple(view.folders_of_manifests.get("package.json", ()))
    return [name for name in own if not name.startswith(below)] if below else own


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w./-]+", name) else "'" + name.replace("'", "'\\''") + "'"


def _found(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
