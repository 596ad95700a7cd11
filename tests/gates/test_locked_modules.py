from __future__ import annotations

from collections.abc import Mapping

import pytest

from orchestrator.gates.gate import Language, Subject
from orchestrator.gates.locked_modules import modules_of

GO_SUM = """example.com/far v1.9.0 h1:x=
example.com/far v1.10.0-rc.1 h1:x=
example.com/far v1.10.0 h1:x=
example.com/far v1.11.0/go.mod h1:x=
golang.org/x/text v0.3.0 h1:x=
golang.org/x/text v0.2.0 h1:x=
"""
GO_MOD = """module example.org/shop

go 1.21

require golang.org/x/text v0.3.0

require (
	example.com/a/b v1.2.3 // indirect
)
replace example.com/a/b => ../b
"""
CRATES = (
    '[[package]]\nname = "shop"\nversion = "1.0.0"\n\n[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "x"\n'
)
NPM = (
    '{"packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0"}, '
    '"node_modules/a/node_modules/@s/b": {"version": "2"}}}'
)


def subject(language: Language, files: Mapping[str, str]) -> Subject:
    return Subject(
        roots={language: ("",)}, text_files=tuple(files), lines=lambda name: files.get(name, "").splitlines()
    )


@pytest.mark.parametrize(
    ("language", "files", "rows"),
    [
        ("go", {"go.mod": GO_MOD}, [("Go", "example.com/a/b", "1.2.3"), ("Go", "golang.org/x/text", "0.3.0")]),
        (
            "rust",
            {"Cargo.toml": '[dependencies]\nserde = "1"\n', "Cargo.lock": CRATES},
            [("crates.io", "serde", "1.0.1")],
        ),
        (
            "javascript",
            {"package.json": '{"dependencies": {"a": "1"}}', "package-lock.json": NPM},
            [("npm", "@s/b", "2"), ("npm", "a", "1.0.0")],
        ),
        ("go", {"go.mod": "module shop\n"}, []),
        ("rust", {"Cargo.toml": '[dependencies]\nnear = { path = "near" }\n'}, []),
        ("javascript", {"package.json": '{"name": "shop"}'}, []),
    ],
)
def test_what_is_locked_is_known(
    language: Language, files: Mapping[str, str], rows: list[tuple[str, str, str]]
) -> None:
    assert modules_of(subject(language, files)) == (tuple(rows), 1, "")


@pytest.mark.parametrize(
    ("language", "files", "why"),
    [
        ("rust", {"Cargo.toml": '[target.x.dependencies]\nserde = "1"\n'}, "Cargo.toml are not locked"),
        ("javascript", {"package.json": '{"devDependencies": {"a": "1"}}'}, "package.json are not locked"),
        (
            "javascript",
            {"package.json": "{}", "package-lock.json": '{"packages": {"node_modules/a b\\t": {"version": "1"}}}'},
            "is no module",
        ),
    ],
)
def test_what_is_asked_for_and_not_locked_is_not_known(language: Language, files: Mapping[str, str], why: str) -> None:
    rows, _, problem = modules_of(subject(language, files))
    assert rows == () or problem
    assert why in problem


def test_before_go_1_17_what_is_far_away_is_in_the_sum_alone() -> None:
    files = {"go.mod": "module m\ngo 1.16\nrequire golang.org/x/text v0.3.0\n", "go.sum": GO_SUM}
    rows, _, problem = modules_of(subject("go", files))
    assert (rows, problem) == ((("Go", "example.com/far", "1.10.0"), ("Go", "golang.org/x/text", "0.3.0")), "")


WITHIN = (
    '{"packages": {"": {"dependencies": {"b": "2", "own": "1"}}, '
    '"node_modules/b": {"version": "2"}, "node_modules/own": {"link": true}}}'
)
PATCHED = '[[package]]\nname = "near-one"\nversion = "1.0.0"\n'


@pytest.mark.parametrize(
    ("language", "files", "rows"),
    [
        (
            "go",
            {"go.mod": 'module m\ngo 1.17\nrequire ( // all\n\t"example.com/a" v1.0.0\n)\n'},
            ["example.com/a 1.0.0"],
        ),
        ("go", {"go.mod": "module m\ngo 1.25.1\nrequire (\n\tplain v1.0.0 // indirect\n)\n"}, ["plain 1.0.0"]),
        (
            "go",
            {
                "go.mod": "module m\ngo 1.21rc2\nrequire a.b/c v1.0.0\n"
                "replace a.b/c => d.e/f v0.1.0\nexclude a.b/c v0.9.0\n"
            },
            ["d.e/f 0.1.0"],
        ),
        (
            "go",
            {"go.mod": "module m\ngo 1.21rc2\nrequire a.b/c v1.0.0\nreplace (\n\ta.b/c v2.0.0 => d.e/f v0.1.0\n)\n"},
            ["a.b/c 1.0.0"],
        ),
        (
            "javascript",
            {
                "package.json": "{}",
                "server/package.json": '{"dependencies": {"b": "2", "own": "1"}}',
                "server/package-lock.json": WITHIN,
                "server/test/package.json": '{"dependencies": {"c": "2"}}',
            },
            ["b 2"],
        ),
        ("rust", {"Cargo.toml": '[dependencies]\nnear_one = "1"\n', "Cargo.lock": PATCHED}, []),
    ],
)
def test_every_way_of_asking_for_one_is_read(language: Language, files: Mapping[str, str], rows: list[str]) -> None:
    found, manifests, problem = modules_of(subject(language, files))
    assert ([f"{name} {version}" for _, name, version in found], manifests, problem) == (rows, 1, "")


@pytest.mark.parametrize(
    ("language", "files"),
    [
        ("javascript", {"package.json": "[" * 10_000}),
        ("javascript", {"package.json": '{"dependencies": {"a": "1"},}'}),
        ("javascript", {"package.json": ""}),
        ("javascript", {"package.json": '{"dependencies": {"a": "1", "c": "1"}}', "package-lock.json": NPM}),
        ("javascript", {"package.json": "{}", "server/package.json": '{"dependencies": {"b": "2"}}'}),
        ("rust", {"Cargo.toml": "[dependencies\nserde = 1"}),
        ("rust", {"Cargo.toml": '[dependencies]\nserde = "1"\nlog = "1"\n', "Cargo.lock": CRATES}),
        ("rust", {"Cargo.toml": "[package]", "tools/x/Cargo.toml": '[dependencies]\nserde = "1"\n'}),
        ("go", {"go.mod": ""}),
        ("go", {"go.mod": "module m\ngo 1.16\nrequire a.b/c v1.0.0\n"}),
        ("go", {"go.mod": "module m\nrequire a.b/c v1.0.0\n", "go.sum": "a.b/c v1.0.0/go.mod h1:x=\n"}),
        (
            "javascript",
            {"package.json": '{"dependencies": {"a": "1"}}', "package-lock.json": NPM.replace('"1"', '"2"')},
        ),
        (
            "javascript",
            {"package.json": '{"dependencies": {"a": "1"}}', "package-lock.json": NPM.replace("version", "v")},
        ),
        ("rust", {"Cargo.toml": "[package]", "Cargo.lock": '[[package]]\nname = "serde"\nsource = "x"\n'}),
        ("go", {"go.mod": "module m\nrequire (\n\texample.com/a\n)\n"}),
    ],
)
def test_what_cannot_be_read_or_is_locked_in_part_is_not_known(language: Language, files: Mapping[str, str]) -> None:
    rows, _, problem = modules_of(subject(language, files))
    assert (rows, problem != "") == ((), True)
