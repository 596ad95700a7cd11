"""A real browser for the dashboard's tests: pages, a server in a thread of its own, a line that can be cut or held."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
from anyio.abc import ByteStream, SocketAttribute, TaskStatus
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import Browser, Page, expect

from orchestrator.server.server_process import Dashboard, Place, bind

# As root Chromium has no sandbox of its own; the rest keeps it from talking to anybody but us.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESKTOP, PHONE = (1440, 900), (390, 844)
AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"


def chromium() -> str | None:
    """The system's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: Page
    complaints: list[str]

    def has(self, selector: str, text: str | None = None, *, seconds: float = 15) -> None:
        """Wait until the page shows it."""
        found = self.page.locator(selector)
        if text is not None:
            expect(found.filter(has_text=text).first).to_be_visible(timeout=seconds * 1000)
        else:
            expect(found.first).to_be_visible(timeout=seconds * 1000)

    def has_not(self, selector: str, *, seconds: float = 15) -> None:
        expect(self.page.locator(selector)).to_have_count(0, timeout=seconds * 1000)

    def press(self, name: str) -> None:
        """Press the button of that name, as soon as it can be."""
        self.page.get_by_role("button", name=name, exact=True).first.click(timeout=15_000)

    def violations(self) -> list[str]:
        """What axe finds."""
        self.page.evaluate(AXE.read_text())
        found: Any = self.page.evaluate("axe.run()")
        return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


@contextmanager
def watching(
    browser: Browser, url: str, *, size: tuple[int, int] = DESKTOP, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Watched]:
    """Open the page; at the end nothing may have gone wrong on it."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        watched = Watched(page, [])
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("console", lambda said: _note(watched, said.type, said.text))
        page.on("request", lambda asked: _note_foreign(watched, asked.url))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(url)
        yield watched
        assert watched.complaints == [], watched.complaints
    finally:
        context.close()


def _note(watched: Watched, kind: str, text: str) -> None:
    # A line that is cut is what some tests are about, and the browser says so itself.
    expected = ("net::ERR_", "404 (Not Found)", "409 (Conflict)")
    if kind in ("error", "warning") and not any(words in text for words in expected):
        watched.complaints.append(text)


def _note_foreign(watched: Watched, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:")):
        watched.complaints.append(f"a request to another host: {url}")


class Line:
    """Between the browser and the server: it can be cut, or fall silent."""

    def __init__(self, to_port: int) -> None:
        self.port = 0
        self.connections = 0
        self._to = to_port
        self._open: set[ByteStream] = set()
        self._is_held = False

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            self.port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - not Django's
            task_status.started()
            await listener.serve(self._carry)

    def cut(self) -> bool:
        """Every connection breaks, in the middle of whatever it was saying; False where there was none."""
        streams, self._open = self._open, set()
        for stream in streams:
            stream.extra(SocketAttribute.raw_socket).shutdown(2)  # noqa: S610 - not Django's
        return bool(streams)

    def hold(self, *, held: bool) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._is_held = held

    async def _carry(self, near: ByteStream) -> None:
        self.connections += 1
        with suppress(OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with near, await anyio.connect_tcp("127.0.0.1", self._to) as far:
                self._open |= {near, far}
                try:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(self._pump, near, far, tasks.cancel_scope)
                        tasks.start_soon(self._pump, far, near, tasks.cancel_scope)
                finally:
                    self._open -= {near, far}

    async def _pump(self, source: ByteStream, sink: ByteStream, scope: anyio.CancelScope) -> None:
        with suppress(OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            while True:
                data = await source.receive()
                while self._is_held:  # noqa: ASYNC110 - a test's line, looked at now and then
                    await anyio.sleep(0.05)
                await sink.send(data)
        scope.cancel()


@dataclass
class Showing:
    """A dashboard in a thread of its own."""

    portal: BlockingPortal
    dashboard: Dashboard

    @property
    def url(self) -> str:
        return self.dashboard.address.url

    @contextmanager
    def line(self) -> Iterator[tuple[Line, str]]:
        """A line to it, and the address at its other end."""
        line = Line(self.dashboard.address.port)
        future, _ = self.portal.start_task(line.run)
        try:
            yield line, self.url.replace(f":{self.dashboard.address.port}/", f":{line.port}/")
        finally:
            future.cancel()

    def cut_at_random(self, line: Line, times: int, act: Callable[[int], None], chance: random.Random) -> None:
        """Between one act and the next the line is cut, now sooner, now later."""
        for i in range(times):
            act(i)
            self.portal.call(anyio.sleep, chance.random() * 0.25)
            while not self.portal.call(line.cut):
                self.portal.call(anyio.sleep, 0.01)


@contextmanager
def showing(workspace: Path, port: int = 0) -> Iterator[Showing]:
    """Serve the workspace while the block runs."""
    place = Place(workspace, port=port)
    with start_blocking_portal() as portal:
        dashboard = Dashboard(place, bind(place))
        future = portal.start_task_soon(dashboard.serve)
        try:
            yield Showing(portal, dashboard)
        finally:
            portal.call(dashboard.end)
            future.result(timeout=60)
