"""A session that its person leaves goes on, and the live view is opened again: one made-up agent, one terminal."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.cli.background import LOG
from tests.cli.test_foreground import begin

if TYPE_CHECKING:
    from tests.cli.test_foreground import Running

__all__ = ["begin"]
pytestmark = pytest.mark.slow


def made_up_claude(folder: Path) -> None:
    """Install an agent that says something, then waits until it is told to end."""
    session = '"session_id":"00000000-0000-4000-8000-000000000001"'
    says = (
        '{"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"text","text":"I read it."}]}'
    )
    folder.mkdir()
    path = folder / "claude"
    path.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac\ncat >/dev/null\n'
        f'echo \'{{"type":"system","subtype":"init",{session},"tools":["Bash"],"model":"m"}}\'\n'
        f"echo 'b' >made.txt\necho '{says},{session}}}'\n"
        "while [ ! -e go-on ]; do sleep 0.1; done\n"
        f'echo \'{{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done.",'
        f'"usage":{{"input_tokens":1,"output_tokens":1}},{session}}}\'\n'
    )
    path.chmod(0o755)


def press(run: Running, key: str, *, until: str) -> None:
    run.said = ""
    os.write(run._keys, key.encode())
    run.wait_for(until)


def test_a_session_that_is_left_goes_on_and_is_opened_again(
    begin: Callable[..., Running], tmp_path: Path, workspace: Path
) -> None:
    made_up_claude(tmp_path / "agents")
    target = tmp_path / "target"
    words = ("run", "Mend it", "--agents", "claude", "--target", str(target), "--no-dashboard")
    run = begin(*words, terminal=True, ANTHROPIC_API_KEY="x", PATH=f"{tmp_path / 'agents'}:{os.environ['PATH']}")
    run.wait_for("I read it.")
    press(run, "l", until="following claude")
    press(run, "\x1b", until="left: no limit was set")
    press(run, "d", until="+b")
    press(run, "p", until="paused")
    press(run, "p", until="running")
    run.said = ""
    os.write(run._keys, b"q")
    assert run.end() == 0, run.said
    assert "orchestrate attach" in run.said
    assert run.said.rindex("\x1b[?25h") > run.said.index("\x1b[?1049l")

    attached = begin("attach", terminal=True)
    attached.wait_for("I read it.")
    left = begin("attach", terminal=True)
    left.wait_for("I read it.")
    left.process.send_signal(signal.SIGINT)
    assert left.end() == 0
    assert "goes on" in left.said

    (target / "go-on").touch()
    code = attached.end()

    (folder,) = (path for path in workspace.iterdir() if path.is_dir())
    assert code == 0, attached.said + (folder / LOG).read_text()
    assert attached.out.startswith("done: ")
    entries = [json.loads(line)["body"]["kind"] for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert entries.count("worker_started") == 1, "the agent was started anew"
