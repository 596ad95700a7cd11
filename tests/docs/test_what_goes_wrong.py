"""The list of failures names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).resolve().parent.parent.parent
NAMED = re.compile(r"`(tests/\S+\.py)::(\w+)`")
ROWS = [
    line for line in (ROOT / "docs" / "what-goes-wrong.md").read_text(encoding="utf-8").splitlines() if "::" in line
]


@pytest.mark.parametrize(("path", "name"), [found for row in ROWS for found in NAMED.findall(row)])
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in functions, f"{path} has no {name}"


def test_every_row_names_a_test_that_runs_whole_sessions() -> None:
    assert len(ROWS) >= 20
    whole = ("tests/coordinator/", "tests/chaos/", "tests/faults/")
    assert [row for row in ROWS if not any(path.startswith(whole) for path, _ in NAMED.findall(row))] == []
