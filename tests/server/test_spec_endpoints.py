"""The endpoints of spec 004, while a rehearsal runs and after it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages
from tests.server.programs import LONG_S, Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
READ = ("session", "workers", "reviews", "decisions", "recovery", "summary")


class Api:
    """What a script with the token sees."""

    def __init__(self, url: str) -> None:
        self._base, _, self._token = url.partition("/?token=")

    def ask(self, path: str, *, post: bool = False) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self._base}{path}", headers=headers, method="POST" if post else "GET"
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def stream(self, seconds: float) -> str:
        """What the stream says first."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self._base}/api/events/stream", headers={"Authorization": f"Bearer {self._token}"}
        )
        said = ""
        deadline = time.monotonic() + seconds
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - loopback
            while '"whole":true' not in said and time.monotonic() < deadline:
                said += answer.readline().decode()
        return said


@pytest.mark.parametrize("kind", ["stand-ins", pytest.param("real", marks=pytest.mark.real)])
def test_they_answer_during_a_rehearsal_and_after_it(
    start: Callable[..., Program], port: int, kind: str, not_proven: Callable[[str], NoReturn], tmp_path: Path
) -> None:
    if kind == "real" and installed_clis(pinned_packages(), default_cache()) is None:
        not_proven("the real CLIs are not installed: python -m orchestrator.rehearsal.installing")
    api = Api(start("serve", "--port", str(port)).dashboard())
    assert api.ask("/health")[0] == 200
    assert api.ask("/api/session")[0] == 404
    more = ("--stand-ins",) if kind == "stand-ins" else ()
    run = start("--rehearse", *more, "--no-dashboard", "Add input validation", cache=default_cache().parent)
    seen: set[str] = set()
    deadline = time.monotonic() + 3 * LONG_S
    while run.process.poll() is None:
        assert time.monotonic() < deadline, run.said
        for name in READ:
            status, found = api.ask(f"/api/{name}")
            assert status in (200, 404, 409), found
            if status == 200:
                seen.add(name)
        # The run needs the processor more than the one who asks.
        time.sleep(0.05)
    assert seen == set(READ)
    assert run.end() == 0, run.said
    found = {name: api.ask(f"/api/{name}")[1] for name in READ}
    assert found["session"]["status"] == "done"
    assert {worker["id"] for worker in found["workers"]} >= {"gemini", "claude", "codex"}
    assert all(worker["exit"]["proof"] != "none" for worker in found["workers"] if worker["is_main"])
    assert [review["trigger"] for review in found["reviews"]][-1] == "final"
    assert found["decisions"][-1]["action"] == "continue"
    assert found["recovery"][0]["argv_before"] != found["recovery"][0]["argv_after"]
    assert found["summary"]["id"] == found["session"]["id"]
    assert "event: entry" in api.stream(10)
    for command in ("pause", "resume", "stop", "review"):
        assert api.ask(f"/api/control/{command}", post=True)[0] == 409
