"""One session that a review stops twice: a person decides, once in a terminal and once on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import CoordinatorResumed
from orchestrator.session.replaying import replay
from tests.server.conftest import NO_TLS
from tests.server.programs import LONG_S

if TYPE_CHECKING:
    from tests.server.programs import Program

pytestmark = pytest.mark.slow

BLOCKED = """
[[turn]]
role = "implementer"
[[turn.step]]
report = {{ type = "blocker", text = "{text}" }}
[[turn.step]]
pause_s = 20.0
"""
SCENARIO = f"""
name = "undecided"
about = "The task leaves two things open, and a reviewer stops it for each."
{BLOCKED.format(text="May a name be empty?")}
{BLOCKED.format(text="How long may it be?")}
[[turn]]
role = "implementer"
[[turn.step]]
write = {{ path = "{{target}}/names.py", text = "LONGEST = 80" }}
[[turn.step]]
run = "ls {{target}}"
[[turn.step]]
say = "As you decided."

[[turn]]
role = "reviewer"
review = "*-final"
[[turn.step]]
[turn.step.reply]
verdict = "approved"
summary = "So it was decided."
points = []

[[turn]]
review = "*-blocker"
repeat = true
[[turn.step]]
[turn.step.reply]
verdict = "blocker"
summary = "Only a person can say."
points = ["decide it"]
"""


def test_words_are_an_answer_to_a_stop_from_the_terminal_and_from_the_page(
    start: Callable[..., Program], tmp_path: Path, workspace: Path, port: int
) -> None:
    (tmp_path / "undecided.toml").write_text(SCENARIO)
    rehearsal = ("--rehearse", "--stand-ins", "--scenario", str(tmp_path / "undecided.toml"), "--no-dashboard")
    run = start("run", "Add a form", *rehearsal)
    assert run.end() == 3, run.said
    (folder,) = (SessionFolder(path) for path in workspace.iterdir() if path.is_dir())
    assert f'orchestrate resume {folder.id} --answer "…"' in run.said
    empty = start("resume", folder.id, "--answer", " ", "--no-dashboard")
    assert (empty.end(), "the answer is empty" in empty.said) == (2, True)
    first = start("resume", folder.id, "--answer", "an empty name is not allowed", "--no-dashboard")
    assert first.end() == 3, first.said
    assert "'an empty name is not allowed' from orchestrate resume" in first.said
    address = urlsplit(start("serve", "--port", str(port)).dashboard())
    headers = {"authorization": f"Bearer {address.query.removeprefix('token=')}"}
    with httpx.Client(base_url=f"http://{address.netloc}", headers=headers, timeout=LONG_S, verify=NO_TLS) as client:
        shown = client.get("/api/session").json()
        assert (shown["status"], shown["goes_on"]) == ("needs_person", ["claude"])
        resume = partial(client.post, "/api/control/resume")
        assert resume(json={"words": "80", "worker": "claude"}).status_code == 422
        said = resume(json={"words": "80 -- 'characters' ☂"})
        assert said.status_code == 202, said.text
        with client.stream("GET", "/api/events/stream") as stream:
            # It tells of each change, and beats in between.
            assert any(is_done(client) for _ in stream.iter_lines())
        assert client.get("/api/session").json()["goes_on"] == []
        assert resume(json={"words": "too late"}).status_code == 409
    assert_told(folder)


def is_done(client: httpx.Client) -> bool:
    shown = client.get("/api/session").json()
    return shown["status"] == "done" and not shown["live"]


def assert_told(folder: SessionFolder) -> None:
    entries = list(read_journal(folder.journal_file))
    given = [body.words for body in (one.body for one in entries) if isinstance(body, CoordinatorResumed)]
    assert [(one.text, one.by) for one in given if one is not None] == [
        ("an empty name is not allowed", "orchestrate resume"),
        ("80 -- 'characters' ☂", "dashboard"),
    ]
    replay(entries)
    settled = json.loads((folder.path / "report.json").read_text())["settled"]
    assert [one["question"] for one in settled] == ["stop 1", "stop 2"]
    assert {one["outcome"] for one in settled} == {"told to claude, which goes on"}
    assert settled[1]["who"] == "the holder of the dashboard's token"
    for attempt, words in ((2, "an empty name"), (3, "80 -- 'characters' ☂")):
        assert (folder.path / "workers" / f"claude.{attempt}.prompt").read_text().count(words) == 1
    assert "told to claude, which goes on" in (folder.path / "report.md").read_text()
