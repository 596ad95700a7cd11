from __future__ import annotations

import pytest

from orchestrator.measurement.project_languages import is_beside, languages_of


@pytest.mark.parametrize(
    ("names", "roots"),
    [
        ((), {"python": ("",)}),
        (("README.md",), {"python": ("",)}),
        (("a.py",), {"python": ("",)}),
        (("go.mod", "a.go", "tools/x.py"), {"go": ("",)}),
        (("pyproject.toml", "a.py", "web/package.json", "web/src/a.js"), {"python": ("",), "javascript": ("web",)}),
        (("pyproject.toml", "a.py", "docs/package.json", "docs/a.js"), {"python": ("",)}),
        (("package.json", "tsconfig.json", "src/a.ts"), {"javascript": ("",), "typescript": ("",)}),
        (("Cargo.toml", "src/lib.rs", "member/Cargo.toml", "member/src/lib.rs"), {"rust": ("",)}),
        (("a/go.mod", "a/a.go", "b/go.mod", "b/b.go", "c/go.mod"), {"go": ("a", "b")}),
        (("go.mod", "a.go", "tools/go.mod", "tools/x.go", "testdata/go.mod", "testdata/y.go"), {"go": ("", "tools")}),
        (("package.json", "a.py"), {"python": ("",)}),
        (("package.json", "x.js", "a.py", "b.py", "tests/test_a.py"), {"python": ("",), "javascript": ("",)}),
        (("go.mod", "a.go", "requirements.txt", "docs/conf.py", "tests/test_a.py"), {"go": ("",)}),
        (("go.mod", "a.go", "b.go", "requirements.txt", "x.py"), {"python": ("",), "go": ("",)}),
        (("vendor/x/go.mod", "vendor/x/a.go"), {"python": ("",)}),
    ],
)
def test_a_manifest_above_a_source_file_tells(names: tuple[str, ...], roots: dict[str, tuple[str, ...]]) -> None:
    assert languages_of(names).roots == roots


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("src/a.js", False),
        ("src/contest.js", False),
        ("src/a.test.js", True),
        ("src/a.d.ts", True),
        ("a.config.mjs", True),
        (".eslintrc.js", True),
        ("a_test.go", True),
        ("test/a.js", True),
        ("examples/a.rs", True),
        ("build.rs", True),
    ],
)
def test_what_is_no_source(name: str, beside: bool) -> None:
    assert is_beside(name) is beside
