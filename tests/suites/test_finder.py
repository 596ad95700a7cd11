from __future__ import annotations

import pytest

from orchestrator.suites.finder import Finder, Source
from orchestrator.suites.project import View, WrittenProject
from orchestrator.suites.suite import Suite


def taken(text: str, *, files: dict[str, str] | None = None, links: tuple[str, ...] = ()) -> Finder:
    finder = Finder(View(WrittenProject(files or {}, links=links)))
    finder.take_text(text, Source("here", ""))
    return finder


def only(text: str) -> Suite:
    (suite,) = taken(text).suites
    return suite


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("jest", ("jest", "--json", "--outputFile=@report@/jest.json")),
        ("jest -- src", ("jest", "--json", "--outputFile=@report@/jest.json", "--", "src")),
        ("go test ./...", ("go", "test", "-json", "./...")),
        ("node --test a.js", ("node", "--test-reporter=junit", "--test-reporter-destination=@report@/node.xml", "--test", "a.js")),  # noqa: E501 - one row
        ("python -m unittest -v", ("python", "@probes@/orchestrate_unittest.py", "-v")),
        ("coverage run -m unittest", ("coverage", "run", "@probes@/orchestrate_unittest.py")),
        ("python manage.py test", ("python", "@probes@/orchestrate_unittest.py", "--script", "manage.py", "test")),
        ("eslint . && prove t", ("prove", "t")),
        ("prove t | tee log", ("prove", "t")),
        ("prove t || true", ("prove", "t")),
        ("prove t && eslint .", ("prove", "t")),
        ("node build.js && prove t", ("sh", "-c", "node build.js && prove t")),
        ("prove t/*.t", ("sh", "-c", "prove t/*.t")),
        ("tsc -p . && prove t", ("sh", "-c", "tsc -p . && prove t")),
        ("tsc --noEmit && prove t", ("prove", "t")),
        ("jest --watchAll", ("jest", "--json", "--outputFile=@report@/jest.json")),
        ("PYTHONPATH=src pytest", ("sh", "-c", "PYTHONPATH=@probes@:src pytest")),
        ("PYTEST_ADDOPTS=-x pytest", ("sh", "-c", "PYTEST_ADDOPTS='-p orchestrate_pytest'' '-x pytest")),
        ("export A=1\nprove t", ("sh", "-c", "export A=1 && prove t")),
    ],
)  # fmt: skip
def test_the_report_is_asked_for_in_the_projects_own_command(text: str, argv: tuple[str, ...]) -> None:
    assert only(text).argv == argv


def test_several_runners_in_one_text_are_several_suites() -> None:
    assert [suite.name for suite in taken("mocha a && jest && mocha b").suites] == ["mocha", "jest", "mocha (2)"]


def test_rspec_by_rake_is_asked_by_its_environment() -> None:
    suite = only("rake spec")
    assert suite.argv == ("rake", "spec")
    assert "--out @report@/rspec.json" in next(s.value for s in suite.env if s.name == "SPEC_OPTS")


def test_maven_s_reports_are_brought_to_their_place() -> None:
    script = only("mvn test").argv[2]
    assert script.startswith("find . -type d")
    assert script.endswith("exit $code")


def test_a_text_that_leaves_the_project_is_not_taken() -> None:
    assert taken("cd .. && pytest").not_taken[0].why == "it leaves the project"


def test_an_unreadable_text_of_a_test_target_is_run_as_it_is() -> None:
    suite = only("for t in a b; do ./$t; done")
    assert (suite.runner, suite.argv[2]) == ("command", "for t in a b; do ./$t; done")


def test_tools_of_every_folder_on_the_way_are_found() -> None:
    finder = taken("cd web/app && jest", links=("node_modules/.bin", "web/app/node_modules/.bin"))
    path = next(setting.value for setting in finder.suites[0].env if setting.name == "PATH")
    assert path == "@target@/web/app/node_modules/.bin:@target@/node_modules/.bin"


def test_the_number_of_suites_is_bounded() -> None:
    finder = taken(" && ".join(f"pytest t{number}" for number in range(40)))
    assert len(finder.suites) == 16
    assert "more than 16" in finder.detection().not_taken[0].why


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("npm test --workspaces", ["p/a", "p/b"]),
        ("npm test -w p/a", ["p/a"]),
        ("npm run test --workspace=b", ["p/b"]),
        ("pnpm -r test", ["p/a", "p/b"]),
        ("pnpm --filter a test", ["p/a"]),
        ("yarn workspaces run test", ["p/a", "p/b"]),
        ("yarn workspace a test", ["p/a"]),
        ("turbo run test", ["p/a", "p/b"]),
        ("lerna run test", ["p/a", "p/b"]),
        ("npm --prefix p/b test", ["p/b"]),
        ("cd p/a && npm t", ["p/a"]),
    ],
)
def test_a_monorepos_packages_are_found_by_whatever_runs_them(text: str, folders: list[str]) -> None:
    files = {
        "package.json": '{"workspaces": ["p/*"]}',
        "p/a/package.json": '{"name": "a", "scripts": {"test": "mocha"}}',
        "p/b/package.json": '{"name": "b", "scripts": {"test": "mocha"}}',
    }
    assert [suite.cwd for suite in taken(text, files=files).suites] == folders


def test_what_leads_to_a_linter_alone_is_left_out() -> None:
    files = {"package.json": '{"scripts": {"lint": "eslint ."}}'}
    assert taken("npm run lint && prove t", files=files).suites[0].argv == ("prove", "t")
    assert taken("eslint .").not_taken[0].why == "it runs no test"
    assert taken("npm run lint", files=files).suites == []


def test_files_of_a_deeper_suite_are_covered() -> None:
    finder = taken("cd a && pytest")
    assert finder.not_covered(["a/x.py", "b/x.py"], "", ["pytest"]) == ["b/x.py"]
    assert finder.not_covered(["a/x.py"], "", ["jest"]) == ["a/x.py"]


def test_what_runs_in_a_container_is_not_taken() -> None:
    assert taken("docker compose run app pytest -q").not_taken[0].why == "it runs in a container or on another machine"


def test_a_file_that_uses_nodes_own_runner_is_asked_for_a_report() -> None:
    (suite,) = taken("node ./a.js", files={"a.js": "import 'node:test'"}).suites
    assert suite.argv == ("node", "--test-reporter=junit", "--test-reporter-destination=@report@/node.xml", "./a.js")
