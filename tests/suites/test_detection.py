from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.suites.detection import ALL_MANIFESTS, detect, stated_commands
from orchestrator.suites.project import WrittenProject

CASE = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"


def package(**scripts: str) -> str:
    return json.dumps({"scripts": scripts})


def found(files: dict[str, str], *, links: tuple[str, ...] = ()) -> list[str]:
    """Each suite as ``runner [in folder]: command``."""
    return [
        f"{suite.runner}{f' in {suite.cwd}' if suite.cwd else ''}: {suite.command}"
        for suite in detect(WrittenProject(files, links=links)).suites
    ]


NODE_TEST = "import test from 'node:test'"


@pytest.mark.parametrize(
    ("files", "suites"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"README.md": "run `pytest`"}, [], id="a README is not searched"),
        pytest.param({"signup/test_v.py": CASE}, ["unittest: python3 -m unittest"], id="unittest"),
        pytest.param({"tests/test_a.py": "def test_a(): pass"}, ["pytest: python3 -m pytest"], id="bare functions"),
        pytest.param({"pytest.ini": ""}, ["pytest: python3 -m pytest"], id="pytest is set up"),
        pytest.param({"pyproject.toml": "[tool.pytest.ini_options]"}, ["pytest: python3 -m pytest"], id="pyproject"),
        pytest.param({"setup.cfg": "[tool:pytest]"}, ["pytest: python3 -m pytest"], id="setup.cfg"),
        pytest.param({"tox.ini": "[testenv]\ncommands = pytest {posargs}"}, ["pytest: pytest"], id="tox"),
        pytest.param(
            {"noxfile.py": "def tests(session):\n    session.install('x')\n    session.run('pytest', '-x')"},
            ["pytest: pytest -x"],
            id="nox",
        ),
        pytest.param({"pyproject.toml": '[tool.poe.tasks]\ntest = "pytest -q"'}, ["pytest: pytest -q"], id="poe"),
        pytest.param(
            {"manage.py": "", "app/tests.py": CASE.replace("unittest", "django.test")},
            ["python script: python3 manage.py test"],
            id="django",
        ),
        pytest.param({"package.json": package(test="jest")}, ["jest: jest"], id="npm"),
        pytest.param({"package.json": '{"keywords": ["test"]}'}, [], id="a keyword is no script"),
        pytest.param(
            {"package.json": package(test='echo "Error: no test specified" && exit 1')}, [], id="the placeholder"
        ),
        pytest.param(
            {"package.json": package(test='echo "Error: no test specified" && exit 1'), "tests/test_a.py": CASE},
            ["unittest: python3 -m unittest"],
            id="the placeholder, and then look on",
        ),
        pytest.param(
            {"package.json": package(test="npm run lint && npm run unit", lint="eslint .", unit="mocha")},
            ["mocha: mocha"],
            id="a script that leads to others",
        ),
        pytest.param(
            {"package.json": package(test="run-s test:*", **{"test:a": "mocha a", "test:b": "jest b"})},
            ["mocha: mocha a", "jest: jest b"],
            id="a list of scripts",
        ),
        pytest.param(
            {"package.json": package(pretest="tsc -b && node build.js", test="mocha")},
            ["mocha: tsc -b && node build.js && mocha"],
            id="what runs before",
        ),
        pytest.param({"package.json": package(test="npm test")}, [], id="a circle"),
        pytest.param(
            {"package.json": '{"workspaces": ["packages/*"]}', "packages/a/package.json": package(test="mocha")},
            ["mocha in packages/a: mocha"],
            id="a monorepo without a script of its own",
        ),
        pytest.param(
            {
                "package.json": '{"workspaces": ["packages/*"], "scripts": {"test": "npm test --workspaces"}}',
                "packages/a/package.json": package(test="mocha"),
                "packages/b/package.json": package(test="jest"),
            },
            ["mocha in packages/a: mocha", "jest in packages/b: jest"],
            id="a monorepo",
        ),
        pytest.param(
            {"package.json": "{}", "a.test.mjs": NODE_TEST}, ["node --test: node --test a.test.mjs"], id="node"
        ),
        pytest.param(
            {"package.json": '{"devDependencies": {"vitest": "1"}}', "src/a.test.ts": ""},
            ["vitest: vitest run"],
            id="vitest",
        ),
        pytest.param(
            {"Makefile": "PY ?= python3\ntest:\n\t$(PY) -m pytest -q"}, ["pytest: python3 -m pytest -q"], id="make"
        ),
        pytest.param(
            {"Makefile": "test: build unit\nbuild:\n\tcc x.c\nunit:\n\tprove t\n"}, ["prove: prove t"], id="targets"
        ),
        pytest.param(
            {"Makefile": "check:\n\tcd backend && pytest"}, ["pytest in backend: pytest"], id="another folder"
        ),
        pytest.param({"justfile": "test *args:\n    go test ./... {{args}}"}, ["go test: go test ./..."], id="just"),
        pytest.param(
            {"Taskfile.yml": "version: '3'\ntasks:\n  test:\n    cmds:\n      - go test ./...\n"},
            ["go test: go test ./..."],
            id="task",
        ),
        pytest.param({"composer.json": package(test="phpunit")}, ["phpunit: phpunit"], id="composer"),
        pytest.param(
            {".github/workflows/ci.yml": "steps:\n  - run: pip install pytest\n  - run: pytest x\n"},
            ["pytest: pytest x"],
            id="a workflow alone",
        ),
        pytest.param(
            {
                ".github/workflows/a.yml": "- name: t\n  working-directory: api\n  run: |\n    npm ci\n    go test ./...\n"  # noqa: E501 - one row
            },
            ["go test in api: go test ./..."],
            id="a block in a folder",
        ),
        pytest.param(
            {".gitlab-ci.yml": "t:\n  script:\n    - pip install x\n    - bats tests\n"},
            ["bats: bats tests"],
            id="gitlab",
        ),
        pytest.param({"go.mod": "module x", "a_test.go": "func TestA("}, ["go test: go test ./..."], id="go"),
        pytest.param({"go.mod": "module x", "a.go": ""}, [], id="go without a test file"),
        pytest.param({"Cargo.toml": "", "src/lib.rs": "#[test]"}, ["cargo test: cargo test"], id="cargo"),
        pytest.param({"Cargo.toml": "", "src/lib.rs": "fn a() {}"}, [], id="cargo without a test"),
        pytest.param({"spec/a_spec.rb": ""}, ["rspec: rspec"], id="rspec"),
        pytest.param({"Rakefile": "Rake::TestTask.new", "test/test_a.rb": ""}, ["minitest: rake test"], id="rake"),
        pytest.param({"tests/ATest.php": ""}, ["phpunit: phpunit tests"], id="phpunit"),
        pytest.param({"t/a.t": ""}, ["prove: prove -lr t"], id="prove"),
        pytest.param({"test/a.bats": ""}, ["bats: bats -r test"], id="bats"),
        pytest.param({"spec/a_spec.lua": ""}, ["busted: busted"], id="busted"),
        pytest.param(
            {"backend/setup.py": "", "backend/tests/test_a.py": CASE},
            ["unittest in backend: python3 -m unittest"],
            id="a project in a folder",
        ),
        pytest.param(
            {"package.json": package(test="cypress run"), "tests/test_a.py": CASE},
            ["unittest: python3 -m unittest"],
            id="a browser is not driven",
        ),
        pytest.param(
            {
                "package.json": package(test="jest"),
                ".github/workflows/a.yml": "x:\n  - run: npm test\n  - run: npx jest\n",
            },
            ["jest: jest"],
            id="the same by several ways",
        ),
        pytest.param({"tests/fixtures/x/package.json": package(test="jest")}, [], id="test data"),
        pytest.param(
            {"package.json": package(test="./run.sh"), "run.sh": "#!/bin/sh\nset -e\nprove t\n"},
            ["prove: prove t"],
            id="a script file",
        ),
        pytest.param(
            {"package.json": package(test="node check.js")}, ["command: node check.js"], id="an unknown runner"
        ),
        pytest.param({"run.sh": "prove t"}, [], id="a script that nothing names"),
    ],
)
def test_suites_are_found_where_the_project_says(files: dict[str, str], suites: list[str]) -> None:
    assert found(files) == suites


