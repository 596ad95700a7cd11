from __future__ import annotations

import io
import time
from pathlib import Path

from orchestrator.cli.notifier import Notifier


def test_a_person_is_called_by_bell_and_title() -> None:
    out = io.StringIO()
    notifier = Notifier(out, {"TERM": "xterm"})
    notifier.call("q1 waits for you\x1b[2J")
    notifier.settled()

    assert out.getvalue().startswith("\a\x1b]0;orchestrate: q1 waits for you")
    assert "\x1b[2J" not in out.getvalue()
    assert out.getvalue().endswith("\x1b]0;orchestrate\x07")


def test_a_terminal_without_titles_gets_the_bell_alone() -> None:
    out = io.StringIO()
    Notifier(out, {"TERM": "dumb"}).call("q1 waits for you")

    assert out.getvalue() == "\a"


def test_a_desktop_gets_a_note(tmp_path: Path) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/part\nmv {tmp_path}/part {tmp_path}/said\n')
    program.chmod(0o755)
    environ = {"TERM": "dumb", "DISPLAY": ":0", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    Notifier(io.StringIO(), environ).call("q1 waits for you", "may it push?")

    deadline = time.monotonic() + 30
    while not (tmp_path / "said").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "orchestrate: q1 waits for you\nmay it push?\n" in (tmp_path / "said").read_text()
