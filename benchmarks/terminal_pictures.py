"""Draw the pictures of terminals from rehearsals; a test draws them again and compares what stands in them."""

from __future__ import annotations

import html
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from orchestrator.cli.decision_desk import desk_change
from orchestrator.cli.live_view import LiveView
from orchestrator.cli.picture import prompt_text, question_text
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import JournalEntry, Told
from orchestrator.models.facts import PersonAsked
from orchestrator.session.fold import step
from orchestrator.session.open_questions import open_questions
from orchestrator.session.state import Session

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
TASK = "Add input validation to the signup form"
COLUMNS = 118
TITLE = f'$ ./orchestrate -q --rehearse "{TASK}"'
_MASKED = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}|\d[\d.:,]*k?|…")
"""Dates, times, versions, figures; where a line is cut depends on them."""


def folder_of_rehearsals() -> tempfile.TemporaryDirectory[str]:
    """A folder whose path is always equally long, because lines are broken by it."""
    return tempfile.TemporaryDirectory(prefix="rehearsal-", dir="/tmp")


def rehearse(folder: Path, task: str, *more: str, answer: str = "", code: int = 0) -> str:
    """Play a rehearsal on a terminal, and return what the terminal was sent.

    Args:
        answer: What is typed at its question.

    Raises:
        SystemExit: It did not end as it should.
    """
    target = folder / "shop"
    target.mkdir(parents=True)
    command = [sys.executable, "-m", "orchestrator", "-q", "--rehearse", "--stand-ins", "--no-dashboard", *more, task]
    command += ["--target", str(target), "--workspace", str(folder / "workspace")]
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    environ |= {"PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS)}
    ours, its = pty.openpty()
    with os.fdopen(its, "wb") as terminal:
        process = subprocess.Popen(command, env=environ, stdin=terminal, stdout=terminal, stderr=terminal, cwd=folder)
    sent = bytearray()
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux says EIO when the last process has closed the terminal
            break
        if not data:
            break
        sent += data
        if answer and b"in one line" in sent:
            os.write(ours, f"{answer}\n".encode())
            answer = ""
    os.close(ours)
    if process.wait() != code:
        raise SystemExit(f"the rehearsal ended with {process.returncode}:\n{sent.decode()}")
    return sent.decode().replace("\r\n", "\n").replace(str(folder), "~")


def draw_terminal(said: str, place: Path) -> None:
    """Draw the beginning of what the terminal showed, each line cut at the terminal's edge."""
    console = _recording()
    shown, _, summary = said.partition("\x1b[1;32mdone")
    kept = [line for line in shown.splitlines() if not line.startswith(" ")]
    closing = ("\x1b[1;32mdone" + re.sub(r"\n {13}(?=\S)", " ", summary)).splitlines()
    closing = [line for line in closing if re.match(r"\x1b|(session|plan|changed|tests|used|left|report|next) ", line)]
    for line in [*kept, "", *closing]:
        text = Text.from_ansi(line)
        text.truncate(COLUMNS, overflow="ellipsis")
        console.print(text, no_wrap=True, highlight=False)
    _save(console, TITLE, place)


def session_at_question(folder: Path) -> tuple[SessionFolder, Session, list[JournalEntry]]:
    """The only session of a workspace, as far as its first question."""
    (path,) = (one for one in (folder / "workspace").iterdir() if (one / "journal.jsonl").exists())
    entries: list[JournalEntry] = []
    session: Session | None = None
    for entry in read_journal(path / "journal.jsonl"):
        session, _ = step(session, entry)
        entries.append(entry)
        if isinstance(entry.body, Told) and isinstance(entry.body.fact, PersonAsked):
            return SessionFolder(path), session, entries
    raise SystemExit("the rehearsal has asked nothing")


def draw_live_view(session: Session, entries: Sequence[JournalEntry], place: Path) -> None:
    """Draw the live view as it stands at a question that another terminal is asked."""
    console = _recording(100, 25)
    view = LiveView(console)
    view.has_keys = True
    for entry in entries:
        view.observe(session, entry)
    console.print(view.shown(entries[-1].at))
    console.print(view.foot())
    _save(console, "$ orchestrate attach", place)


def draw_question(folder: SessionFolder, session: Session, at: datetime, place: Path) -> None:
    """Draw the question as it is put."""
    console = _recording(100, 40)
    question = open_questions(session)[0]
    change = desk_change(folder, session, question)
    console.print(question_text(question, change, now=at, width=100, height=40), prompt_text(question), sep="")
    _save(console, "a question", place)


def draw_all(folder: Path, pictures: Path) -> None:
    """Play the rehearsals in ``folder``, and draw every picture of a terminal."""
    pictures.mkdir(parents=True, exist_ok=True)
    draw_terminal(rehearse(folder, TASK), pictures / "terminal.svg")
    pause = folder / "pause"
    rehearse(pause, "Decide how long data is kept", "--scenario", "pause", answer="3", code=130)
    place, session, entries = session_at_question(pause)
    draw_live_view(session, entries, pictures / "live.svg")
    draw_question(place, session, entries[-1].at, pictures / "question.svg")


def texts(svg: str) -> list[str]:
    """What stands in a picture, line by line, with dates and figures masked."""
    rows: dict[str, list[tuple[float, str]]] = {}
    for x, y, words in re.findall(r'<text class="terminal-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        rows.setdefault(y, []).append((float(x), html.unescape(words)))
    lines = ("".join(words for _, words in sorted(row)).replace("\xa0", " ").rstrip() for row in rows.values())
    # Who was halted before it told its tokens, and so what is said of them, depends on how fast the machine was.
    return [_MASKED.sub("#", re.sub(r"^used .*", "used", line)) for line in lines if line]


def _recording(width: int = COLUMNS, height: int = 25) -> Console:
    return Console(
        record=True,
        width=width,
        height=height,
        force_terminal=True,
        color_system="truecolor",
        file=io.StringIO(),
        highlight=False,
    )


def _save(console: Console, title: str, place: Path) -> None:
    drawn = console.export_svg(title=title, unique_id="terminal")
    # Without its fonts the picture asks no other host for anything; every viewer has a font of one width.
    drawn = re.sub(r"@font-face \{.*?\}\n?", "", drawn, flags=re.DOTALL)
    place.write_text(drawn, encoding="utf-8")
