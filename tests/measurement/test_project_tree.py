from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.measurement.project_tree import (
    checked_files,
    is_beside_the_source,
    look_at,
    python_files,
    reader_of_lines,
    settings_of,
    source_files,
    text_files,
)
from tests.measurement.conftest import SMALL, written


def test_the_hash_is_what_anybody_can_compute(tmp_path: Path) -> None:
    written(tmp_path, {"a.py": "one\n", "b c.py": "two\n"})
    (tmp_path / "b c.py").chmod(0o755)
    (tmp_path / "leads").symlink_to("a.py")
    rows = sorted(
        f"{hashlib.sha256(content).hexdigest()} {kind} {name}\n"
        for content, kind, name in (
            (b"one\n", "file", "a.py"),
            (b"two\n", "exec", "b c.py"),
            (b"a.py", "link", "leads"),
        )
    )
    assert look_at(tmp_path).tree == "sha256:" + hashlib.sha256("".join(rows).encode()).hexdigest()


def test_names_contents_and_modes_change_the_hash_and_times_do_not(tmp_path: Path) -> None:
    written(tmp_path, SMALL)
    before = look_at(tmp_path).tree
    os.utime(tmp_path / "pyproject.toml", (0, 0))
    assert look_at(tmp_path).tree == before
    steps: list[Callable[[], object]] = [
        lambda: (tmp_path / "pyproject.toml").chmod(0o755),
        lambda: (tmp_path / "pkg/sums.py").rename(tmp_path / "pkg/sum.py"),
        lambda: (tmp_path / "pkg/sum.py").write_text(""),
    ]
    for change in steps:
        change()
        after = look_at(tmp_path).tree
        assert after != before
        before = after


def test_environments_and_caches_are_no_part_of_it(tmp_path: Path) -> None:
    written(tmp_path, SMALL)
    before = look_at(tmp_path)
    written(tmp_path, {".git/x": "", "pkg/__pycache__/a.pyc": "", ".venv/pyvenv.cfg": "", ".venv/a.py": ""})
    assert look_at(tmp_path) == before
    written(tmp_path, {"node_modules/a.py": "", "venv/pyvenv.cfg": "", "venv/a.py": ""})
    after = look_at(tmp_path)
    assert (after.tree, after.left_out) == (before.tree, ("node_modules", "venv"))


def test_code_cannot_hide_behind_a_name_or_a_file(tmp_path: Path) -> None:
    hidden = {"env/a.py": "", "vendor/b.py": "", ".env": "TOKEN=1", "pkg/__pycache__/c.py": "", "pkg/in/d.py": ""}
    written(tmp_path, {**hidden, "pkg/in/pyvenv.cfg": ""})
    assert set(hidden) <= set(look_at(tmp_path).names)


def test_what_cannot_be_looked_at_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, SMALL)
    monkeypatch.setattr("orchestrator.measurement.project_tree.MOST_ENTRIES", 2)
    assert "more than the" in str(look_at(tmp_path).problem)


def test_a_name_that_would_be_two_lines_of_a_list_is_a_problem(tmp_path: Path) -> None:
    written(tmp_path, {"a\u200b\u2028b.py": ""})
    tree = look_at(tmp_path)
    assert (tree.problem, python_files(tree)) == (None, ("a\u200b\u2028b.py",))
    written(tmp_path, {"a\nb.py": ""})
    assert look_at(tmp_path).problem == 'the name "a\\nb.py" cannot stand in a list of files'


def test_files_are_sorted_by_what_they_are(tmp_path: Path) -> None:
    written(tmp_path, {**SMALL, "data.bin": "x" * 2_000_000, "pkg/types.pyi": "", "empty.txt": ""})
    tree = look_at(tmp_path)
    names = python_files(tree)
    assert names == ("pkg/__init__.py", "pkg/shout.py", "pkg/sums.py", "pkg/types.pyi", "tests/test_sums.py")
    assert source_files(names) == ("pkg/__init__.py", "pkg/shout.py", "pkg/sums.py")
    assert not {"data.bin", "empty.txt"} & set(text_files(tree))
    assert "pyproject.toml" in text_files(tree)


def test_types_are_checked_of_the_project_and_its_tests() -> None:
    names = ("a.pyi", "conftest.py", "docs/conf.py", "examples/a.py", "setup.py", "src/a.py", "tests/test_a.py")
    assert checked_files(names) == ("a.pyi", "conftest.py", "src/a.py", "tests/test_a.py")


@pytest.mark.parametrize(
    "name", ["setup.py", "a/test_b.py", "b_test.py", "docs/conf.py", "examples/a/b.py", "conftest.py"]
)
def test_what_is_beside_the_source(name: str) -> None:
    assert is_beside_the_source(name)
    assert not is_beside_the_source(f"src/of_{Path(name).stem}_x.py")


def test_a_package_within_a_package_is_source_whatever_it_is_called() -> None:
    names = [
        *("shop/__init__.py", "shop/templates/__init__.py", "shop/templates/page.py", "shop/tests/__init__.py"),
        *("shop/tests/cases.py", "shop/tests/fixtures/__init__.py", "shop/tests/fixtures/a.py", "shop/samples/a.py"),
        *("examples/__init__.py", "examples/more/__init__.py", "examples/more/a.py", "src/docs/a.py"),
        *("shop/templates/test_page.py", "shop/testdata/deep/__init__.py"),
    ]
    assert source_files(names) == ("shop/__init__.py", "shop/templates/__init__.py", "shop/templates/page.py")


def test_settings_and_lines_are_read_and_nothing_is_followed(tmp_path: Path) -> None:
    written(tmp_path, {"pyproject.toml": "[tool]\n", "a.py": "one\ntwo\n"})
    (tmp_path / "setup.cfg").symlink_to("/etc/passwd")
    assert settings_of(tmp_path) == ({"pyproject.toml": "[tool]\n"}, ["setup.cfg"])
    lines = reader_of_lines(tmp_path)
    assert lines("a.py") == ("one", "two")
    assert lines("setup.cfg") == lines("nowhere.py") == ()
