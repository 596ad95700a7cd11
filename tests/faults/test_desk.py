"""Section F, the moment a person is asked: one question of an agent, put on a terminal of 80 columns."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

WITHIN_S = 60.0
BLOCKER = '{\\"type\\": \\"blocker\\", \\"payload\\": {\\"text\\": \\"which database?\\"}}'
SAID = '{"type":"assistant","message":{"id":"m2","role":"assistant","content":[{"type":"text","text":"%s"}]}}'


class Terminal:
    """What a run wrote on a terminal of 80 columns and 24 lines."""

    def __init__(self, program: Program, *words: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            program.command(*words),
            cwd=program.root,
            env=program.environ | {"TERM": "xterm-256color"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        os.close(its)
        self.sent = ""

    def read_until(self, words: str) -> bool:
        """Whether the words came in time."""
        deadline = time.monotonic() + WITHIN_S
        while words not in self.sent and time.monotonic() < deadline:
            if select.select([self._ours], [], [], 0.5)[0]:
                try:
                    data = os.read(self._ours, 65536)
                except OSError:
                    break
                self.sent += data.decode(errors="replace")
        return words in self.sent

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def asked(program: Program) -> Iterator[Terminal]:
    """A terminal on which an agent asks, having changed something by a command of its own."""
    target: Path = program.target(files={"a.txt": "old\n"})
    call = CLAUDE_SAYS["call"].replace('"command":"true"', f'"command":"cd {target} && cat {target}/a.txt"')
    lines = (
        f"echo '{CLAUDE_SAYS['init']}'",
        f"echo '{call}'",
        f"echo new >{target}/a.txt",
        f"echo '{CLAUDE_SAYS['returned']}'",
        f"echo '{SAID % BLOCKER}'",
        "sleep 60",
    )
    program.agent("claude", "\n".join(lines))
    terminal = Terminal(program, "run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard")
    assert terminal.read_until("in one line"), terminal.sent
    yield terminal
    program.orchestrate("stop", "--kill")
    terminal.close()


@pytest.mark.fault("F3")
@pytest.mark.fault("F4")
def test_a_person_who_is_asked_is_called_and_told_what_is_needed(asked: Terminal) -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", asked.sent)
    question = shown[shown.rindex("question ") :]
    found = {
        "a bell": "\a" in asked.sent,
        "a title": "\x1b]0;" in asked.sent,
        "who asks": "claude asks" in question,
        "what was changed": "+new" in question and "-old" in question,
        "what a number does": "the session stops" in question,
        "how to see all of it": "whole diff" in question,
    }
    assert [what for what, there in found.items() if not there] == []


@pytest.mark.fault("F5")
def test_a_call_that_failed_is_said_without_the_way_to_the_target(program: Program) -> None:
    target = program.target(files={"a.txt": "old\n"})
    call = CLAUDE_SAYS["call"].replace('"command":"true"', f'"command":"cd {target} && cat {target}/b.txt"')
    failed = CLAUDE_SAYS["returned"].replace('"content":"ok"', '"content":"no such file","is_error":true')
    lines = "\n".join(f"echo '{line}'" for line in (CLAUDE_SAYS["init"], call, failed, CLAUDE_SAYS["result"]))
    program.agent("claude", f"echo new >a.txt\n{lines}")
    program.run(target)

    shown = program.orchestrate("show").out
    report = (program.session() / "report.md").read_text(encoding="utf-8").replace("\\", "")
    assert "Bash: cat b.txt" in shown
    assert "Bash: cat b.txt" in report
