"""The figures of attempts that were stopped are not passed off as whole, and both JSON documents say the same (G8)."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

FILES = {"a.py": "x = 1\n"}
GO_ON = {"entries", "updated_at", "elapsed_s"}
"""What still grows between the writing of the report and the end of the journal."""
OF_THE_RUN = {"exit_code", "folder", "journal", "report"}
"""What is printed alone: how the run ended, and where its record lies."""
MISSING = object()

GEMINI = {
    "init": {"type": "init", "session_id": "00000000-0000-4000-8000-000000000001", "model": "m"},
    "said": {"type": "message", "role": "assistant", "content": "I begin.", "delta": True},
    "call": {"type": "tool_use", "tool_name": "run_shell_command", "tool_id": "t", "parameters": {"command": "true"}},
    "returned": {"type": "tool_result", "tool_id": "t", "status": "success", "output": "ok"},
    "result": {
        "type": "result",
        "status": "success",
        "stats": {"models": {"m": {"total_tokens": 12, "input": 10, "output_tokens": 2, "cached": 0}}},
    },
}


def gemini(*names: str) -> str:
    return "\n".join(f"echo '{json.dumps(GEMINI[name])}'" for name in names)


def words(target: Path, agent: str) -> Sequence[str]:
    return ("run", "do it", "--agents", agent, "--target", str(target), "--no-dashboard", "--no-interactive", "--json")


@pytest.mark.fault("G8")
@pytest.mark.parametrize("half", [gemini("init", "said", "call"), gemini("init", "call", "returned")])
def test_the_tokens_of_an_attempt_that_was_cut_off_are_not_whole(program: Program, half: str) -> None:
    mark = program.root / "target" / "begun"
    whole = gemini("init", "call") + "\necho >>a.py\n" + gemini("returned", "result")
    program.agent("gemini", f"if ! test -e '{mark}'; then\ntouch '{mark}'\n{half}\nkill -9 $$\nfi\n{whole}")
    ran = program.orchestrate(*words(program.target(files=FILES), "gemini"))
    report = program.report()
    assert any(worker["attempts"] > 1 for worker in report["workers"]), ran.text
    assert report["usage_complete"] is False, ran.text


def told(ran_out: str) -> Any:
    return json.loads(ran_out[ran_out.index("{") :])


def differences(report: Any, shown: Any) -> list[str]:
    """The fields that are told otherwise, or in one of the two alone."""
    names = (report.keys() | shown.keys()) - GO_ON - OF_THE_RUN
    return sorted(name for name in names if report.get(name, MISSING) != shown.get(name, MISSING))


@pytest.mark.fault("G8")
@pytest.mark.parametrize(
    ("does", "status"), [("echo >>a.py", "done"), ("true", "needs_person"), ("FAIL", "failed")], ids=lambda one: one[:8]
)
def test_the_report_and_what_is_printed_agree(program: Program, does: str, status: str) -> None:
    if does == "FAIL":
        failed = json.loads(CLAUDE_SAYS["result"]) | {"is_error": True, "result": "It went wrong."}
        program.agent("claude", f"echo '{CLAUDE_SAYS['init']}'\necho '{json.dumps(failed)}'\nexit 1")
    else:
        program.claude(does)
    ran = program.orchestrate(*words(program.target(files=FILES), "claude"))
    report, shown = program.report(), told(ran.out)
    assert report["status"] == status
    assert differences(report, shown) == []
    assert differences(report, told(program.orchestrate("show", "--json").out)) == []


@pytest.mark.fault("G8")
def test_they_agree_after_an_interruption(program: Program) -> None:
    gate = program.root / "target" / "gate"
    program.claude(f"echo >'{gate}'; while test -e '{gate}'; do sleep 0.1; done")
    run = program.start(*words(program.target(files=FILES), "claude"))
    assert run.stderr is not None
    said = next((line for line in run.stderr if "Bash: true" in line), None)
    assert said is not None
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=90)
    assert run.returncode == 130, out + err
    assert program.report()["status"] == "interrupted"
    assert differences(program.report(), told(out)) == []
    assert program.report()["usage_complete"] is False
