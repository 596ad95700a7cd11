from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.cli.decision_desk import (
    DeskChange,
    DeskLine,
    desk_change,
    desk_lines,
    diff_lines,
    prompt_keys,
    wrapped,
)
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import WorkerId
from orchestrator.session.open_questions import OpenQuestion
from tests.cli.conftest import Story

NOW = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
PATCH = ("diff --git a/a.py b/a.py", "--- a/a.py", "+++ b/a.py", "@@ -1 +1 @@", "-old", "+new")


def concerns(**more: object) -> OpenQuestion:
    return OpenQuestion(
        "q1",
        "two or more concerns",
        ("answer with what is to be done", "stop; what was changed stays"),
        WorkerId("claude"),
        "the review policy standard",
        points=("codex (concerns): no \x1b[31mtest",),
        effects=("type the words", "the session stops"),
        **more,  # type: ignore[arg-type] # each test gives fields of its own
    )


def words(question: OpenQuestion, change: DeskChange | None, *, patch_lines: int = 12) -> str:
    return "\n".join(line.text for line in desk_lines(question, change, now=NOW, patch_lines=patch_lines))


def test_a_question_says_who_asks_and_what_each_choice_does() -> None:
    text = words(concerns(), None)

    assert text.splitlines()[0] == "question q1: the review policy standard asks about claude"
    assert "  1. answer with what is to be done\n     → type the words\n" in text
    assert text.endswith("  2. stop; what was changed stays\n     → the session stops")
    assert "\x1b" not in text


def test_what_was_changed_stands_in_it_as_far_as_there_is_room() -> None:
    change = DeskChange("review 001-milestone", "1 file, +1 -1", PATCH)

    assert (
        "changed since review 001-milestone: 1 file, +1 -1\n    a.py\n    @@ -1 +1 @@\n    -old\n    +new\n"
        in words(concerns(), change)
    )
    assert "    @@ -1 +1 @@\n    … 2 more lines\n" in words(concerns(), change, patch_lines=2)
    assert "1 file, +1 -1: a.py\n  1." in words(concerns(), change, patch_lines=0), "its files are named in any case"
    assert [line.part for line in diff_lines(change)][-2:] == ["removed", "added"]
    assert [line.text for line in diff_lines(change)[1:]] == ["    a.py", "    @@ -1 +1 @@", "    -old", "    +new"]


def test_a_point_of_several_reviewers_is_said_once() -> None:
    question = replace(concerns(), points=("codex (concerns): no test", "gemini (concerns): no test", "as they say"))

    assert "  - codex (concerns), gemini (concerns): no test\n  - as they say\n" in words(question, None)


def test_what_cannot_be_shown_is_said() -> None:
    assert "cannot be shown: git is missing" in words(concerns(), DeskChange("the beginning", problem="git is missing"))


def test_a_consent_says_when_it_is_refused_and_offers_no_review() -> None:
    question = concerns(consent=True, until=NOW + timedelta(seconds=290))

    assert words(question, None).splitlines()[-1].endswith("in 4:50")
    assert prompt_keys(question, None) == []
    assert [line.text.split()[0] for line in prompt_keys(concerns(), DeskChange("x", "y", PATCH))] == ["r", "d"]


def test_a_target_that_was_not_recorded_is_a_problem_in_words(story: Story) -> None:
    story.asks()
    story.write()
    question = OpenQuestion("q1", "?", (), WorkerId("gemini"), "the orchestrator")

    change = desk_change(SessionFolder(story.folder.path), story.session, question)

    assert change is not None
    assert "has not recorded its target" in change.problem


def test_a_long_line_goes_on_below_its_words_and_a_patch_stays_whole() -> None:
    assert wrapped(DeskLine("choice", "  1. answer with what is to be done"), 24) == [
        "  1. answer with what is",
        "     to be done",
    ]
    assert wrapped(DeskLine("added", "    +" + "x " * 40), 24) == ["    +" + "x " * 40]
