"""Whatever is kept from being checked says why: beside it, or in a comment on the line above."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import orchestrator

pytestmark = pytest.mark.source

ROOT = Path(orchestrator.__file__).resolve().parent.parent
ROOMS = ("orchestrator", "benchmarks", "tests", "docs")
SILENCED = re.compile(
    r"#\s*(?:type: ignore(?:\[[^]]*\])?|noqa(?:: [A-Z0-9, ]+)?|pragma: no (?:cover|branch))(?P<why>.*)"
)


def without_reason(source: str) -> Iterator[int]:
    """The lines whose comment silences something and says nothing of the reason."""
    if SILENCED.search(source) is None:
        return  # and need not be taken apart
    comments = {
        token.start[0]: (token.string, token.line.lstrip().startswith("#"))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    for line, (text, _) in comments.items():
        found = SILENCED.search(text)
        before, is_alone = comments.get(line - 1, ("", False))
        is_explained = is_alone and SILENCED.search(before) is None
        if found is not None and not is_explained and re.search(r"\w", found["why"]) is None:
            yield line


def test_whatever_is_silenced_says_why() -> None:
    guilty = [
        f"{path.relative_to(ROOT)}:{line}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for line in without_reason(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = 1  # type: ignore[misc]\n", [1]),
        ("x = 1  # noqa: S101\n", [1]),
        ("x = 1  # pragma: no cover\n", [1]),
        ("x = 1  # type: ignore[misc]  # a table\n", []),
        ("x = 1  # noqa: S101 - a table\n", []),
        ("# A table.\nx = 1  # type: ignore[misc]\n", []),
        ("y = 1  # A table.\nx = 1  # type: ignore[misc]\n", [2]),
        ("x = '# type: ignore'\n", []),
    ],
)
def test_a_reason_stands_beside_or_above(source: str, lines: list[int]) -> None:
    assert list(without_reason(source)) == lines
