"""``orchestrate lessons``, as a user sees it; what is written here is in nobody's own log."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.cli.earlier_lessons import lessons_for, shown_words
from orchestrator.models.identity import AgentName, ReviewId, SessionId
from orchestrator.models.lesson import Lesson
from orchestrator.settings.user_places import state_folder
from orchestrator.store.lesson_standings import BATCH
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record
from tests.cli.conftest import JobResult
from tests.store.conftest import PASSED, outcome

Call = Callable[..., JobResult]
SECURITY = replace(outcome(PASSED), pattern="security")
TASK = "Fix the security bug in login"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on which a batch of sessions has taught one lesson."""
    made = tmp_path / "project"
    made.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    now = datetime.now(UTC)
    lesson = Lesson("Check \x1b[31mthe token.", AgentName("codex"), SessionId("s0"), ReviewId("002-final"), now)
    ended = [
        replace(SECURITY, session=SessionId(f"s{n}"), project=str(made), closed_at=now, lessons=(lesson,) * (n == 0))
        for n in range(BATCH)
    ]
    OutcomeLog(state_folder(os.environ)).append(*(as_record(one) for one in ended))
    return made


@pytest.fixture
def call(orchestrate: Call, project: Path) -> Call:
    return lambda *words: orchestrate(*words, "--target", str(project))


def test_a_lesson_is_listed_with_its_standing_and_steers_no_terminal(call: Call) -> None:
    said = call("lessons")
    assert said.code == 0
    assert "in use, security: shown until" in said.out
    assert "codex" in said.out
    assert "\x1b" not in said.out
    (row,) = json.loads(call("lessons", "--json").out)
    assert row["id"] in said.out
    assert row["standing"] == "in use"


def test_a_struck_lesson_is_not_shown_again(call: Call, project: Path) -> None:
    (lesson,) = lessons_for(TASK, project, os.environ)
    assert shown_words([lesson])[1].startswith(f"  {lesson.id} codex: Check ")
    assert "struck" in call("lessons", "forget", lesson.id).out
    assert "forgotten, security: a person has struck it" in call("lessons").out
    assert lessons_for(TASK, project, os.environ) == ()
    unknown = call("lessons", "forget", "0000000000")
    assert (unknown.code, "there is no lesson '0000000000'" in unknown.err) == (2, True)


def test_a_project_that_was_taught_nothing_says_so(orchestrate: Call, project: Path, tmp_path: Path) -> None:
    assert "has taught anything" in orchestrate("lessons", "--target", str(tmp_path)).out
