"""One session with four questions, each answered from elsewhere: the record of all of them is the same."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cli.test_foreground import begin

if TYPE_CHECKING:
    from tests.cli.test_foreground import Running

__all__ = ["begin"]
pytestmark = pytest.mark.slow

SESSION = '"session_id":"00000000-0000-4000-8000-000000000001"'
USED = '"usage":{"input_tokens":1,"output_tokens":1}'
BLOCKER = json.dumps(json.dumps({"type": "blocker", "payload": {"text": "which database?"}}))


def asking_claude(folder: Path) -> str:
    """Install an agent that asks four times what it lacks, and then ends well; it counts in the target."""
    folder.mkdir()
    path = folder / "claude"
    said = '{"type":"assistant","message":{"id":"m2","role":"assistant","content":[{"type":"text","text":%s}]},%s}'
    end = '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done.",%s,%s}'
    path.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac\ncat >/dev/null\n'
        f'echo \'{{"type":"system","subtype":"init",{SESSION},"tools":["Bash"],"model":"m"}}\'\n'
        "echo once >>asked.txt\n"
        'if [ "$(wc -l <asked.txt)" -le 4 ]; then\n'
        f"cat <<'E'\n{said % (BLOCKER, SESSION)}\nE\nsleep 600\nfi\n"
        f"cat <<'E'\n{end % (USED, SESSION)}\nE\n"
    )
    path.chmod(0o755)
    return str(folder)


def answer_in_browser(address: str, question: str, text: str) -> int:
    """What the page sends when somebody answers."""
    url, _, token = address.partition("?token=")
    reply = httpx.post(
        f"{url}api/questions/{question}/answer", json={"text": text}, headers={"Authorization": f"Bearer {token}"}
    )
    return reply.status_code


def test_an_answer_is_recorded_alike_wherever_it_came_from(
    begin: Callable[..., Running], tmp_path: Path, workspace: Path
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

    elsewhere = begin("answer", "the second one", "--question", "q2")
    late = begin("answer", "another one", "--question", "q1")
    assert elsewhere.end() == 0, elsewhere.said
    assert late.end() == 1
    assert "q1 was answered 'the first one'" in late.said

    run.wait_for("question q3: claude asks")
    (address,) = set(re.findall(r"http://127\.0\.0\.1:\d+/\?token=[\w-]+", run.said))
    assert answer_in_browser(address, "q3", "the third one") == 202
    run.wait_for("question q4: claude asks")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 130
    (folder,) = (path for path in workspace.iterdir() if path.is_dir())
    resumed = begin("resume", folder.name, "--answer", "the last one", "--no-dashboard", **environ)
    resumed.end()

    settled = json.loads((folder / "report.json").read_text())["settled"]
    assert [(one["answer"], one["by"]) for one in settled] == [
        ("the first one", "terminal"),
        ("the second one", "orchestrate answer"),
        ("the third one", "dashboard"),
        ("the last one", "orchestrate resume"),
    ]
    assert len({alike(one) for one in settled}) == 1
    report, shown = (folder / "report.md").read_text().replace("\\", ""), begin("show", **environ)
    assert shown.end() == 0
    for one in settled:
        assert one["answer"] in report
        assert one["answer"] in shown.out
        assert one["by"] in shown.out


def alike(settled: Mapping[str, Any]) -> str:
    """A record without what has to differ."""
    own = ("question", "answer", "by", "who", "at", "asked_at")
    return json.dumps({name: value for name, value in settled.items() if name not in own}, sort_keys=True)
