"""What came of a suite names the interpreter where that was not the usual one."""

from __future__ import annotations

import pytest

from orchestrator.models.suite_measurements import SuiteMeasured


@pytest.mark.parametrize(
    ("interpreter", "words"),
    [
        pytest.param("", "passed: 3 passed", id="the usual one"),
        pytest.param("node 18.20.4 (.nvmrc)", "passed: 3 passed (node 18.20.4 (.nvmrc))", id="one the project pins"),
    ],
)
def test_the_words_of_a_suite_name_an_unusual_interpreter(interpreter: str, words: str) -> None:
    suite = SuiteMeasured("a", "npm test", "package.json", "passed", "3 passed", passed=3, interpreter=interpreter)
    assert suite.words == words
