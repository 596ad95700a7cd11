from __future__ import annotations

import pytest

from orchestrator.suites.finder import Finder
from orchestrator.suites.node_projects import take_layout, take_scripts, test_files
from orchestrator.suites.project import View, WrittenProject

files_of = test_files
files_of.__test__ = False  # type: ignore[attr-defined]  # for pytest
del test_files


def test_test_files_are_known_by_their_names() -> None:
    names = [
        "a.test.ts",
        "src/b_spec.js",
        "__tests__/c.jsx",
        "test/d.mjs",
        "test.js",
        "e.js",
        "p/package.json",
        "p/f.test.js",
    ]
    found = files_of(View(WrittenProject(dict.fromkeys(names, ""))))
    assert sorted(found) == ["__tests__/c.jsx", "a.test.ts", "src/b_spec.js", "test.js", "test/d.mjs"]


def test_another_script_is_taken_where_test_is_a_placeholder() -> None:
    scripts = '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1", "test:unit": "jest"}}'
    finder = Finder(View(WrittenProject({"package.json": scripts})))
    take_scripts(finder, "")
    assert [suite.found for suite in finder.suites] == ["package.json: scripts.test:unit"]
    assert finder.not_taken[0].why == "npm's placeholder"


@pytest.mark.parametrize(
    ("files", "runner"),
    [
        ({"jest.config.js": ""}, "jest"),
        ({"package.json": '{"ava": {}}'}, "ava"),
        ({"package.json": '{"devDependencies": {"mocha": "1"}}', "test/a.js": ""}, "mocha"),
        ({"package.json": '{"devDependencies": {"mocha": "1"}}'}, None),
        ({"test/a.js": "require('node:test')"}, "node --test"),
        ({"test/a.js": ""}, None),
    ],
)
def test_a_layout_shows_the_runner(files: dict[str, str], runner: str | None) -> None:
    finder = Finder(View(WrittenProject(files)))
    take_layout(finder, "")
    assert [suite.runner for suite in finder.suites] == ([runner] if runner else [])
