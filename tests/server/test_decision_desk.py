"""What a person is asked and answers in a real browser, and the axis of time that leads to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from orchestrator.journal.control import read_commands
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, GuardAsked, SessionClosed, UserCommand
from orchestrator.models.events import EventType, Reported, ToolCalled, ToolReturned
from orchestrator.models.identity import WorkerId
from tests.server.conftest import Stage
from tests.server.watching import PHONE, Showing, showing, watching

pytestmark = pytest.mark.slow


@pytest.fixture
def shown(stage: Stage, workspace: Path) -> Iterator[Showing]:
    with showing(workspace) as shown:
        yield shown


def ask(stage: Stage) -> None:
    stage.take(GuardAsked(WorkerId("gemini"), "1", "executable", ("pip", "install", "flask"), "/srv/shop"))


def answers(stage: Stage) -> list[tuple[str, str | None]]:
    found = [one.command for one in read_commands(stage.folder, 0) if one.command]
    return [(one.text, one.question) for one in found if one.command is Command.ANSWER]


def test_of_two_who_answer_at_once_the_second_is_told(browser: Browser, stage: Stage, shown: Showing) -> None:
    with watching(browser, shown.url) as first, watching(browser, shown.url, size=PHONE) as second:
        ask(stage)
        for watched in (first, second):
            watched.has(".questions h2", "A question waits for you")
            watched.has(".question h3", "the guard of the sandbox policy default asks about gemini")
            watched.has("header .badge", "waits for you")
            expect(watched.page).to_have_title(re.compile(r"^\(1\) waits for you: "))
            # A consent takes yes or no alone.
            assert watched.page.locator(".question textarea").count() == 0
        first.press("Confirm")
        first.has(".notice", "Answered q1.")
        second.press("Refuse")
        second.has(".notice.bad", "q1 was answered a moment ago, from another page of this dashboard: 'yes'")
        assert answers(stage) == [("yes", "q1")]
        stage.take(UserCommand(Command.ANSWER, by="dashboard", text="yes", question="q1", who="ada"))
        for watched in (first, second):
            watched.has_not(".question")
            watched.has("section[aria-labelledby=answers-title]", "from dashboard, ada")
        assert second.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_note_of_the_browser_is_shown_to_who_looks_elsewhere(browser: Browser, stage: Stage, shown: Showing) -> None:
    told = """() => {
      globalThis.told = [];
      globalThis.Notification = class { constructor(title, more) { told.push(`${title} | ${more.body}`); } };
      Notification.permission = 'default';
      Notification.requestPermission = async () => 'granted';
      Object.defineProperty(document, 'visibilityState', { get: () => globalThis.looks ?? 'visible' });
    }"""
    with watching(browser, shown.url) as watched:
        watched.page.add_init_script(f"({told})()")
        watched.page.reload()
        ask(stage)
        watched.press("Notify me next time")
        watched.page.evaluate("globalThis.looks = 'hidden'")
        stage.take(GuardAsked(WorkerId("gemini"), "2", "executable", ("pip", "install", "rich"), "/srv/shop"))
        watched.has(".questions h2", "2 questions wait for you")
        notes = watched.page.evaluate("told")
    assert len(notes) == 1
    assert notes[0].startswith("orchestrate: the guard of the sandbox policy default asks | ")
    assert "pip install rich" in notes[0]


def test_the_axis_of_time_leads_to_events_and_is_told_in_words(browser: Browser, stage: Stage, shown: Showing) -> None:
    failed = (stage.record(ToolCalled("Bash", "c1", "Bash: make")), stage.record(ToolReturned("c1", ok=False)))
    stage.take(*failed)
    stage.take(stage.record(Reported("the form is read"), kind=EventType.MILESTONE))
    with watching(browser, shown.url) as watched:
        watched.has(".lanes .call.failed")
        watched.has(".lanes .diamond")
        drawn = watched.page.locator(".lanes svg")
        expect(drawn).to_have_attribute("aria-label", re.compile("gemini: .*1 tool call, 1 failed"))
        watched.page.get_by_text("The same as a list").click()
        watched.page.get_by_role("button", name=re.compile("^gemini: Bash: make .*failed")).click()
        watched.has(".row.is-shown", "make")
        watched.press("show the newest")
        watched.page.locator(".axis-box").focus()
        for key in ("+", "ArrowLeft", "Enter"):
            watched.page.keyboard.press(key)
        watched.has(".timeline .chosen", " chosen")
        watched.has(".events .chosen", "from ")
        watched.page.keyboard.press("Escape")
        watched.has_not(".timeline .chosen")
        watched.press("Trace of gemini")
        watched.has(".trace-call.is-failed", "make")
        watched.page.keyboard.press("Escape")
        watched.page.keyboard.press("?")
        watched.has(".keys dd", "To the event log")
        assert watched.violations() == []


@pytest.mark.parametrize("path", ["/sessions", "/gates", "/teams", "/metrics"])
def test_the_other_pages_have_no_violation_and_fit_a_phone(
    browser: Browser, stage: Stage, shown: Showing, path: str
) -> None:
    stage.take(SessionClosed(Outcome.DONE, "all of it"))
    with watching(browser, shown.url, size=PHONE) as watched:
        watched.page.goto(shown.url.partition("/?")[0] + path)
        watched.has("tbody th")
        assert watched.violations() == []
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_sessions_are_sorted_filtered_and_compared(
    browser: Browser, stage: Stage, shown: Showing, staged: Callable[..., Stage]
) -> None:
    other = staged("0001")
    other.take(SessionClosed(Outcome.FAILED, "not all of it"))
    with watching(browser, shown.url) as watched:
        watched.page.goto(shown.url.partition("/?")[0] + "/sessions")
        rows = watched.page.locator("tbody tr")
        expect(rows).to_have_count(2)
        watched.press("State")
        expect(rows.first.locator(".badge")).to_have_text("failed")
        watched.page.locator(".filters select").select_option("running")
        expect(rows).to_have_count(1)
        watched.page.locator(".filters select").select_option("")
        expect(rows).to_have_count(2)
        for box in rows.get_by_role("checkbox").all():
            box.check()
        watched.page.get_by_role("link", name="Compare the two").click()
        watched.has("table.compare tr.differs", "State")
        assert watched.violations() == []


def test_keys_steer_and_can_be_turned_off(browser: Browser, stage: Stage, shown: Showing) -> None:
    def commands() -> list[Command]:
        return [one.command.command for one in read_commands(stage.folder, 0) if one.command]

    with watching(browser, shown.url) as watched:
        expect(watched.page.get_by_role("button", name="Pause all")).to_be_enabled()
        watched.page.keyboard.press("p")
        watched.has(".notice", "Asked to pause every worker.")
        watched.page.keyboard.press("?")
        watched.page.get_by_label("Single keys do something").uncheck()
        watched.page.keyboard.press("Escape")
        watched.has_not("dialog[open]")
        watched.page.keyboard.press("p")
        expect(watched.page.get_by_role("button", name="Resume all")).to_be_disabled()
        stage.take(UserCommand(Command.PAUSE, by="dashboard"))
        watched.press("Resume all")
        watched.has(".notice", "Asked to resume every worker.")
        assert commands() == [Command.PAUSE, Command.RESUME]
