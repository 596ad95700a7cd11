"""A made-up ``gemini``, ``claude`` or ``codex``, by the name it is called by, that counts and is never out of step.

It says every number from 1 to ``CHAOS_COUNT`` once, however often it is killed: where it stands is what its raw output
file holds, and only that.  It cuts records in two, tears them, writes noise, reports events and leaves children behind.
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import re
import sys
import time

VERSIONS = {"gemini": "0.61.0", "claude": "2.1.329 (Claude Code)", "codex": "codex-cli 0.169.0"}
NAME = sys.argv[0].rpartition("/")[2]
CONVERSATION = "5e55ab1e-0000-4000-8000-000000000000"
SAID = re.compile(rb"count (\d+) end[^\n{]*\n")  # what was torn is followed by the next attempt's record
MARKER = re.compile(r"\[orchestrate worker=(\S+) role=(\S+) review=\S+\]")


def write(data: bytes, to: int = 1) -> None:
    """Every byte of it, however long the disk is full."""
    while data:
        try:
            data = data[os.write(to, data) :]
        except OSError:
            time.sleep(0.02)


def say(record: dict[str, object], chance: random.Random) -> None:
    line = json.dumps(record).encode()
    cut = chance.randrange(1, len(line))
    if chance.random() < 0.2:
        write(line[:cut])
        time.sleep(0.002)
        line = line[cut:]
    write(line + b"\n")


def begin() -> dict[str, object]:
    if NAME == "gemini":
        return {"type": "init", "session_id": CONVERSATION, "model": "made-up"}
    if NAME == "claude":
        return {"type": "system", "subtype": "init", "session_id": CONVERSATION, "model": "made-up", "tools": ["Bash"]}
    return {"type": "thread.started", "thread_id": CONVERSATION}


def text(words: str) -> list[dict[str, object]]:
    """The records of one message, in which the words stand once; gemini's comes in two pieces."""
    if NAME == "gemini":
        pieces = ("now ", f"{words}\n")
        return [{"type": "message", "role": "assistant", "content": piece, "delta": True} for piece in pieces]
    if NAME == "claude":
        content = [{"type": "text", "text": words}]
        message = {"id": words.replace(" ", "-"), "role": "assistant", "content": content}
        return [{"type": "assistant", "message": message, "session_id": CONVERSATION}]
    return [{"type": "item.completed", "item": {"id": words.replace(" ", "-"), "type": "agent_message", "text": words}}]


def tool() -> list[dict[str, object]]:
    """A call that went well: what it did is counted as work."""
    if NAME == "gemini":
        return [
            {"type": "tool_use", "tool_name": "write_file", "tool_id": "t1", "parameters": {"file_path": "made.txt"}},
            {"type": "tool_result", "tool_id": "t1", "status": "success"},
        ]
    if NAME == "claude":
        use = {"type": "tool_use", "id": "t1", "name": "Write", "input": {"file_path": "made.txt"}}
        back = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
        return [
            {"type": "assistant", "message": {"id": "m", "role": "assistant", "content": [use]}},
            {"type": "user", "message": {"role": "user", "content": [back]}},
        ]
    run = {"id": "t1", "type": "command_execution", "command": "touch made.txt", "exit_code": 0, "status": "completed"}
    return [{"type": "item.completed", "item": {**run, "aggregated_output": ""}}]


def end(words: str) -> list[dict[str, object]]:
    if NAME == "gemini":
        stats = {
            "total_tokens": 3,
            "input_tokens": 2,
            "output_tokens": 1,
            "cached": 0,
            "duration_ms": 1,
            "tool_calls": 1,
        }
        return [*text(words), {"type": "result", "status": "success", "stats": stats}]
    if NAME == "claude":
        usage = {"input_tokens": 2, "output_tokens": 1}
        ended = {"type": "result", "subtype": "success", "is_error": False, "result": words, "usage": usage}
        return [{**ended, "session_id": CONVERSATION, "num_turns": 1, "total_cost_usd": 0.01}]
    return [*text(words), {"type": "turn.completed", "usage": {"input_tokens": 2, "output_tokens": 1}}]


def last_number() -> int:
    """How far this worker has come: the kernel's own file tells, no other memory can disagree with it."""
    data = pathlib.Path("/proc/self/fd/1").read_bytes()
    return max((int(number) for number in SAID.findall(data)), default=0)


def leave_behind(chance: random.Random) -> None:
    """A child in a session of its own that ignores what can be ignored."""
    if chance.random() < 0.15 and os.fork() == 0:
        os.setsid()
        for stream in (0, 1, 2):
            os.close(stream)
        os.execv("/bin/sh", ["/bin/sh", "-c", "trap '' TERM INT HUP; sleep 30"])  # noqa: S606 - nothing in between


def count(chance: random.Random, pace_s: float) -> None:
    events = os.open(os.environ["ORCHESTRATOR_EVENTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    top = int(os.environ["CHAOS_COUNT"])
    for number in range(last_number() + 1, top + 1):
        for record in text(f"count {number} end"):
            say(record, chance)
        if number % 5 == 0:
            write(f"aside {number} end\n".encode(), to=2)
        if number % 7 == 0:
            write(
                json.dumps({"type": "finding", "payload": {"text": f"found {number} end"}}).encode() + b"\n", to=events
            )
        if number % 11 == 0:
            write(b"this is {no record\n\n\0\0\r\n")
        if number == top // 2 and NAME == "claude":
            write(b'{"type": "milestone", "payload": {"text": "half of it stands"}}\n', to=events)
        time.sleep(pace_s)


def main() -> None:
    if "--version" in sys.argv:
        write(f"{VERSIONS[NAME]}\n".encode())
        return
    prompt = sys.stdin.read()
    marker = MARKER.search(prompt)
    worker, role = marker.groups() if marker else ("?", "?")
    chance = random.Random(f"{os.environ['CHAOS_SEED']} {worker} {last_number()}")
    say(begin(), chance)
    leave_behind(chance)
    count(chance, float(os.environ["CHAOS_PACE_S"]))
    for record in tool():
        say(record, chance)
    team = os.environ["CHAOS_TEAM"]
    if role == "implementer":
        # Two that write side by side do not write the same.
        with pathlib.Path(f"{worker}.txt" if team == "parallel" else "made.txt").open(
            "a" if team else "w", encoding="utf-8"
        ) as made:
            made.write(f"made {os.environ['CHAOS_COUNT']}\n")  # of a follow-up something else
    reply = json.dumps({"verdict": "approved", "summary": "fine", "points": []})
    if team and role != "reviewer":
        confidence = 0.5 if worker.startswith("low") else 0.9
        reply = json.dumps({"answer": "all was counted", "findings": [], "confidence": confidence})
    for record in end(reply if team or role == "reviewer" else "all was counted"):
        say(record, chance)


main()
