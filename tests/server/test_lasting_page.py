"""A page that stays open: what it says of the budget, of a folder that goes, after a week, and of a new token."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from orchestrator.models.events import UsageReported
from orchestrator.models.money import Usage
from tests.server.conftest import Stage
from tests.server.watching import showing, watching

pytestmark = pytest.mark.slow


class EarlierStage(Stage):
    """A session whose entries bear an earlier time."""

    ago = timedelta()

    @property
    def at(self) -> datetime:
        return datetime.now(UTC) - self.ago


def used(stage: Stage, tokens: int) -> None:
    stage.take(stage.record(UsageReported(Usage(input_tokens=tokens, output_tokens=0, cost_usd=tokens / 10_000))))


def test_the_budget_that_is_left_is_told_as_time(browser: Browser, workspace: Path) -> None:
    EarlierStage.ago = timedelta(minutes=8)
    stage = EarlierStage(workspace, max_tokens=100_000, max_cost_usd=50.0)
    try:
        stage.hold()
        stage.start()
        used(stage, 10_000)
        EarlierStage.ago = timedelta()
        used(stage, 20_000)
        with showing(workspace) as shown, watching(browser, shown.url) as watched:
            # 30,000 tokens in eight minutes; the other 70,000 go at that pace, which falls while the page is looked at.
            pace = re.compile(r"Tokens 30,000 of 100,000 . at this pace the limit is reached in (1[89]|2\d)\smin \d\d")
            expect(watched.page.locator(".burn").first).to_contain_text(pace, timeout=15_000)
            expect(watched.page.locator(".burn").last).to_contain_text(
                re.compile(r"of \$50\.00 . at this pace the limit is reached in 2\sh \d\d\smin")
            )
    finally:
        stage.close()


def test_a_session_folder_that_vanishes_is_said(browser: Browser, stage: Stage, workspace: Path) -> None:
    stage.say("here I am")
    with showing(workspace) as shown, watching(browser, shown.url) as watched:
        watched.has(".row .text", "here I am")
        shutil.rmtree(stage.folder.path)
        watched.has(".connection.lost", "gone")
        # What was seen stays to be read; nothing of it can be pressed.
        watched.has(".row .text", "here I am")
        expect(watched.page.get_by_role("button", name="Pause gemini")).to_be_disabled()
        expect(watched.page.get_by_role("button", name="Let it go on")).to_have_count(0)
        assert watched.page.locator("header code", has_text="resume").count() == 0
        watched.page.reload()
        watched.has(".connection.lost", "there is no session in this workspace yet")


def test_a_page_left_open_for_a_week_is_right_again_and_a_new_token_is_asked_for(
    browser: Browser, stage: Stage, workspace: Path, port: int
) -> None:
    with watching(browser, "about:blank") as watched:
        watched.page.clock.install()
        with showing(workspace, port) as shown:
            watched.page.goto(shown.url)
            watched.has("#events-title")
            stage.say("a week ago")
            watched.has(".row .text", "a week ago")
            watched.page.clock.fast_forward(7 * 24 * 3600 * 1000)
            stage.say("and now")
            watched.page.clock.run_for(3_000)
            watched.has(".row .text", "and now")
            watched.page.clock.run_for(3_000)
            watched.has_not(".connection.lost")
            # The page goes by the server's clock, so its own being a week ahead makes nothing older.
            expect(watched.page.locator(".sub")).not_to_contain_text(re.compile(r"\d+ h "))
        with showing(workspace, port):
            for _ in range(8):
                watched.page.clock.run_for(2_000)
            watched.has(".connection.lost", "Not shown: ", seconds=30)
            expect(watched.page.locator(".connection")).to_contain_text("token")
        # The browser says of each refusal that it was one.
        watched.complaints[:] = [one for one in watched.complaints if "401 (Unauthorized)" not in one]
