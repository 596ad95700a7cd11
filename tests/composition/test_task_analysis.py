"""A task is analysed by tables, and each says what it was decided by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import orchestrator
from orchestrator.composition.domains import Domain
from orchestrator.composition.outcomes import Outcome
from orchestrator.composition.task_analysis import CAPABILITIES, Complexity, analyse_task, as_document

if TYPE_CHECKING:
    from tests.composition.conftest import LabelledTask

Tasks = tuple["LabelledTask", ...]
ROOT = Path(orchestrator.__file__).resolve().parent.parent


def _right(tasks: Tasks) -> tuple[int, int]:
    """How many outcomes and domains are as labelled."""
    analyses = [(task, analyse_task(task.text)) for task in tasks]
    return (
        sum(str(found.outcome.outcome) == task.outcome for task, found in analyses),
        sum(str(found.domain) == task.domain for task, found in analyses),
    )


def test_at_least_97_in_100_labelled_tasks_are_read_rightly(open_tasks: Tasks, held_back_tasks: Tasks) -> None:
    outcomes, domains = _right((*open_tasks, *held_back_tasks))
    assert outcomes >= 194
    assert domains >= 194


def test_the_figures_in_the_docs_are_todays(open_tasks: Tasks, held_back_tasks: Tasks) -> None:
    told = (ROOT / "docs" / "teams.md").read_text(encoding="utf-8")
    for row, tasks in (
        ("held-back half, now", held_back_tasks),
        ("open half, now", open_tasks),
        ("all, now", (*open_tasks, *held_back_tasks)),
    ):
        outcomes, domains = _right(tasks)
        changes = sum(task.outcome == "change" for task in tasks)
        count = len(tasks)
        assert f"| {row} | {outcomes} of {count} | {domains} of {count} | 0 of {changes} |" in told


@pytest.mark.parametrize("half", ["open_tasks", "held_back_tasks"])
def test_no_change_of_either_half_is_left_without_a_writer(half: str, request: pytest.FixtureRequest) -> None:
    tasks: Tasks = request.getfixturevalue(half)
    changes = [task.text for task in tasks if task.outcome == "change"]
    assert [text for text in changes if analyse_task(text).outcome.outcome is not Outcome.CHANGE] == []


@pytest.mark.parametrize(
    ("task", "complexity"),
    [
        ("Fix a typo in the header", Complexity.SIMPLE),
        ("Add a logout button", Complexity.MODERATE),
        ("Migrate the shop to PostgreSQL", Complexity.COMPLEX),
        ("Fix the typo. Then sort the list. Then add a test.", Complexity.MODERATE),
        ("\n".join(f"- part {number}" for number in range(6)), Complexity.COMPLEX),
        ("word " * 130, Complexity.COMPLEX),
        ("Migriere den Dienst", Complexity.COMPLEX),
    ],
)
def test_complexity_is_read_from_words_and_length(task: str, complexity: Complexity) -> None:
    assert analyse_task(task).complexity is complexity


@pytest.mark.parametrize(
    ("task", "parallelizable"),
    [
        ("Prepare for release", True),
        ("Audit the login", True),
        ("Review the code and create tests", False),
        ("Add a button", False),
        ("检查代码", True),
    ],
)
def test_checks_can_be_made_side_by_side_and_steps_cannot(task: str, parallelizable: bool) -> None:
    assert analyse_task(task).parallelizable is parallelizable


def test_capabilities_are_those_of_the_domain_and_of_a_release() -> None:
    assert analyse_task("Fix the security bug").capabilities == CAPABILITIES[Domain.SECURITY]
    assert analyse_task("Prepare for release").capabilities == (
        "validate_coverage",
        "vulnerability_scan",
        "code_review",
        "check_completeness",
    )


def test_a_task_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        analyse_task(" \n")


def test_the_document_says_everything_with_its_hits() -> None:
    document = as_document(analyse_task("Why is the login slow?"))
    assert document["outcome"] == "answer"
    assert document["outcome_hits"] == [{"words": "why is", "says": "asks for an answer"}]
    assert document["domain"] == "performance"
