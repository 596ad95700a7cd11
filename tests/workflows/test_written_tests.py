from __future__ import annotations

import ast

import pytest

from orchestrator.workflows.written_tests import tests_in as written_in
from orchestrator.workflows.written_tests import without_tests


def assertions_of(body: str) -> tuple[int, int]:
    """How many of a test's assertions could fail, and how many cannot."""
    test = written_in(ast.parse(f"def test_x(self):\n    {body}\n"))["test_x"]
    return test.assertions, len(test.empty)


@pytest.mark.parametrize(
    "body",
    [
        "assert f(1) == 2",
        "assert x",
        "assert f() == f()",
        "self.assertEqual(f(1), 2)",
        "mock.assert_called_once_with(1)",
        "pytest.raises(ValueError, f)",
        "self.assertRaises(ValueError, f)",
        "assert x == 1 or y",
    ],
)
def test_an_assertion_that_could_fail_counts(body: str) -> None:
    assert assertions_of(body) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        "assert True",
        "assert 1 == 1",
        "assert x == x",
        "assert x.y is x.y",
        "assert (f(1) == 2, 'text')",
        "assert f() or True",
        "assert not False",
        "self.assertTrue(True)",
        "self.assertEqual(1, 1)",
        "self.assertEqual(x, x)",
    ],
)
def test_an_assertion_that_cannot_fail_does_not(body: str) -> None:
    assert assertions_of(body) == (0, 1)


def test_helpers_of_the_same_file_are_looked_into_once() -> None:
    text = "def check(x):\n    assert x\n    check(x)\n\n\ndef test_x():\n    check(f(1))\n\n\ndef test_y():\n    g()\n"
    tests = written_in(ast.parse(text))

    assert (tests["test_x"].assertions, tests["test_y"].assertions) == (1, 0)


def test_methods_bear_their_class_and_use_its_own() -> None:
    text = (
        "class TestA:\n    def check(self, x):\n        assert x\n"
        "    class TestB:\n        def test_y(self):\n            assert y\n"
        "    def test_x(self):\n        self.check(f(1))\n"
    )
    tests = written_in(ast.parse(text))

    assert {name: test.assertions for name, test in tests.items() if "test_" in name} == {
        "TestA::test_x": 1,
        "TestA::TestB::test_y": 1,
    }


WHOLE = '''\
import pytest

LIMIT = 3


@pytest.mark.parametrize("n", [1, 2])
def test_a(n):
    assert n


class TestB:
    """Two."""

    def test_c(self):
        assert 1

    def test_d(self):
        assert 2


def test_e():
    assert LIMIT
'''


def test_refused_tests_are_cut_out_and_nothing_else() -> None:
    assert without_tests(WHOLE, []) == WHOLE
    left = without_tests(WHOLE, ["test_a", "TestB::test_c"])
    assert left is not None
    assert list(written_in(ast.parse(left))) == ["test_e", "TestB::test_d"]
    assert "parametrize" not in left
    assert "LIMIT = 3" in left


def test_a_class_without_tests_goes_too() -> None:
    left = without_tests(WHOLE, ["TestB::test_c", "TestB::test_d"])
    assert left is not None
    assert "TestB" not in left


def test_what_would_be_no_python_is_none() -> None:
    assert without_tests("if True:\n    def test_a():\n        pass\n", ["test_a"]) is not None
    assert without_tests("def test_a(:\n", ["test_a"]) is None
