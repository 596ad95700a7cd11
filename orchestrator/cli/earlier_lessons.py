"""Look up which lessons of earlier sessions a run is to show its writers, where its user asks for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.narration.formatting import counted, one_line

if TYPE_CHECKING:
    from orchestrator.models.lesson import Lesson
    from orchestrator.store.lesson_standings import JudgedLesson


def lessons_of_project(target: Path, environ: Mapping[str, str]) -> Sequence[JudgedLesson]:
    """Every lesson that sessions on this project have taught, with its standing, the newest first.  Blocks.

    Raises:
        EnvironmentUnfit: The outcome log cannot be read.
    """
    from orchestrator.settings.user_places import state_folder
    from orchestrator.store.composition_names import store_of
    from orchestrator.store.lesson_standings import judged_lessons, sessions_of
    from orchestrator.store.outcome_log import OutcomeLog

    outcomes, forgotten = sessions_of(OutcomeLog(state_folder(environ)).read(), store_of(str(target)))
    return judged_lessons(outcomes, forgotten, at=datetime.now(UTC))


def lessons_for(task: str, target: Path, environ: Mapping[str, str]) -> tuple[Lesson, ...]:
    """The lessons that the next session on such a task is shown.  Blocks.

    Raises:
        EnvironmentUnfit: The outcome log cannot be read.
    """
    from orchestrator.store.composition_names import task_pattern
    from orchestrator.store.lesson_standings import lessons_in_use

    return lessons_in_use(lessons_of_project(target, environ), task_pattern(task, no_change=False))


def shown_words(lessons: Sequence[Lesson]) -> tuple[str, ...]:
    """What is said of the lessons before they are used: how many there are, then each on a line."""
    if not lessons:
        return ()
    first = (
        f"writers are shown {counted(len(lessons), 'lesson')} of earlier sessions; `orchestrate lessons` strikes one"
    )
    return (first, *(f"  {lesson.id} {lesson.by}: {one_line(lesson.text, 160)}" for lesson in lessons))
