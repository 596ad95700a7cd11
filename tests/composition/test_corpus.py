"""The labelled tasks are many, of many kinds, and cut in two halves that share none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.composition.conftest import LabelledTask

Tasks = tuple["LabelledTask", ...]

DOMAINS = {
    *("testing", "security", "code_quality", "documentation"),
    *("performance", "architecture", "refactoring", "general"),
}


def test_there_are_two_hundred_tasks_in_two_halves_that_share_none(open_tasks: Tasks, held_back_tasks: Tasks) -> None:
    assert len(open_tasks) == len(held_back_tasks) == 100
    assert len({task.text for task in (*open_tasks, *held_back_tasks)}) == 200


def test_at_least_sixty_mislead_by_their_words(open_tasks: Tasks, held_back_tasks: Tasks) -> None:
    assert sum(task.misleads for task in (*open_tasks, *held_back_tasks)) >= 60


def test_at_least_twenty_are_in_six_or_more_other_languages(open_tasks: Tasks, held_back_tasks: Tasks) -> None:
    others = [task.language for task in (*open_tasks, *held_back_tasks) if task.language != "en"]
    assert len(others) >= 20
    assert len(set(others)) >= 6


def test_each_half_has_both_outcomes_and_every_domain(open_tasks: Tasks, held_back_tasks: Tasks) -> None:
    for half in (open_tasks, held_back_tasks):
        assert {task.outcome for task in half} == {"change", "answer"}
        assert {task.domain for task in half} == DOMAINS
