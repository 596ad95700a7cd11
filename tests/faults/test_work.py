"""What counts as work done: calls that returned well, and a change where the task asks for one (A3, G7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

SESSION = "00000000-0000-4000-8000-000000000001"
NEEDS_PERSON = 3


def record(**fields: Any) -> str:
    return json.dumps({**fields, "session_id": SESSION})


def call(number: int, command: str = "true", *, tool: str = "Bash", **given: Any) -> str:
    block = {"type": "tool_use", "id": f"t{number}", "name": tool, "input": {"command": command, **given}}
    return record(type="assistant", message={"id": f"m{number}", "role": "assistant", "content": [block]})


def returned(number: int, text: str = "ok", *, failed: bool = False) -> str:
    block: dict[str, Any] = {"tool_use_id": f"t{number}", "type": "tool_result", "content": text}
    if failed:
        block["is_error"] = True
    return record(type="user", message={"role": "user", "content": [block]})


def task(subtype: str, **fields: Any) -> str:
    return record(type="system", subtype=subtype, task_id="b1", **fields)


def stream(*lines: str, does: str = "true") -> str:
    """A turn of these records; what the agent really does, it does after the first of them."""
    said = [CLAUDE_SAYS["init"], *lines, CLAUDE_SAYS["result"]]
    first, *rest = [f"cat <<'E'\n{line}\nE" for line in said]
    return "\n".join([first, f"( {does}\n) >/dev/null 2>&1", *rest])


@pytest.fixture
def target(program: Program) -> Path:
    return program.target(files={"README.md": "hello\n"})


@pytest.mark.fault("A3")
def test_a_claim_whose_only_call_failed_is_not_done(program: Program, target: Path) -> None:
    program.agent("claude", stream(call(1), returned(1, "Exit code 1\nx: Read-only file system", failed=True)))
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text
    assert "Read-only file system" in (program.session() / "report.md").read_text()


@pytest.mark.fault("A3")
def test_a_claim_without_any_call_needs_a_person(program: Program, target: Path) -> None:
    program.agent("claude", stream())
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text
    assert program.report()["status"] == "needs_person"


@pytest.mark.fault("A3")
def test_a_claim_that_rests_on_a_read_alone_is_not_done(program: Program, target: Path) -> None:
    program.agent("claude", stream(call(1, "cat README.md"), returned(1, "hello")))
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text
    assert "nothing changed in the target" in ran.text


@pytest.mark.fault("A3")
@pytest.mark.parametrize(
    "end",
    [
        pytest.param((task("task_notification", tool_use_id="t1", status="stopped", summary="stopped"),), id="stopped"),
        pytest.param((task("task_updated", patch={"status": "killed"}),), id="killed"),
        pytest.param((), id="never heard of again"),
    ],
)
@pytest.mark.parametrize("does", [pytest.param("true", id="no change"), pytest.param("echo x >new.txt", id="a change")])
def test_a_background_task_that_never_finished_leaves_the_work_undone(
    program: Program, target: Path, end: tuple[str, ...], does: str
) -> None:
    begin = (
        call(1, "make all", run_in_background=True),
        task("task_started", tool_use_id="t1", description="make all", is_backgrounded=True),
        returned(1, "Command running in background with ID: b1"),
    )
    program.agent("claude", stream(*begin, *end, does=does))
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text
    for told in (ran.text, (program.session() / "report.md").read_text(), json.dumps(program.report())):
        assert "make all" in told


@pytest.mark.fault("A3")
def test_a_background_task_that_finished_leaves_nothing_undone(program: Program, target: Path) -> None:
    program.agent(
        "claude",
        stream(
            call(1, "make all", run_in_background=True),
            task("task_started", tool_use_id="t1", description="make all", is_backgrounded=True),
            returned(1, "Command running in background with ID: b1"),
            task("task_notification", tool_use_id="t1", status="completed", summary="completed (exit code 0)"),
            does="echo x >new.txt",
        ),
    )
    ran = program.run(target)
    assert ran.code == 0, ran.text
    (worker,) = program.report()["workers"]
    assert worker.get("calls_returned") == 1, "a task that was completed counts as a call that returned well"


@pytest.mark.fault("A3")
def test_failed_calls_are_told_wherever_people_look(program: Program, target: Path) -> None:
    program.agent(
        "claude",
        stream(
            *(call(1), returned(1, "Exit code 2\nno rule to make target", failed=True)),
            *(call(2), returned(2, "File has not been read yet", failed=True)),
            *(call(3), returned(3)),
            does="echo x >new.txt",
        ),
    )
    ran = program.run(target)
    assert ran.code == 0, ran.text
    shown = program.orchestrate("show").text
    for told in (ran.text, shown, (program.session() / "report.md").read_text(), json.dumps(program.report())):
        assert "no rule to make target" in told
        assert "has not been read yet" in told


@pytest.mark.fault("A3")
def test_a_change_without_one_call_that_returned_well_is_not_done(program: Program, target: Path) -> None:
    failed = (call(1), returned(1, "Exit code 1\ncannot overwrite", failed=True))
    program.agent("claude", stream(*failed, does="echo half >new.txt"))
    assert program.run(target).code == NEEDS_PERSON


@pytest.mark.fault("A3")
def test_a_call_of_codex_that_never_completed_leaves_the_work_undone(program: Program, target: Path) -> None:
    item = {"id": "item_1", "type": "command_execution", "command": "/bin/bash -lc 'make all'", "status": "in_progress"}
    lines = (
        {"type": "thread.started", "thread_id": "01a1fc30-3c49-7740-ac04-7471b5576866"},
        {"type": "turn.started"},
        {"type": "item.started", "item": item},
        {"type": "item.completed", "item": {"id": "item_2", "type": "agent_message", "text": "Done."}},
        {"type": "turn.completed", "usage": {"input_tokens": 1, "output_tokens": 1}},
    )
    said = "\n".join(f"cat <<'E'\n{json.dumps(line)}\nE" for line in lines)
    program.agent("codex", f"echo x >new.txt\n{said}")
    words = ("run", "do it", "--agents", "codex", "--target", str(target), "--no-dashboard", "--no-interactive")
    ran = program.orchestrate(*words)
    assert ran.code == NEEDS_PERSON, ran.text
    assert "make all" in ran.text


@pytest.mark.fault("A3")
def test_a_shell_command_of_gemini_that_failed_is_no_work(program: Program, target: Path) -> None:
    lines = (
        {"type": "init", "session_id": "6265ef6d-9107-4a27-aedb-2884a02a033e", "model": "auto"},
        {"type": "tool_use", "tool_name": "run_shell_command", "tool_id": "1", "parameters": {"command": "false"}},
        {"type": "tool_result", "tool_id": "1", "status": "success", "output": "Command exited with code: 1"},
        {"type": "message", "role": "assistant", "content": "Done.", "delta": True},
        {"type": "result", "status": "success", "stats": {}},
    )
    said = "\n".join(f"cat <<'E'\n{json.dumps(line)}\nE" for line in lines)
    program.agent("gemini", said)
    words = ("run", "do it", "--agents", "gemini", "--target", str(target), "--no-dashboard", "--no-interactive")
    ran = program.orchestrate(*words)
    assert ran.code == NEEDS_PERSON, ran.text
    assert "exited with code: 1" in json.dumps(program.report())


@pytest.mark.fault("G7")
@pytest.mark.parametrize(
    ("does", "status"),
    [pytest.param("echo x >new.txt", "done", id="done"), pytest.param("true", "needs_person", id="needs a person")],
)
def test_the_report_says_how_the_session_ended(program: Program, target: Path, does: str, status: str) -> None:
    program.agent("claude", stream(call(1), returned(1), does=does))
    program.run(target)
    assert program.report()["status"] == status


@pytest.mark.fault("G7")
def test_the_report_of_an_agent_that_failed_says_so(program: Program, target: Path) -> None:
    program.agent("claude", "exit 1")
    program.run(target)
    assert program.report()["status"] in ("failed", "needs_person")
