"""Calls that codex's stream hides are read from its rollout file (E14)."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import JobResult, Program

THREAD = "00000000-0000-4000-8000-000000000001"
SESSIONS = "sessions/2026/11/30"


def record(**payload: object) -> str:
    return json.dumps({"timestamp": "2026-11-30T09:48:48.344Z", "type": "response_item", "payload": payload})


def call(number: int, command: str, output: str, *, tool: str = "exec_command", shown: bool = False) -> list[str]:
    """The rollout's records of one call, in codex's order."""
    arguments = {"cmd": command} if tool == "exec_command" else {"command": ["bash", "-lc", command]}
    item = {"type": "CommandExecution", "id": f"c{number}", "status": "failed"}
    return [
        record(type="function_call", name=tool, arguments=json.dumps(arguments), call_id=f"c{number}"),
        *([record(type="item_completed", item=item)] if shown else []),
        record(type="function_call_output", call_id=f"c{number}", output=output),
    ]


def failed(words: str, code: int = 1) -> str:
    return f"Wall time: 0.0000 seconds\nProcess exited with code {code}\nOutput:\n{words}\n"


def run(program: Program, lines: list[str], *options: str, before: str = "", after: str = "") -> JobResult:
    """A codex that changes a file, and whose rollout holds these lines."""
    rows = "\n".join((record(type="task_started"), *lines))
    shown = {"id": "i", "type": "command_execution", "command": "true", "aggregated_output": ""}
    begun = json.dumps({"type": "item.started", "item": {**shown, "status": "in_progress"}})
    done = json.dumps({"type": "item.completed", "item": {**shown, "exit_code": 0, "status": "completed"}})
    program.agent(
        "codex",
        f"""mkdir -p "$CODEX_HOME/{SESSIONS}"
{before}
cat >"$CODEX_HOME/{SESSIONS}/rollout-2026-11-30T09-48-47-{THREAD}.jsonl" <<'ROLLOUT'
{rows}
ROLLOUT
echo '{{"type":"thread.started","thread_id":"{THREAD}"}}'
echo '{{"type":"turn.started"}}'
echo '{begun}'
echo >>a.py
echo '{done}'
{after}
echo '{{"type":"turn.completed","usage":{{"input_tokens":1,"output_tokens":1}}}}'""",
    )
    target = program.target(files={"a.py": "x = 1\n"})
    words = ("--agents", "codex", "--target", str(target), "--no-dashboard", "--no-interactive")
    return program.orchestrate("run", "do it", *words, *options)


@pytest.mark.fault("E14")
@pytest.mark.parametrize(("tool", "code"), [("exec_command", 1), ("shell", 126)])
def test_a_command_that_codex_hides_is_reported(program: Program, tool: str, code: int) -> None:
    ran = run(program, call(1, "touch /etc/mine", failed("touch: /etc/mine: Permission denied", code), tool=tool))
    assert "touch /etc/mine" in ran.text
    report = (program.session() / "report.md").read_text(encoding="utf-8")
    assert "Permission denied" in report


@pytest.mark.fault("E14")
def test_a_hidden_refusal_is_told_without_the_turns_end_as_well(program: Program) -> None:
    lines = call(1, "touch /etc/mine", failed("touch: /etc/mine: Operation not permitted"))
    ran = run(program, lines, "--timeout", "15s", after="exit 1")
    assert "touch /etc/mine" in ran.text


@pytest.mark.fault("E14")
def test_what_was_shown_what_went_well_and_an_older_turn_are_told_once_or_not_at_all(program: Program) -> None:
    lines = [
        *call(1, "touch /etc/older", failed("Permission denied")),
        record(type="task_started"),
        *call(2, "touch /etc/shown", failed("Permission denied"), shown=True),
        *call(3, "touch /tmp/fine", failed("", 0)),
        *call(4, "touch /etc/hidden", failed("Permission denied")),
        "{ no json",
    ]
    ran = run(program, lines)
    assert "touch /etc/hidden" in ran.text
    assert not any(command in ran.text for command in ("/etc/older", "/etc/shown", "/tmp/fine"))


@pytest.mark.fault("E14")
@pytest.mark.parametrize("instead", ["mkfifo", "ln -s /dev/zero", "mkdir"])
def test_whatever_lies_beside_it_the_calls_are_told(program: Program, instead: str) -> None:
    other = f"$CODEX_HOME/{SESSIONS}/rollout-2026-11-30T10-00-00-{THREAD}.jsonl"
    ran = run(program, call(1, "touch /etc/mine", failed("Permission denied")), before=f'{instead} "{other}"')
    assert "touch /etc/mine" in ran.text
