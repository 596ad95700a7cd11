from __future__ import annotations

import pytest

from orchestrator.suites.finder import Finder
from orchestrator.suites.manifests import LAYOUTS, take_layout
from orchestrator.suites.project import View, WrittenProject
from orchestrator.suites.runners import RUNNERS


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Cargo.toml": "[workspace]", "a/src/lib.rs": "#[tokio::test]"}, "cargo test --workspace"),
        ({"Cargo.toml": "", "src/lib.rs": "/// ```\n/// x\n/// ```"}, "cargo test"),
        ({"spec/a_spec.rb": "", "Gemfile.lock": ""}, "bundle exec rspec"),
        ({"test/a_test.rb": "", "bin/rails": ""}, "ruby bin/rails test"),
        ({"phpunit.xml.dist": "", "tests/ATest.php": ""}, "phpunit"),
        ({"a.bats": ""}, "bats ."),
        ({"a/x.bats": "", "a/b/y.bats": "", "c/z.bats": ""}, "bats -r a c"),
        ({"tests/all.tcl": ""}, "tclsh tests/all.tcl"),
        ({"pom.xml": "", "mvnw": ""}, "./mvnw --batch-mode --offline test"),
        ({"build.gradle.kts": ""}, "gradle --offline test"),
        ({"x.sln": "", "T/T.Tests.csproj": ""}, "dotnet test"),
        ({"pubspec.yaml": "", "test/a_test.dart": ""}, "dart test"),
        ({"deno.json": "{}"}, "deno test"),
        ({"mix.exs": ""}, "mix test"),
    ],
)
def test_files_show_the_command(files: dict[str, str], command: str) -> None:
    finder = Finder(View(WrittenProject(files)))
    for layout in LAYOUTS:
        take_layout(finder, "", layout)
    assert [suite.command for suite in finder.suites] == [command]


def test_cmake_builds_outside_of_the_project() -> None:
    finder = Finder(View(WrittenProject({"CMakeLists.txt": "project(x)\nenable_testing()\n"})))
    for layout in LAYOUTS:
        take_layout(finder, "", layout)
    assert "-B @work@/build" in finder.suites[0].argv[2]


def test_every_row_names_a_runner_we_know() -> None:
    assert {layout.runner for layout in LAYOUTS} <= set(RUNNERS)
