from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from orchestrator.cli.decision_desk import DeskChange
from orchestrator.cli.picture import (
    Scene,
    burn_line,
    elapsed,
    header,
    picture,
    progress_bar,
    question_text,
    shown_workers,
    that_fit,
    worker_lines,
)
from orchestrator.models import events
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.workers import WorkerStatus
from orchestrator.narration.notices import Kind, Notice, Weight
from orchestrator.session.open_questions import OpenQuestion

if TYPE_CHECKING:
    from tests.cli.conftest import Story

GEMINI = WorkerId("gemini")


def test_elapsed_runs_with_the_clock_and_stands_still_at_the_end(story: Story) -> None:
    story.started("gemini")
    began = story.at
    running = elapsed(story.session, story.session.workers[GEMINI], began + timedelta(seconds=7))
    assert running == timedelta(seconds=7)

    story.exited("gemini", code=1)
    ended = story.session.workers[GEMINI]
    if ended.ended_at is not None:
        assert elapsed(story.session, ended, began + timedelta(hours=1)) < timedelta(seconds=7)


def test_a_worker_that_never_began_has_run_for_no_time(story: Story) -> None:
    claude = story.session.workers[WorkerId("claude")]

    assert elapsed(story.session, claude, story.at + timedelta(hours=1)) == timedelta()


def test_the_plans_workers_come_first_in_their_order(story: Story) -> None:
    assert [worker.id for worker in shown_workers(story.session)] == ["gemini", "claude", "codex"]


def test_the_header_says_unknown_where_nothing_is_known(story: Story) -> None:
    assert "tokens and cost unknown" in header(story.session, story.at, 120).plain

    story.started("gemini")
    story.said("gemini", events.UsageReported(Usage(input_tokens=1000, output_tokens=200)))
    assert "1.2k tokens, cost unknown" in header(story.session, story.at, 120).plain


def test_the_header_calls_a_cost_that_not_everybody_told_a_lower_bound(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.UsageReported(Usage(input_tokens=1000, cost_usd=0.5)))
    assert "cost $0.50" in header(story.session, story.at, 120).plain

    story.exited("gemini", 1)
    story.started("claude")
    assert "cost at least $0.50" in header(story.session, story.at, 120).plain


def test_a_bar_never_leaves_its_cells() -> None:
    assert progress_bar(0) == "╌╌╌╌╌╌ 0 % "
    assert progress_bar(50) == "━━━╌╌╌ 50 % "
    assert progress_bar(140) == "━━━━━━ 140 % "


def drawn(story: Story, scene: Scene) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=scene.width, height=scene.height).print(picture(story.session, scene))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def notice(kind: Kind, text: str, at: datetime) -> Notice:
    return Notice(at, kind, Weight.IMPORTANT, text, "gemini")


def test_free_rows_tell_what_happened_last_in_the_order_in_which_it_did(story: Story) -> None:
    at = story.at + timedelta(seconds=2)
    log = [notice("report", "milestone: it stands", at), notice("decision", "go on", at)]
    said = [notice("said", f"sentence {number}", story.at + timedelta(seconds=number)) for number in (1, 3)]
    calls = [notice("tool", "failed (exit code 1): no such file", story.at + timedelta(seconds=4))]
    high = Scene(now=story.at, width=100, height=30, log=log, sentences=said, calls=calls)

    shown = [line.partition("gemini: ")[2] for line in drawn(story, high) if "gemini: " in line]
    assert shown == ["sentence 1", "milestone: it stands", "go on", "sentence 3", "failed (exit code 1): no such file"]
    low = [line.partition("gemini: ")[2] for line in drawn(story, replace(high, height=11)) if "gemini: " in line]
    assert low == ["milestone: it stands", "go on"], "what matters keeps its line"


def test_of_one_moment_what_an_agent_said_stands_before_what_it_called(story: Story) -> None:
    said, called = notice("said", "I look.", story.at), notice("tool", "Read: README", story.at)
    lines = drawn(story, Scene(now=story.at, width=100, height=30, sentences=(said,), calls=(called,)))
    told = [line for line in lines if "I look." in line or "Read: README" in line]
    assert ["I look." in line for line in told] == [True, False]


