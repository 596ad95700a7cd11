"""What a tab of the browser holds after a million events, and when an ended session of as many is first seen.

Run it with ``python -m benchmarks.tab [events]`` from the checkout; it needs the system's Chromium.  A page watches a
session whose journal grows as fast as the dashboard tells it; the heap is measured behind a collection of garbage.
Then the session ends, another dashboard is started, and a new page opens it: milliseconds from the navigation to what
is seen, which the page's own clock counts.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from pydantic_core import to_json

from benchmarks.dashboard import AGENT, WORKER, open_session
from benchmarks.pictures import FLAGS
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.journal.session_lock import hold_session_lock
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import AgentOutput, SessionClosed
from orchestrator.models.events import AgentEvent, EventType, Payload, Said, ToolCalled, ToolReturned
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from orchestrator.session.summary import summarise

EVENTS = 1_000_000
BATCH = 2_000
WAIT_MS = 600_000
GOAL_MS, GOAL_MIB = 1_500, 32
TEXT = "It reads the module, changes one function, and says what it has changed and why that holds. " * 2
SEEN = {
    "header": "header .sub .badge",
    "turns": ".axis-box .bar",
    "calls": ".axis-box .call",
    "workers": ".card",
    "events": ".rows .row",
}
LOOK = """(seen) => {
  globalThis.seen = {};
  const look = () => {
    for (const [name, selector] of Object.entries(seen))
      if (!(name in globalThis.seen) && document.querySelector(selector)) globalThis.seen[name] = performance.now();
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        workspace = Path(name) / "workspace"
        folder = create_session(workspace, datetime.now(UTC), "7f3a")
        with hold_session_lock(folder):
            journal = Journal(folder.journal_file)
            session = grow(browser, folder, journal, open_session(journal, workspace, folder.path), events)
            for entry in journal.append_many([SessionClosed(Outcome.DONE, "all is done")], datetime.now(UTC)):
                session, _ = step(session, entry)
            journal.close()
        folder.report_data_file.write_bytes(to_json(summarise(session)))
        first_picture(browser, folder)
        browser.close()


def grow(browser: Browser, folder: SessionFolder, journal: Journal, session: Session, events: int) -> Session:
    """Write the events while a page watches, and measure it on the way."""
    print(f"{'events seen by the page':<28}{'JS heap MiB':>12}{'DOM nodes':>12}")
    with Serving(folder) as url:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.locator(".rows .row").first.wait_for(state="attached", timeout=WAIT_MS)
        tools = page.context.new_cdp_session(page)
        began = datetime.now(UTC)
        measured = {max(1, round(events * share / BATCH)) for share in (0.02, 0.1, 0.5, 1)}
        for batch in range(1, events // BATCH + 1):
            at = began + timedelta(milliseconds=3 * batch)
            bodies = [output(number, at) for number in range((batch - 1) * BATCH, batch * BATCH)]
            for entry in journal.append_many(bodies, at):
                session, _ = step(session, entry)
            # So that the page has to show all of it, and none is told later from the journal alone.
            if batch % 5 == 0 or batch in measured:
                wait_for_entry(page, session.n)
            if batch in measured:
                heap, nodes = size_of(tools)
                print(f"{batch * BATCH:<28,}{heap:>12.1f}{nodes:>12,}", flush=True)
        page.close()
    print(f"goal: as many at the end as at the beginning, and at most {GOAL_MIB} MiB")
    return session


def output(number: int, at: datetime) -> AgentOutput:
    payload: Payload
    if number % 5 == 0:
        payload = ToolCalled("Bash", f"c{number}", f"pytest -q tests/test_{number % 97}.py")
    elif number % 5 == 1:
        payload = ToolReturned(f"c{number - 1}", ok=number % 601 != 1)
    else:
        payload = Said(f"{number} {TEXT}")
    kind = EventType.MILESTONE if number % 100_003 == 7 else EventType.PROGRESS
    return AgentOutput(WORKER, 1, "stdout", 100 * number, 100 * number + 100, (AgentEvent(kind, AGENT, at, payload),))


def wait_for_entry(page: Page, number: int) -> None:
    page.locator(f"main[data-entries='{number}']").wait_for(state="attached", timeout=WAIT_MS)


def size_of(tools: CDPSession) -> tuple[float, int]:
    """The heap in MiB after a collection, and how many nodes the document has."""
    tools.send("HeapProfiler.enable")
    tools.send("HeapProfiler.collectGarbage")
    heap = tools.send("Runtime.getHeapUsage")["usedSize"] / 2**20
    counted = tools.send("Memory.getDOMCounters")
    return heap, int(counted["nodes"])


def first_picture(browser: Browser, folder: SessionFolder) -> None:
    """When a new page of a new dashboard shows what."""
    size = folder.journal_file.stat().st_size / 2**20
    with Serving(folder) as url:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url.partition("/?")[0] + "/health")
        page.add_init_script(f"({LOOK})({to_json(SEEN).decode()})")
        page.goto(url)
        for selector in SEEN.values():
            page.locator(selector).first.wait_for(state="attached", timeout=WAIT_MS)
        seen = page.evaluate("globalThis.seen")
        told = ", ".join(f"{name} {seen[name]:.0f}" for name in SEEN)
        begun = time.monotonic()
        page.locator("header:not(:has(.sub ~ [role=status]))").wait_for(state="attached", timeout=WAIT_MS)
        whole = time.monotonic() - begun
        print(f"\nfirst picture of the ended session ({size:,.0f} MiB of journal), ms: {told}")
        print(f"goal: at most {GOAL_MS} ms; the exact axis took its place {whole:.1f} s later")
        page.close()


class Serving:
    """A dashboard of the session's workspace in a process of its own; gives its address."""

    def __init__(self, folder: SessionFolder) -> None:
        command = [sys.executable, "-m", "orchestrator", "serve", "--workspace", str(folder.workspace)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])

    def __enter__(self) -> str:
        assert self._process.stdout is not None
        return next(found[0] for line in self._process.stdout if (found := re.search(r"http://\S+", line)))

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()


if __name__ == "__main__":
    main()
