"""Section F6: the dashboard's pages where something is missing, and a question that a session ended with."""

from __future__ import annotations

import json
import re
import select
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from orchestrator.rehearsal.scenario import SCENARIOS
from tests.faults.conftest import Program
from tests.faults.test_consent import wait_for
from tests.server.watching import FLAGS, PHONE, chromium

pytestmark = pytest.mark.slow
PATIENCE_S = 60.0


@dataclass
class Served:
    """A dashboard of the workspace, and how it is asked."""

    port: int
    token: str

    def ask(
        self, path: str, *, accept: str = "text/html", body: object = None, known: bool = True
    ) -> tuple[int, str, str]:
        """Status, content type and text of the answer."""
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {self.token}"} if known else {})
        data = None if body is None else json.dumps(body).encode()
        headers |= {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own server
                return answer.status, str(answer.headers["content-type"]), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, str(error.headers["content-type"]), error.read().decode()


@pytest.fixture
def empty(program: Program) -> Served:
    """A dashboard of a workspace in which nothing has happened yet."""
    return _serving(program)


@pytest.fixture
def served(program: Program) -> Served:
    """A session that ended with a question and changed a long line, and a dashboard that shows it."""
    played = (SCENARIOS / "pause.toml").read_text(encoding="utf-8")
    scenario = program.root / "pause.toml"
    scenario.write_text(played.replace("retention_days = 30", f"retention_days = 30  # {'x' * 90}"), encoding="utf-8")
    rehearsal = ("--rehearse", "--stand-ins", "--scenario", str(scenario), "--no-interactive", "--no-dashboard")
    target = program.target(files={"README": "a shop\n"})
    ended = program.orchestrate(*rehearsal, "--target", str(target), "Say how long data may be kept")
    assert ended.code == 3, ended.text
    return _serving(program)


def _serving(program: Program) -> Served:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    return Served(*_address(program.start("serve", "--port", str(free))))


def _address(process: subprocess.Popen[str]) -> tuple[int, str]:
    assert process.stdout is not None
    said = ""
    while (found := re.search(r"http://\S+token=\S+", said)) is None:
        readable, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
        line = readable[0].readline() if readable else ""
        assert line, f"no address: {said}"
        said += line
    address = urlsplit(found[0])
    assert address.port is not None
    return address.port, address.query.partition("token=")[2]


@pytest.mark.fault("F6")
def test_a_wrong_token_is_a_page_that_says_what_to_do(empty: Served) -> None:
    status, kind, text = empty.ask("/?token=wrong", known=False)
    assert status == 401
    assert kind.startswith("text/html"), text
    assert "orchestrate serve" in text


@pytest.mark.fault("F6")
def test_an_unknown_session_is_a_page_that_says_what_to_do(empty: Served) -> None:
    status, kind, text = empty.ask("/?session=20200101-000000-0000")
    assert (status, kind.partition(";")[0]) == (404, "text/html")
    assert "no such session" in text


@pytest.mark.fault("F6")
def test_a_session_that_ended_with_a_question_is_answered_and_goes_on(served: Served, program: Program) -> None:
    asked = json.loads(served.ask("/api/questions")[2])
    status, _, text = served.ask(f"/api/questions/{asked[0]['id']}/answer", body={"text": "90 days"})
    assert status == 202, text

    def session() -> Any:
        return json.loads(served.ask("/api/session")[2])

    assert wait_for(lambda: session()["status"] == "done"), "it was answered, and does not go on"
    (settled,) = [one for one in session()["settled"] if one["answer"] == "90 days"]
    assert (settled["by"], settled["question"]) == ("dashboard", asked[0]["id"])


@pytest.mark.fault("F4")
@pytest.mark.fault("F6")
def test_a_question_is_told_whole_and_fits_a_phone(
    served: Served, program: Program, not_proven: Callable[[str], NoReturn]
) -> None:
    """The policy asks, and not claude; its reviewers' points stand with it; nothing scrolls sideways at 390 pixels."""
    point = "ask how long data may be kept"
    shown = program.orchestrate("show").text
    lacking = [words for words in (point, "the review policy standard asks") if words not in shown]
    program_path = chromium()
    if program_path is None:
        not_proven("there is no Chromium, so the page was not looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program_path, args=list(FLAGS))
        page = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
        page.goto(f"http://127.0.0.1:{served.port}/?token={served.token}")
        page.get_by_text("two or more concerns").first.wait_for(timeout=PATIENCE_S * 1000)
        page.get_by_text("x" * 90).first.wait_for(state="attached", timeout=PATIENCE_S * 1000)
        text = page.inner_text("body")
        width = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    lacking += [f"on the page: {words}" for words in (point, "review policy standard") if words not in text]
    lacking += [f"{width} pixels"] * (width > PHONE[0])
    assert lacking == []
