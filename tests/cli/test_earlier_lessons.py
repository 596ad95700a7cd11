from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.cli.build_request import build_request
from orchestrator.cli.earlier_lessons import lessons_for, lessons_of_project, shown_words
from tests.cli.conftest import JobResult
from tests.cli.test_build_request import given
from tests.cli.test_lessons import TASK, project

__all__ = ["project"]


def test_work_of_the_same_kind_is_shown_what_was_taught(project: Path) -> None:
    (lesson,) = lessons_for(TASK, project, os.environ)
    first, second = shown_words([lesson])
    assert first.startswith("writers are shown 1 lesson of earlier sessions")
    assert second.startswith(f"  {lesson.id} codex: Check ")
    assert shown_words([]) == ()


def test_work_of_another_kind_is_shown_nothing(project: Path) -> None:
    assert lessons_for("Write a test for the parser", project, os.environ) == ()


def test_another_project_is_shown_nothing(project: Path, tmp_path: Path) -> None:
    assert lessons_of_project(tmp_path, os.environ) == []


@pytest.mark.parametrize(("words", "shown"), [((), 0), (("--rehearse",), 0), (("--team", "answer"), 0), ((), 1)])
def test_a_run_is_shown_lessons_where_it_asks_for_them(project: Path, words: tuple[str, ...], shown: int) -> None:
    asked = ("--lessons",) if words or shown else ()
    request = build_request(TASK, given("--target", str(project), *asked, *words))
    assert len(request.lessons) == shown
    assert request.learns is bool(asked)


def test_a_plan_shows_them_beforehand(orchestrate: Callable[..., JobResult], project: Path) -> None:
    told = orchestrate("plan", TASK, "--target", str(project), "--lessons")
    assert "writers are shown 1 lesson of earlier sessions" in told.out
    assert (
        len(json.loads(orchestrate("plan", TASK, "--target", str(project), "--lessons", "--json").out)["lessons"]) == 1
    )
    assert "lesson" not in orchestrate("plan", TASK, "--target", str(project)).out
