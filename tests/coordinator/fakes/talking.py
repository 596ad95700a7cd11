"""What a made-up CLI can write: imported by the scripts that tests put in the place of ``claude``.

Every script of a test runs as ``python claude ARGS``; ``work(act)`` answers ``--version``, takes the prompt in, runs
``act`` and says that the turn ended well.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

SESSION = "5e55ab1e-0000-4000-8000-000000000000"


def out(data: bytes, to: int = 1) -> None:
    """Every byte, in as few writes as the kernel takes; what does not fit on the disk is given up."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(to, view) :]
        except OSError:
            return


def say(record: dict[str, object]) -> None:
    out(json.dumps(record).encode() + b"\n")


def text(words: str) -> None:
    """An assistant message."""
    message = {
        "id": f"msg_{abs(hash(words)) % 10**9}",
        "role": "assistant",
        "content": [{"type": "text", "text": words}],
    }
    say({"type": "assistant", "message": message, "session_id": SESSION})


def wait_until_heard(words: str, *, within_s: float = 60.0) -> None:
    """Until the coordinator's journal, which lies beside our own output, holds exactly these words as a text."""
    journal = Path("/proc/self/fd/1").readlink().with_name("journal.jsonl")
    deadline = time.monotonic() + within_s
    while json.dumps(words).encode() not in journal.read_bytes():
        if time.monotonic() > deadline:
            sys.exit(f"nobody has heard {words!r}")
        time.sleep(0.01)


def tool(name: str, given: dict[str, object], result: str) -> None:
    """A tool call and what came back."""
    use = {"type": "tool_use", "id": "toolu_1", "name": name, "input": given}
    say({"type": "assistant", "message": {"id": "msg_t", "role": "assistant", "content": [use]}, "session_id": SESSION})
    back = {"type": "tool_result", "tool_use_id": "toolu_1", "content": result, "is_error": False}
    say({"type": "user", "message": {"role": "user", "content": [back]}, "session_id": SESSION})


def work(act: Callable[[], None]) -> None:
    if "--version" in sys.argv:
        out(b"2.1.329 (Claude Code)\n")
        return
    sys.stdin.buffer.read()
    say({"type": "system", "subtype": "init", "session_id": SESSION, "model": "made-up", "tools": ["Bash"]})
    act()
    tool("Write", {"file_path": "made.txt", "content": "made\n"}, "ok")
    Path("made.txt").write_text("made\n", encoding="utf-8")
    say(
        {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "result": "done",
            "session_id": SESSION,
            "num_turns": 1,
            "total_cost_usd": 0.01,
            "usage": {"input_tokens": 10, "output_tokens": 5},
        }
    )
