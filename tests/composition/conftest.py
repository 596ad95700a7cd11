"""The labelled tasks that the analyzer is measured by."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class LabelledTask:
    """A task, and what a person says about it."""

    text: str
    outcome: str
    domain: str
    language: str
    misleads: bool = False
    """Its words point elsewhere than its meaning."""
    source: str = ""
    """Where in the specification it stands."""


def labelled_tasks(half: str) -> tuple[LabelledTask, ...]:
    """Those of ``open`` or ``held_back``."""
    content = tomllib.loads((CORPUS / f"{half}.toml").read_text(encoding="utf-8"))
    return tuple(LabelledTask(**row) for row in content["tasks"])


@pytest.fixture(scope="session")
def open_tasks() -> tuple[LabelledTask, ...]:
    return labelled_tasks("open")


@pytest.fixture(scope="session")
def held_back_tasks() -> tuple[LabelledTask, ...]:
    return labelled_tasks("held_back")
