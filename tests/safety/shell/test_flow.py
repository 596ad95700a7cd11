from __future__ import annotations

import pytest

from orchestrator.safety.shell.simple_commands import read


def last(text: str) -> str:
    return " ".join("?" if word.dynamic else word.text for word in read(text).commands[-1].words)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("for x in a b; do c $x; done", "c b", id="every turn"),
        pytest.param("for x in {1..20}; do c $x; done", "c ?", id="too many turns"),
        pytest.param("X=a; for y in 1 2; do c $X; X=b; done", "c ?", id="a value of the turn before"),
        pytest.param("X=a; while y; do X=b; done; c $X", "c ?", id="after a loop that may not run"),
        pytest.param("X=a; case y in z) X=b;; esac; c $X", "c ?", id="after one of several cases"),
        pytest.param("X=a; y || X=b; c $X", "c ?", id="after an alternative"),
        pytest.param("X=a && c $X", "c a", id="in a chain"),
        pytest.param("X=a; unset X; c $X", "c ?", id="unset"),
        pytest.param("declare -r X=a; c $X", "c a", id="declared"),
        pytest.param("X[1]=a; c $X", "c ?", id="one of an array"),
    ],
)
def test_what_is_known_follows_the_flow(text: str, seen: str) -> None:
    assert last(text) == seen