def test_an_own_interpreter_comes_first() -> None:
    project = WrittenProject({"tests/test_a.py": CASE}, links=[".venv/bin/python", ".venv/bin"])
    (suite,) = detect(project).suites
    assert [setting.value for setting in suite.env if setting.name == "PATH"] == ["@target@/.venv/bin"]


def test_a_launcher_is_left_out_where_its_environment_lies_in_the_project() -> None:
    files = {"Makefile": "test:\n\tpoetry run pytest"}
    (with_tools,) = detect(WrittenProject(files, links=[".venv/bin"])).suites
    (without,) = detect(WrittenProject(files)).suites
    assert (with_tools.argv, without.argv) == (("pytest",), ("poetry", "run", "pytest"))


def test_the_projects_own_statement_stands_for_the_whole() -> None:
    (suite,) = detect(WrittenProject({"package.json": package(test="jest")}), stated=["make check"]).suites
    assert suite.stated
    assert "own statement" in suite.found


def test_what_is_not_taken_is_said() -> None:
    files = {
        "package.json": package(test="cypress run"),
        ".github/workflows/ci.yml": "steps:\n  - run: pytest ${{ matrix.args }}\n",
        "examples/x/go.mod": "",
    }
    left = {entry.what: entry.why for entry in detect(WrittenProject(files, whole=False)).not_taken}
    assert left == {
        "cypress run": "it drives a browser or a device",
        "pytest ${{ matrix.args }}": "it holds an expression that only its workflow can fill in",
        "examples/x": "it lies among test data or examples",
        "the rest of the project": "it has more files than are looked at",
    }


@pytest.mark.parametrize("text", ["", "[tests]", "[tests]\ncommands = []", "[other]\nx = 1"])
def test_settings_without_commands_state_none(text: str) -> None:
    assert stated_commands(text.encode()) == ()


@pytest.mark.parametrize("text", ["[", "[tests]\ncommands = 'x'", "[tests]\ncommands = [1]", "tests = 3", "\udcff"])
def test_settings_that_are_wrong_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"settings\.toml"):
        stated_commands(text.encode("utf-8", "surrogateescape"))


def test_stated_commands_are_read() -> None:
    assert stated_commands(b'[tests]\ncommands = ["make test"]') == ("make test",)


NAMES = sorted(
    {*ALL_MANIFESTS, ".github/workflows/a.yml", "lerna.json", "pnpm-workspace.yaml", "tests/test_a.py", "a.bats"}
)
WORDS = [
    "test",
    "pytest",
    "npm",
    "run",
    "&&",
    "||",
    ";",
    "'",
    '"',
    "$(",
    "`",
    "\t",
    "\n",
    ":",
    "=",
    "{",
    "}",
    "[",
    "]",
    "-",
]


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
@settings(max_examples=150)
def test_whatever_the_files_say_detection_ends(files: dict[str, str]) -> None:
    for suite in detect(WrittenProject(files)).suites:
        assert suite.argv
        assert suite.name