@pytest.mark.parametrize(("width", "height"), [(35, 12), (80, 24), (30, 8)])
def test_a_low_terminal_keeps_the_question_and_the_workers(story: Story, width: int, height: int) -> None:
    story.asks()
    stays = ("team change: " + "words " * 20, f"dashboard: http://127.0.0.1:8000/?token={'x' * 43}")

    lines = drawn(story, Scene(now=story.at, width=width, height=height, stays=stays, has_keys=True))

    assert len(lines) < height
    assert [name for name in ("gemini", "claude", "codex", "? q1") if not any(name in line for line in lines)] == []


def test_a_worker_that_a_question_is_about_waits_for_the_person(story: Story) -> None:
    story.asks()
    assert any(
        "waits for your answer to q1" in line for line in drawn(story, Scene(now=story.at, width=100, height=30))
    )


def test_what_is_left_is_said_whole_on_every_width(story: Story) -> None:
    story.session.options = replace(story.session.options, max_tokens=400_000, max_cost_usd=2.0, timeout_s=1200.0)
    now = story.session.timed_from
    for width in (40, 60, 80, 120):
        line = burn_line(story.session, Scene(now=now, width=width, height=24, pace=250_400.0)).plain
        assert "400.0k" in line
        assert "20:00" in line
        assert "…" not in line


def test_a_question_longer_than_the_screen_says_again_who_asks() -> None:
    question = OpenQuestion("q1", "two or more concerns", ("yes", "no"), GEMINI, "the review policy standard")
    change = DeskChange("the beginning", "1 file, +30 -0", ("@@ -0,0 +1,30 @@", *["+x"] * 30))
    now = datetime(2026, 11, 30, tzinfo=UTC)

    whole = question_text(question, change, now=now, width=80, height=20).plain.splitlines()
    assert len(whole) == 19
    assert "    … " in "\n".join(whole)
    short = question_text(question, change, now=now, width=80, height=6).plain.splitlines()
    assert short[-1].startswith("question q1: the review policy standard asks about gemini")
    assert not any(line.startswith("    +x") for line in short)


def test_a_command_that_is_too_long_for_the_table_stands_whole_below_it(story: Story) -> None:
    command = "Shell: python3 -B -c 'import cart' && sleep 6 && echo done"
    story.started("gemini")
    story.said("gemini", events.ToolCalled("Shell", "1", command.removeprefix("Shell: ")))

    lines = drawn(story, Scene(now=story.at, width=80, height=24))

    assert f"designs      {command}" in lines
    assert max(map(len, lines)) <= 80


def test_of_more_agents_than_lines_those_at_work_are_shown(story: Story) -> None:
    gemini = story.session.workers[GEMINI]
    at_work = {3: WorkerStatus.RUNNING, 20: WorkerStatus.WAITING, 30: WorkerStatus.FAILED, 38: WorkerStatus.SILENT}
    workers = [
        replace(gemini, id=WorkerId(f"agent-{number}"), status=at_work.get(number, WorkerStatus.DONE))
        for number in range(40)
    ]

    shown, others = that_fit(workers, 5)
    assert [worker.id for worker in shown] == ["agent-3", "agent-20", "agent-30", "agent-38"]
    assert len(others) == 36
    assert that_fit(workers[:5], 5) == (workers[:5], [])


def test_agents_that_have_no_line_are_counted(story: Story) -> None:
    lines = drawn(story, Scene(now=story.at, width=80, height=5, has_keys=True))

    assert len(lines) < 5
    assert lines[-1] == "and 2 more: 2 waiting; t shows all"


def test_a_long_name_has_room_and_an_answer_for_a_program_is_not_shown(story: Story) -> None:
    worker = replace(
        story.session.workers[GEMINI],
        id=WorkerId("refactoring_specialist-2"),
        status=WorkerStatus.DONE,
        doing='{"findings": []}',
        why="answered with confidence 0.9",
    )
    lines = [
        line.plain for line in worker_lines(story.session, [worker], now=story.at, width=120, two_lines=True, said={})
    ]

    assert lines[1].startswith("↳ gemini"), "whoever is no part of the plan is called by its agent"
    assert "answered with confidence 0.9" in lines[1]
    assert "findings" not in "".join(lines)
