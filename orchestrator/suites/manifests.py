"""Finds suites by the manifests and test files of languages whose runner needs no choice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.finder import Finder, Source
from orchestrator.suites.project import View
from orchestrator.value_class import value_class

_MOST_READ = 200
_RUST_TEST = late_pattern(r"#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck)\b|^\s*//[/!] ```", re.MULTILINE)


@value_class
class Layout:
    """How a language's tests are run where nothing says otherwise."""

    runner: str
    """Its runner; where a command of the project already runs one of its family, this row says nothing."""
    find: Callable[[View], tuple[str, str] | None]
    """The file that shows it, and the command; ``None`` where the folder has no such tests."""


def _matching(view: View, pattern: str) -> Sequence[str]:
    return [name for name in view.names if re.fullmatch(pattern, name)]


def _go(view: View) -> tuple[str, str] | None:
    if "go.mod" in view.names_here and any(name.endswith("_test.go") for name in view.names):
        return "go.mod", "go test ./..."
    return None


def _cargo(view: View) -> tuple[str, str] | None:
    if "Cargo.toml" not in view.names_here:
        return None
    sources = _matching(view, r".*\.rs")[:_MOST_READ]
    if not any(_RUST_TEST.search(view.text(name)) for name in sources):
        return None
    return "Cargo.toml", "cargo test --workspace" if "workspace" in view.toml("Cargo.toml") else "cargo test"


def _rspec(view: View) -> tuple[str, str] | None:
    specs = _matching(view, r"spec/.*_spec\.rb")
    if ".rspec" in view.names_here or specs:
        return ".rspec" if ".rspec" in view.names_here else specs[0], _bundled(view, "rspec")
    return None


def _minitest(view: View) -> tuple[str, str] | None:
    tests = _matching(view, r"tests?/.*(_test|/test_\w+)\.rb|tests?/test_\w+\.rb")
    if not tests:
        return None
    if view.exists("bin/rails"):
        return "bin/rails", "ruby bin/rails test"
    rakefile = next((name for name in ("Rakefile", "rakefile", "Rakefile.rb") if name in view.names_here), "")
    if rakefile and re.search(r"TestTask|task\s*\(?:?[\"']?test\b", view.text(rakefile)):
        return rakefile, _bundled(view, "rake test")
    folder = tests[0].partition("/")[0]
    loads = f"Dir['{folder}/**/{{*_test,test_*}}.rb'].sort.each {{ |file| require File.expand_path(file) }}"
    return tests[0], _bundled(view, f'ruby -I{folder} -Ilib -e "{loads}"')


def _bundled(view: View, command: str) -> str:
    return f"bundle exec {command}" if "Gemfile.lock" in view.names_here else command


def _phpunit(view: View) -> tuple[str, str] | None:
    config = next(
        (name for name in ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml") if name in view.names_here), ""
    )
    if config:
        return config, "phpunit"
    tests = _matching(view, r"tests?/.*Test\.php")
    return (tests[0], f"phpunit {tests[0].partition('/')[0]}") if tests else None


def _prove(view: View) -> tuple[str, str] | None:
    tests = _matching(view, r"t/.*\.t")
    return (tests[0], "prove -lr t") if tests else None


def _bats(view: View) -> tuple[str, str] | None:
    tests = _matching(view, r"([^/]+/){0,3}[^/]+\.bats")
    if not tests:
        return None
    folders = sorted({name.rpartition("/")[0] or "." for name in tests})
    tops = [folder for folder in folders if not any(folder.startswith(f"{other}/") for other in folders)]
    return tests[0], f"bats -r {' '.join(tops)}" if "." not in tops else "bats ."


def _busted(view: View) -> tuple[str, str] | None:
    specs = _matching(view, r"spec/.*_spec\.lua")
    if ".busted" in view.names_here or specs:
        return ".busted" if ".busted" in view.names_here else specs[0], "busted"
    return None


def _tcltest(view: View) -> tuple[str, str] | None:
    found = next((name for name in ("tests/all.tcl", "test/all.tcl", "all.tcl") if name in view.names), "")
    return (found, f"tclsh {found}") if found else None


def _ctest(view: View) -> tuple[str, str] | None:
    text = view.text("CMakeLists.txt")
    if not re.search(r"^\s*(enable_testing|include\s*\(\s*CTest|add_test)\b", text, re.MULTILINE | re.IGNORECASE):
        return None
    build = "cmake -S . -B @work@/build && cmake --build @work@/build"
    return "CMakeLists.txt", f"{build} && ctest --test-dir @work@/build"


def _maven(view: View) -> tuple[str, str] | None:
    if "pom.xml" not in view.names_here:
        return None
    return "pom.xml", f"{'./mvnw' if 'mvnw' in view.names_here else 'mvn'} --batch-mode --offline test"


def _gradle(view: View) -> tuple[str, str] | None:
    found = next((name for name in ("build.gradle", "build.gradle.kts") if name in view.names_here), "")
    return (found, f"{'./gradlew' if 'gradlew' in view.names_here else 'gradle'} --offline test") if found else None


def _dotnet(view: View) -> tuple[str, str] | None:
    found = sorted(name for name in view.names_here if name.endswith((".sln", ".slnx")))
    tests = [name for name in view.names if re.search(r"tests?\.(cs|fs|vb)proj$", name, re.IGNORECASE)]
    return (found[0] if found else tests[0], "dotnet test") if tests else None


def _named(file: str, command: str) -> Callable[[View], tuple[str, str] | None]:
    return lambda view: (file, command) if file in view.names_here else None


def _pubspec(view: View) -> tuple[str, str] | None:
    if "pubspec.yaml" not in view.names_here or not _matching(view, r"test/.*_test\.dart"):
        return None
    return "pubspec.yaml", "flutter test" if "sdk: flutter" in view.text("pubspec.yaml") else "dart test"


def _deno(view: View) -> tuple[str, str] | None:
    found = next((name for name in ("deno.json", "deno.jsonc") if name in view.names_here), "")
    return (found, "deno test") if found else None


LAYOUTS: tuple[Layout, ...] = (
    Layout("go test", _go),
    Layout("cargo test", _cargo),
    Layout("rspec", _rspec),
    Layout("minitest", _minitest),
    Layout("phpunit", _phpunit),
    Layout("prove", _prove),
    Layout("bats", _bats),
    Layout("busted", _busted),
    Layout("tcltest", _tcltest),
    Layout("ctest", _ctest),
    Layout("maven", _maven),
    Layout("gradle", _gradle),
    Layout("dotnet test", _dotnet),
    Layout("deno test", _deno),
    Layout("dart test", _pubspec),
    Layout("mix test", _named("mix.exs", "mix test")),
    Layout("swift test", _named("Package.swift", "swift test")),
    Layout("stack test", _named("stack.yaml", "stack test")),
    Layout("zig build test", _named("build.zig", "zig build test")),
)
MANIFESTS = (
    *("go.mod", "Cargo.toml", "Gemfile", "Rakefile", ".rspec", "composer.json", "phpunit.xml", "phpunit.xml.dist"),
    *("cpanfile", "Makefile.PL", "CMakeLists.txt", "pom.xml", "build.gradle", "build.gradle.kts", "deno.json"),
    *("pubspec.yaml", "mix.exs", "Package.swift", "stack.yaml", "build.zig", ".busted"),
)


def take_layout(finder: Finder, folder: str, layout: Layout) -> None:
    """Take one language's suite of the folder, if its files show one."""
    found = layout.find(finder.view(folder))
    if found is not None:
        name, command = found
        finder.take_text(command, Source(f"{folder}/{name}" if folder else name, folder))
