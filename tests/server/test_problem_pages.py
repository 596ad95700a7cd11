from __future__ import annotations

import base64
import hashlib
import re

from orchestrator.server.problem_pages import CONTENT_POLICY, page_without_session, page_without_token, problem_page
from tests.server.conftest import Served


def test_what_others_wrote_is_never_markup() -> None:
    page = problem_page(404, "<b>\x1b[31m", "no `<script>` here").decode()
    assert "<b>" not in page
    assert "\x1b" not in page
    assert "<p>no <code>&lt;script&gt;</code> here</p>" in page


def test_the_policy_allows_the_style_of_the_page_alone() -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", page_without_token(given=True).decode(), re.DOTALL)
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY


def test_each_page_says_what_to_do() -> None:
    assert "<code>orchestrate serve</code>" in page_without_token(given=False).decode()
    told = page_without_session("no session 'x' in /w", "orchestrate sessions lists what is there").decode()
    assert "<p>orchestrate sessions lists what is there.</p>" in told
    assert '<a href="/sessions">' in told


async def test_a_session_that_is_not_there_is_a_page_of_its_own(served: Served) -> None:
    answer = await served.client.get("/", params={"session": "20200101-000000-0000"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such session" in answer.text
    assert (await served.client.get("/sessions")).status_code == 200
