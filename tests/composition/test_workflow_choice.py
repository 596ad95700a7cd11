"""Which tasks ask for a workflow: all tasks of the corpus, and those that mislead by their words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.composition.workflow_choice import workflow_meant

CORPUS = Path(__file__).parent / "corpus"


def rows(name: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))["tasks"]
    return found


WORKFLOWS = rows("workflows.toml")
OTHERS = {row["text"] for name in ("open.toml", "held_back.toml") for row in rows(name)}


@pytest.mark.parametrize("row", WORKFLOWS, ids=lambda row: row["text"])
def test_a_task_is_read_as_the_corpus_says(row: Mapping[str, Any]) -> None:
    meant = workflow_meant(row["text"])

    assert (meant.name if meant is not None else "") == row["workflow"]
    if meant is not None:
        assert meant.words == (("--target", row["percent"]) if "percent" in row else ())


def test_no_other_task_asks_for_one() -> None:
    named = {row["text"] for row in WORKFLOWS}
    assert len(OTHERS) >= 190
    assert [text for text in OTHERS - named if workflow_meant(text) is not None] == []


def test_the_command_is_what_a_person_would_type() -> None:
    meant = workflow_meant("Boost test coverage to 90%")
    assert meant is not None
    assert meant.command() == "orchestrate test-coverage --target 90"
    assert "Boost test coverage" in meant.because


@pytest.mark.parametrize("task", ["", " ", "\n", "release " * 100, "prepare for release\nand then some"])
def test_what_is_no_request_asks_for_none(task: str) -> None:
    assert workflow_meant(task) is None
