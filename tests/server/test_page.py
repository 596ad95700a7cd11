"""The page in a real browser."""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pydantic_core import to_json

from orchestrator.journal.control import read_commands
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import Command, SessionClosed, UserCommand
from orchestrator.models.events import EventType, Reported, ToolCalled, ToolReturned
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.summary import summarise
from tests.server.conftest import Stage
from tests.server.watching import DESKTOP, PHONE, Showing, Watched, showing, watching

pytestmark = pytest.mark.slow
CUTS = int(os.environ.get("ORCHESTRATE_PAGE_CUTS", "8"))
"""How often the line is cut under the page; 200 in the long form."""
NASTY = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>**bold** \x1b[31mred"


@pytest.fixture
def shown(stage: Stage, workspace: Path) -> Iterator[Showing]:
    with showing(workspace) as shown:
        yield shown


def dropped(stage: Stage) -> list[tuple[Command, str | None, str]]:
    """What the browser asked the coordinator for."""
    found = [one.command for one in read_commands(stage.folder, 0) if one.command]
    assert {command.by for command in found} <= {"dashboard"}
    return [(command.command, command.worker, command.text) for command in found]


def wait_for_commands(stage: Stage, count: int) -> list[tuple[Command, str | None, str]]:
    deadline = time.monotonic() + 10
    while len(found := dropped(stage)) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def test_what_happens_is_seen_at_once(browser: Browser, stage: Stage, shown: Showing) -> None:
    with watching(browser, shown.url) as watched:
        watched.has("#events-title")
        assert "token" not in watched.page.url
        stage.say("reading the form", "the form has no checks")
        stage.sample(38.0)
        watched.has(".row .text", "the form has no checks")
        watched.has(".card .doing", "the form has no checks")
        watched.has(".card .evidence", "s since last byte, 38 % CPU")
        watched.has(".lanes svg")
        stage.take(stage.record(Reported("half of it", progress=50.0)))
        watched.has(".card .percent", "50 %")


def test_agents_words_are_never_markup(browser: Browser, stage: Stage, shown: Showing) -> None:
    with watching(browser, shown.url) as watched:
        watched.has("#events-title")
        stage.say(NASTY)
        watched.has(".row .text", "<script>document.title='owned'</script>")
        assert watched.page.locator("main img, main script").count() == 0
        assert "owned" not in watched.page.title().split(":")[0]


def test_source_is_coloured_and_what_differs_in_a_line_is_marked(
    browser: Browser, stage: Stage, shown: Showing
) -> None:
    script = """([name, lines, before, after]) => import('/static/highlight.js').then((it) => {
        let open = '';
        const parts = [];
        for (const line of lines) {
            const told = it.partsOf(line, it.familyOf(name), open);
            open = told.open;
            parts.push(...told.parts.filter((part) => part.kind).map((part) => `${part.kind} ${part.text}`));
        }
        return [parts, it.difference(before, after)];
    })"""
    python = [
        '"""A text',
        "that goes on",
        'and ends.""" + str(12)',
        "return  # <b>never</b> markup",
        "x = 'an open one",
    ]
    script_lines = ["/* one", "two */ const a = `b`; // c", "http://x"]
    with watching(browser, shown.url) as watched:
        parts, differs = watched.page.evaluate(script, ["a/b.py", python, "return total_price", "return total_cost"])
        assert parts == [
            *('string """A text', "string that goes on", 'string and ends."""', "number 12", "keyword return"),
            *("comment # <b>never</b> markup", "string 'an open one"),
        ]
        assert differs == {"before": [7, 18], "after": [7, 17]}
        parts, differs = watched.page.evaluate(script, ["b.ts", script_lines, "alpha", "omega"])
        assert parts == [
            "comment /* one",
            "comment two */",
            "keyword const",
            "string `b`",
            "comment // c",
            "comment //x",
        ]
        assert differs is None
        assert watched.page.evaluate(script, ["notes.txt", ["return 'x'"], "", ""])[0] == []


def test_a_trace_leads_from_a_turn_to_what_a_call_brought(browser: Browser, stage: Stage, shown: Showing) -> None:
    stage.take(stage.record(ToolCalled("Bash", "c1", "make test", command="make test VERBOSE=1")))
    stage.take(stage.record(ToolReturned("c1", ok=False, text="2 of 9 failed", exit_code=2)))
    with watching(browser, shown.url) as watched:
        watched.press("Trace of gemini")
        watched.has(".trace h3", "Turn 1")
        watched.page.locator(".trace-call summary").click()
        watched.has(".call-facts pre", "make test VERBOSE=1")
        watched.has(".call-facts pre", "2 of 9 failed")
        watched.has(".call-facts dt", "came back with code 2")
        assert watched.violations() == []
        watched.press("In the event log")
        watched.has(".row.is-shown", "make test")


def test_what_failed_stands_at_the_head_and_what_the_log_names_leads_there(browser: Browser, workspace: Path) -> None:
    stage = Stage(workspace, watch_rules=1)
    stage.hold()
    stage.start()
    for i in range(4):
        stage.take(stage.record(ToolCalled("Bash", f"c{i}", "pytest -q")))
        stage.take(stage.record(ToolReturned(f"c{i}", ok=False, text="1 failed", exit_code=1)))
    stage.take(stage.record(ToolCalled("Write", "w", "shop/cart.py")), stage.record(ToolReturned("w", ok=False)))
    with closing(stage), showing(workspace) as shown, watching(browser, shown.url) as watched:
        watched.has(".glance .failed", "5 calls, the newest: Write shop/cart.py")
        finding = watched.page.locator(".row.kind-antipattern_found", has_text="gemini made the same call 4 times")
        numbers = finding.get_by_role("button", name=re.compile(r"^\d+$"))
        expect(numbers).to_have_count(4, timeout=15_000)
        named = numbers.nth(1).inner_text()
        watched.page.locator("#events-text").fill("same call")
        expect(watched.page.locator(".rows mark")).to_have_text("same call")
        numbers.nth(1).click()  # what is asked for is shown, whatever was searched for
        watched.has(f".row.is-shown[data-n='{named}']", "Bash: pytest -q")
        watched.page.locator(f".row.is-shown[data-n='{named}'] time a").click()
        watched.page.reload()
        watched.has(f".row.is-shown[data-n='{named}']")
        watched.press("show the newest")
        assert "#entry" not in watched.page.url
        watched.page.locator("button.who", has_text="gemini").last.click()
        watched.has("#trace-title", "What gemini did")


def test_the_log_is_filtered_by_agent_type_and_text(browser: Browser, stage: Stage, shown: Showing) -> None:
    stage.say("alpha one", "alpha two", "beta")
    stage.take(stage.record(Reported("a finding"), kind=EventType.FINDING))
    with watching(browser, shown.url) as watched:
        rows = watched.page.locator(".row")
        watched.has(".row .text", "beta")
        watched.page.locator("#events-text").fill("ALPHA")
        expect(rows).to_have_count(2)
        expect(watched.page.locator(".row mark").first).to_have_text("alpha")
        watched.page.locator("#events-text").fill("")
        watched.page.get_by_label("finding", exact=True).check()
        expect(rows).to_have_count(1)
        watched.page.get_by_label("progress", exact=True).check()
        expect(rows).to_have_count(4)
        watched.page.get_by_label("finding", exact=True).uncheck()
        watched.page.get_by_label("progress", exact=True).uncheck()
        watched.page.get_by_label("orchestrator", exact=True).check()
        expect(rows.filter(has_text="alpha")).to_have_count(0)
        watched.page.get_by_label("orchestrator", exact=True).uncheck()
        watched.page.get_by_role("checkbox", name="codex", exact=True).check()
        expect(watched.page.locator(".rows")).to_contain_text("No event matches.")


def test_a_million_events_take_no_more_room_than_a_few_thousand(browser: Browser, stage: Stage, shown: Showing) -> None:
    with watching(browser, shown.url) as watched:
        watched.has("#events-title")
        for i in range(12):
            stage.say(*(f"{i}.{k} " + "x" * 200 for k in range(200)))
        watched.has(".row .text", "11.199", seconds=60)
        assert watched.page.locator(".row").count() <= 300
        held = watched.page.evaluate("import('/static/store.js').then((store) => store.rows.value.length)")
        assert held == 2000
        watched.press("Older events")
        watched.has(".row .text", "9.")


def test_the_first_picture_of_an_ended_session_waits_for_no_journal(
    browser: Browser, stage: Stage, workspace: Path
) -> None:
    stage.take(stage.record(ToolCalled("Bash", "c1", "make test")), stage.record(ToolReturned("c1", ok=False)))
    stage.take(stage.output("half of it stands", kind=EventType.MILESTONE))
    stage.take(SessionClosed(Outcome.FAILED, "an odd end"))
    assert stage.session is not None
    stage.folder.report_data_file.write_bytes(to_json(summarise(stage.session)))
    stage.release_workers()
    with showing(workspace) as shown, watching(browser, "about:blank") as watched:
        watched.page.route("**/api/events/stream*", lambda route: route.abort())
        watched.page.goto(shown.url)
        for seen in (".sub .status-failed", ".axis-box .bar", ".diamond", ".call.failed", ".card", ".row"):
            watched.page.locator(seen).first.wait_for(state="attached", timeout=15_000)
        watched.has(".row .text", "half of it stands")
        watched.page.unroute("**/api/events/stream*")
        # What is told in the end is what it would have been without the sketch.
        expect(watched.page.locator(".sub + [role=status]")).to_have_count(0, timeout=15_000)
        expect(watched.page.locator(".row", has_text="half of it stands")).to_have_count(1)
        expect(watched.page.locator(".call.failed")).to_have_count(1)


def test_a_cut_is_said_within_two_seconds_and_nothing_stale_can_be_pressed(
    browser: Browser, stage: Stage, shown: Showing
) -> None:
    with shown.line() as (line, url), watching(browser, url) as watched:
        watched.has(".card.is-running")
        expect(watched.page.get_by_role("button", name="Pause all")).to_be_enabled()
        line.hold(held=True)
        watched.has(".connection.lost", "Not live", seconds=2.0)
        expect(watched.page.get_by_role("button", name="Pause all")).to_be_disabled()
        expect(watched.page.locator("main")).to_have_class(re.compile("stale"))
        stage.say("said while nobody could hear it")
        line.hold(held=False)
        watched.has(".row .text", "said while nobody could hear it")
        watched.has_not(".connection.lost")
        shown.portal.call(line.cut)
        stage.say("and again")
        watched.has(".row .text", "and again")


def test_a_page_that_was_cut_again_and_again_ends_as_one_that_never_was(
    browser: Browser, stage: Stage, shown: Showing
) -> None:
    chance = random.Random(5)

    def act(i: int) -> None:
        stage.say(*(f"line {i}.{k}" for k in range(chance.randrange(1, 4))))
        if i % 4 == 0:
            stage.sample(float(i % 90))

    with shown.line() as (line, url), watching(browser, url) as broken, watching(browser, shown.url) as whole:
        broken.has("#events-title")
        whole.has("#events-title")
        shown.cut_at_random(line, CUTS, act, chance)
        stage.say("the last line")
        for watched in (broken, whole):
            watched.has(".row .text", "the last line", seconds=30)
            watched.has_not(".connection.lost")
        assert stage.session is not None
        for watched in (broken, whole):
            expect(watched.page.locator("main")).to_have_attribute("data-entries", str(stage.length))
        assert line.connections > CUTS
        assert state_of(broken) == state_of(whole)


def state_of(watched: Watched) -> object:
    """Everything the page holds, but for the clock."""
    names = ["session", "workers", "reviews", "decisions", "recoveries", "questions", "answers", "rows"]
    script = f"import('/static/store.js').then((s) => JSON.stringify({json.dumps(names)}.map((name) => s[name].value)))"
    return json.loads(watched.page.evaluate(script))


def test_every_button_of_a_worker_and_of_the_session_asks_for_what_it_says(
    browser: Browser, stage: Stage, shown: Showing
) -> None:
    with watching(browser, shown.url) as watched:
        for count, name in enumerate(
            ["Pause gemini", "Restart gemini", "Stop gemini", "Pause all", "Resume all", "Ask for a review", "Stop"], 1
        ):
            if name == "Resume all":
                expect(watched.page.get_by_role("button", name=name)).to_be_disabled()  # nothing is paused
                stage.take(UserCommand(Command.PAUSE, worker=WorkerId("gemini"), by="dashboard"))
            watched.press(name)
            wait_for_commands(stage, count)
        expect(watched.page.get_by_role("button", name="Pause codex")).to_have_count(0)
        stage.folder.raw_stdout(WorkerId("gemini")).write_text('{"raw": "line"}\n')
        watched.press("Raw log of gemini")
        watched.has("dialog .raw", '{"raw": "line"}')
        watched.page.keyboard.press("Escape")
        watched.has_not("dialog[open]")
    asked = [(command, worker) for command, worker, _ in dropped(stage)]
    assert asked == [
        (Command.PAUSE, "gemini"),
        (Command.RESTART, "gemini"),
        (Command.STOP, "gemini"),
        (Command.PAUSE, None),
        (Command.RESUME, None),
        (Command.REVIEW, None),
        (Command.STOP, None),
    ]


def test_everything_can_be_reached_and_pressed_by_keyboard(browser: Browser, stage: Stage, shown: Showing) -> None:
    with watching(browser, shown.url) as watched:
        expect(watched.page.get_by_role("button", name="Pause all")).to_be_enabled()
        watched.page.keyboard.press("Tab")
        expect(watched.page.locator(":focus")).to_have_text("Skip to the session")
        for _ in range(80):
            watched.page.keyboard.press("Tab")
            if watched.page.locator(":focus").get_attribute("aria-label") == "Pause gemini":
                break
        watched.page.keyboard.press("Enter")
        assert wait_for_commands(stage, 1)[0][:2] == (Command.PAUSE, "gemini")


@pytest.mark.parametrize("size", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")])
def test_axe_finds_no_violation_and_nothing_is_cut_off(
    browser: Browser, stage: Stage, shown: Showing, size: tuple[int, int], tmp_path: Path
) -> None:
    stage.say("reading " + "a-very-long-word" * 30, NASTY)
    stage.sample(20.0)
    stage.sample(60.0)
    with watching(browser, shown.url, size=size) as watched:
        watched.has(".row .text", "owned")
        watched.has(".spark polyline")
        watched.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for scheme in ("light", "dark"):
            watched.page.emulate_media(color_scheme=scheme)
            assert watched.violations() == []
            assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            folder = Path(os.environ.get("ORCHESTRATE_SCREENSHOTS", tmp_path))
            (folder / f"page-{size[0]}-{scheme}.png").write_bytes(watched.page.screenshot(full_page=True))
        watched.press("Raw log of gemini")
        watched.has("dialog[open]")
        assert watched.violations() == []


def test_a_state_is_told_with_its_evidence(browser: Browser, stage: Stage, shown: Showing) -> None:
    gone = "nothing of it runs"
    exit_, then = {"proof": "empty pid namespace"}, "2026-11-21T12:00:00Z"
    told: dict[str, tuple[dict[str, object], str]] = {
        "starting": ({}, "no byte yet"),
        "running": ({}, "12 s since last byte, 38 % CPU"),
        "silent": ({"last_heard": "2026-11-21T11:56:12Z"}, "silent for 4 min 00 s, 38 % CPU"),
        "frozen": ({"why": "milestone under review"}, "milestone under review, frozen for 12 s"),
        "limited": ({"limited_until": "2026-11-21T14:05:00"}, "limited until 14:05:00"),
        "relaunching": ({"why": "in 5 s: exit code 1"}, "in 5 s: exit code 1"),
        "parked": ({"why": "parked after 3 restarts: exit code 1"}, "parked after 3 restarts: exit code 1"),
        "stopping": ({}, "stopping"),
        "done": ({"exit": exit_}, f"{gone}: its process namespace is empty"),
        "unproven": ({"exit": exit_, "why": "no tool call"}, f"no tool call; {gone}: its process namespace is empty"),
        "failed": ({"exit": {"proof": "none"}, "why": "exit code 1"}, f"exit code 1; that {gone} is not proven"),
        "stopped": ({}, "never started"),
        "waiting": ({}, "waits for those before it"),
    }
    script = """(workers) => import('/static/format.js').then(
        (format) => workers.map((worker) => format.evidence(worker, Date.parse('2026-11-21T12:00:12Z'))))"""
    plain = {"samples": [{"cpu_percent": 38.2}], "last_heard": then, "frozen_since": then, "why": ""}
    workers = [{**plain, "status": status, **more} for status, (more, _) in told.items()]
    assert set(told) == set(WorkerStatus)
    with watching(browser, shown.url) as watched:
        # A number and its unit stay on one line.
        said = [text.replace("\u00a0", " ") for text in watched.page.evaluate(script, workers)]
        assert said == [words for _, words in told.values()]
