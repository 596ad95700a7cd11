from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.cli.picture import elapsed, header, progress_bar, shown_workers
from orchestrator.models import events
from orchestrator.models.identity import WorkerId
from orchestrator.models.money import Usage

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
