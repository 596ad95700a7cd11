from __future__ import annotations

from collections.abc import Mapping

import pytest

from orchestrator.gates.gate import Language, Subject
from orchestrator.gates.locked_modules import modules_of

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
    '{"packages": {"": {}, "node_modules/a": {"version": "1.0.0"}, '
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


def test_nonsense_is_no_module() -> None:
    assert modules_of(subject("javascript", {"package.json": "[" * 10_000})) == ((), 1, "")
    assert modules_of(subject("rust", {"Cargo.toml": "=", "Cargo.lock": "package = 3"})) == ((), 1, "")
