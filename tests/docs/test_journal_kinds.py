"""The journal's page names every kind of thing that a journal may hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from orchestrator.models.effects import Effect
from orchestrator.models.entries import JOURNAL_FORMAT, Body
from orchestrator.models.events import Payload
from orchestrator.models.facts import Fact

pytestmark = pytest.mark.source

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")


def kinds(union: Any) -> set[str]:
    """The tags of a discriminated union of dataclasses."""
    return {member.__dataclass_fields__["kind"].default for member in get_args(get_args(union)[0])}


def test_every_entry_is_told_of() -> None:
    first_table = PAGE[PAGE.index("| `kind` | Written when |") :]
    told = {name for row in first_table.split("\n\n")[0].splitlines() for name in re.findall(r"`(\w+)`", row[:300])}
    assert kinds(Body) - {"session_opened"} <= told


@pytest.mark.parametrize(
    ("where", "union"), [("`effect` of", Effect), ("`fact` of", Fact), ("`events[].payload` of", Payload)]
)
def test_every_kind_of_the_format_is_listed_and_no_other(where: str, union: Any) -> None:
    assert f"These are the kinds of format {JOURNAL_FORMAT}." in PAGE
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {where}"))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == kinds(union)
