from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.measurement.project_tree import look_at
from orchestrator.workflows.boost_gate import written_in
from orchestrator.workflows.coverage_gaps import digests_of
from tests.measurement.conftest import written

FILES = {"shop.py": "X = 1\n", "tests/test_own.py": "def test_x():\n    assert 1\n", "pyproject.toml": ""}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return written(tmp_path / "copy", FILES)


def seen(
    copy: Path, new: dict[str, str], proven: dict[str, str] | None = None
) -> tuple[list[str], list[str], list[str]]:
    before = digests_of(copy, look_at(copy).names)
    written(copy, new)
    found = written_in(copy, before, proven or {})
    return list(found.tests), list(found.others), list(found.touched)


def test_new_test_files_are_what_is_judged(copy: Path) -> None:
    assert seen(copy, {"tests/test_new.py": "", "test_top.py": ""}) == (["test_top.py", "tests/test_new.py"], [], [])


def test_nothing_else_may_be_touched(copy: Path) -> None:
    wrote = {"shop.py": "X = 2\n", "tests/test_own.py": "", "conftest.py": "", "shop2.py": "", "tests/conftest.py": ""}

    tests, others, touched = seen(copy, wrote)

    assert (tests, others) == ([], ["conftest.py", "shop2.py", "tests/conftest.py"])
    assert touched == ["shop.py", "tests/test_own.py"]


def test_what_is_proven_is_no_news_unless_it_was_changed(copy: Path) -> None:
    proven = {"tests/test_a.py": "a = 1\n", "tests/test_b.py": "b = 1\n"}

    assert seen(copy, {"tests/test_a.py": "a = 1\n", "tests/test_b.py": "b = 2\n"}, proven)[0] == ["tests/test_b.py"]


def test_caches_and_data_are_neither_judged_nor_told(copy: Path) -> None:
    assert seen(copy, {"__pycache__/x.pyc": "", ".coverage": "", "notes.txt": ""}) == ([], [], [])


def test_a_link_is_no_test_file(copy: Path) -> None:
    before = digests_of(copy, look_at(copy).names)
    (copy / "tests" / "test_link.py").symlink_to("/etc/passwd")
    assert dict(written_in(copy, before, {}).tests) == {}
