from __future__ import annotations

import pytest

from orchestrator.suites.steering_files import earlier_tests_changed, steers_tests


@pytest.mark.parametrize(
    ("path", "steers"),
    [
        ("pkg/tests/data.txt", True),
        ("e2e/flow.ts", True),
        ("test_a.py", True),
        ("src/a.test.tsx", True),
        ("sub/conftest.py", True),
        ("pyproject.toml", True),
        ("cmd/main_test.go", True),
        ("tests", False),
        ("src/latest.py", False),
        ("contest.py", False),
        ("docs/spec.md", False),
    ],
)
def test_tests_and_what_steers_them_are_known_by_their_paths(path: str, steers: bool) -> None:
    assert steers_tests(path) is steers


def test_new_tests_are_no_change_of_earlier_ones() -> None:
    difference = (
        "diff --git a/test_new.py b/test_new.py\nnew file mode 100644\n"
        "diff --git a/test_old.py b/test_old.py\nindex 1..2\n"
        "diff --git a/test_gone.py b/test_gone.py\ndeleted file mode 100644\n"
    )
    assert earlier_tests_changed(["a.py", "test_gone.py", "test_new.py", "test_old.py"], difference) == [
        "test_gone.py",
        "test_old.py",
    ]
