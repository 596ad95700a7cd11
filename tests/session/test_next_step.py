from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.effects import Outcome
from orchestrator.models.workers import PlantedFile
from orchestrator.session.next_step import next_step
from orchestrator.session.open_questions import OpenQuestion
from orchestrator.session.summary import SessionSummary, summarise

if TYPE_CHECKING:
    from tests.session.conftest import Play


@pytest.fixture
def summary(play: Callable[..., Play]) -> SessionSummary:
    return summarise(play("claude").session)


def changed(*files: str) -> ChangeMeasured:
    return ChangeMeasured(files, len(files), 0)


def test_a_change_is_to_be_looked_at_and_a_copy_applied(summary: SessionSummary) -> None:
    done = replace(summary, change=changed("a.py"))

    assert next_step(done, Outcome.DONE).command == f"orchestrate diff {summary.id}"
    assert next_step(replace(done, source="/p"), Outcome.DONE).command == f"orchestrate apply {summary.id}"
    assert next_step(replace(summary, change=changed()), Outcome.DONE).command == ""


def test_a_question_comes_before_going_on(summary: SessionSummary) -> None:
    asked = replace(summary, questions=(OpenQuestion("q1", "?", (), None, "claude"),))

    assert next_step(asked, Outcome.NEEDS_PERSON).words == "q1 waits for your answer"
    assert next_step(summary, Outcome.NEEDS_PERSON).command == f"orchestrate resume {summary.id}"


def test_what_failed_is_looked_up_and_what_was_stopped_goes_on(summary: SessionSummary) -> None:
    assert "logs --important" in next_step(summary, Outcome.FAILED).command
    assert next_step(summary, Outcome.INTERRUPTED).command == f"orchestrate resume {summary.id}"


def test_files_that_programs_of_the_user_obey_come_first(summary: SessionSummary) -> None:
    planted = replace(summary, planted=(PlantedFile(".envrc", "new", "left", "direnv", "you enter the folder"),))

    assert "1 file that programs of yours obey" in next_step(planted, Outcome.DONE).words
