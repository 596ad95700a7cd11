"""One session with five questions, each answered from elsewhere: the record of all of them is the same."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser

from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.narration.formatting import duration
from orchestrator.server.chronicle import Chronicle
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from tests.cli.test_foreground import LONG_S, begin
from tests.server.watching import DESKTOP, PHONE, watching

if TYPE_CHECKING:
    from tests.cli.test_foreground import Running

__all__ = ["begin"]
pytestmark = pytest.mark.slow

SESSION = '"session_id":"00000000-0000-4000-8000-000000000001"'
USED = '"usage":{"input_tokens":1,"output_tokens":1}'
BLOCKER = json.dumps(json.dumps({"type": "blocker", "payload": {"text": "which database?"}}))


def asking_claude(folder: Path) -> str:
    """Install an agent that asks five times what it lacks, and then ends well; it counts in the target."""
    folder.mkdir()
    path = folder / "claude"
    said = '{"type":"assistant","message":{"id":"m2","role":"assistant","content":[{"type":"text","text":%s}]},%s}'
    end = '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done.",%s,%s}'
    path.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac\ncat >/dev/null\n'
        f'echo \'{{"type":"system","subtype":"init",{SESSION},"tools":["Bash"],"model":"m"}}\'\n'
        "echo once >>asked.txt\n"
        'if [ "$(wc -l <asked.txt)" -le 5 ]; then\n'
        f"cat <<'E'\n{said % (BLOCKER, SESSION)}\nE\nsleep 600\nfi\n"
        f"cat <<'E'\n{end % (USED, SESSION)}\nE\n"
    )
    path.chmod(0o755)
    return str(folder)


def answer_on_page(browser: Browser, address: str, size: tuple[int, int], text: str, then: str) -> None:
    """Answer as a person does, and wait until the page tells of it and of the next question."""
    with watching(browser, address, size=size) as watched:
        watched.page.get_by_label("Your answer").fill(text)
        watched.press("Answer")
        watched.has("section[aria-labelledby=answers-title]", text, seconds=LONG_S)
        watched.has("#question-list, .question", then, seconds=LONG_S)


def test_an_answer_is_recorded_alike_wherever_it_came_from(
    begin: Callable[..., Running], browser: Browser, tmp_path: Path, workspace: Path
) -> None:
    environ = {"ANTHROPIC_API_KEY": "x", "PATH": f"{asking_claude(tmp_path / 'agents')}:/usr/bin:/bin"}
    target = str(tmp_path / "target")
    words = ("run", "Mend it", "--agents", "claude", "--target", target)
    run = begin(*words, terminal=True, **environ)
    run.wait_for("question q1: claude asks")
    run.wait_for("in one line")
    run.type("")
    run.wait_for("a answer")
    run.said = ""
    os.write(run._keys, b"a")
    run.wait_for("in one line")
    run.type("the first one")
    run.wait_for("question q2: claude asks")

    attached = begin("attach", terminal=True, **environ)
    attached.wait_for("question q2: claude asks")
    elsewhere = begin("answer", "the second one", "--question", "q2")
    late = begin("answer", "another one", "--question", "q1")
    assert elsewhere.end() == 0, elsewhere.said
    assert late.end() == 1
    assert "q1 was answered 'the first one'" in late.said
    for second in (run, attached):
        second.wait_for("q2 was answered 'the second one'")
        second.wait_for("question q3: claude asks")
    attached.lose_terminal()  # in the middle of a question, which is open to all others
    attached.process.wait(timeout=LONG_S)

    (address,) = set(re.findall(r"http://127\.0\.0\.1:\d+/\?token=[\w-]+", run.said))
    answer_on_page(browser, address, DESKTOP, "the third one", "q4")
    answer_on_page(browser, address, PHONE, "the fourth one", "q5")
    run.wait_for("question q5: claude asks")
    run.lose_terminal()
    assert run.process.wait(timeout=LONG_S) == 130
    (folder,) = (path for path in workspace.iterdir() if path.is_dir())
    resumed = begin("resume", folder.name, "--answer", "the last one", "--no-dashboard", **environ)
    resumed.end()

    settled = json.loads((folder / "report.json").read_text())["settled"]
    given = [(one["answer"], one["by"]) for one in settled]
    assert given == [
        ("the first one", "terminal"),
        ("the second one", "orchestrate answer"),
        ("the third one", "dashboard"),
        ("the fourth one", "dashboard"),
        ("the last one", "orchestrate resume"),
    ]
    assert len({alike(one) for one in settled}) == 1
    shown, logged = begin("show", **environ), begin("logs", "--type", "command", **environ)
    assert [shown.end(), logged.end()] == [0, 0]
    marks = timeline(folder)
    report = (folder / "report.md").read_text().replace("\\", "")
    for number, one in enumerate(settled, 1):
        waited = f"after {duration(at(one['at']) - at(one['asked_at']))}"
        told = [line for line in (*report.splitlines(), *shown.out.splitlines()) if repr(one["answer"]) in line]
        assert len(told) == 2, told
        place = shown.out.index(repr(one["answer"]))
        of_show = " ".join(shown.out[place : place + 600].split())
        for text in (told[0], of_show):
            assert [what for what in (one["by"], one["who"], waited) if what not in text] == []
        assert f"answer q{number} (by {one['by']}): {one['answer']}" in logged.out
        assert marks[f"q{number}"].items() >= {name: one[name] for name in ("answer", "by", "who", "outcome")}.items()


def timeline(folder: Path) -> dict[str, dict[str, Any]]:
    """The questions on the page's axis of time, by name."""
    chronicle = Chronicle()
    session: Session | None = None
    for entry in read_journal(SessionFolder(folder).journal_file):
        before = session
        session, _ = step(session, entry)
        chronicle.note(entry, before, session)
    return {mark.key: mark.detail for mark in chronicle.after(0).marks if mark.what == "question"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def alike(settled: Mapping[str, Any]) -> str:
    """A record without what has to differ."""
    own = ("question", "answer", "by", "who", "at", "asked_at")
    return json.dumps({name: value for name, value in settled.items() if name not in own}, sort_keys=True)
