from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.measurement.pytest_runs import Seen
from orchestrator.suites.results import State
from orchestrator.workflows.coverage_bench import is_test_file, percent, text_in, why


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tests/test_x.py", True),
        ("test_x.py", True),
        ("tests/helpers.py", True),
        ("tests/conftest.py", False),
        ("tests/__init__.py", False),
        ("shop/prices.py", False),
        ("setup.py", False),
        ("tests/data.json", False),
    ],
)
def test_a_test_file_is_known_by_name_or_folder(name: str, said: bool) -> None:
    assert is_test_file(name) is said


def test_a_share_is_told_only_where_it_was_measured() -> None:
    assert percent(Seen(State.PASSED, "")) is None
    assert percent(Seen(State.PASSED, "", missing={"a.py": frozenset({1})}, statements=4)) == 75.0
    assert why(Seen(State.FAILED, "1 failed", last_words="no")) == "1 failed; no"


def test_only_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_bytes(b"\xff")

    assert text_in(tmp_path, "a.py") == "x = 1\n"
    assert text_in(tmp_path, "b.py") is None
    assert text_in(tmp_path, "../a.py") is None
