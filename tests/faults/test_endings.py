"""How a turn ends: a CLI that does not exit, and a failure in the middle that it overcomes (E1, E2)."""

from __future__ import annotations

import subprocess

import pytest

from tests.faults.conftest import CLAUDE_SAYS, JobResult, Program

FILES = {"a.py": "x = 1\n"}


def run_to_its_end(program: Program, *options: str, agent: str = "claude") -> JobResult | None:
    """How the run ended; ``None`` if it did not end."""
    target = program.target(files=FILES)
    words = ("--agents", agent, "--target", str(target), "--no-dashboard", "--no-interactive")
    run = program.start("run", "do it", *words, *options)
    try:
        out, err = run.communicate(timeout=75)
    except subprocess.TimeoutExpired:
        run.terminate()
        run.communicate(timeout=60)
        return None
    return JobResult(run.returncode, out, err)


@pytest.mark.slow
@pytest.mark.fault("E1")
@pytest.mark.parametrize("lingers", ["sleep 600", "sleep 600 & sleep 600", "while :; do sleep 1; done"])
def test_an_agent_that_says_it_is_done_and_does_not_exit_is_ended(program: Program, lingers: str) -> None:
    program.agent(
        "claude",
        f"echo '{CLAUDE_SAYS['init']}'; echo '{CLAUDE_SAYS['call']}'; echo >>a.py; echo '{CLAUDE_SAYS['returned']}'\n"
        f"echo '{CLAUDE_SAYS['result']}'; {lingers}",
    )
    ran = run_to_its_end(program)
    assert ran is not None, "it did not end"
    assert ran.code == 0, ran.text
    assert "did not exit" in ran.text


CODEX = """
echo '{"type":"thread.started","thread_id":"00000000-0000-4000-8000-000000000001"}'
echo '{"type":"turn.started"}'
echo '{"type":"error","message":"%s"}'
echo '{"type":"item.started","item":{"id":"item_0","type":"command_execution","command":"true","status":"in_progress"}}'
echo >>a.py; echo run >>runs
echo '{"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"true","exit_code":0,\
"aggregated_output":"","status":"completed"}}'
echo '{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"Done."}}'
echo '{"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":1}}'
"""


E2 = pytest.mark.fault("E2")


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param("stream disconnected before completion: server is overloaded", marks=E2),
        pytest.param("unexpected status 503 Service Unavailable", marks=E2),
        "error sending request for url",  # was right already
        pytest.param("401 Unauthorized, token is being renewed", marks=E2),
        pytest.param("Quota exceeded for this minute", marks=E2),
    ],
)
def test_work_that_was_finished_after_a_failure_is_not_done_again(program: Program, failure: str) -> None:
    program.agent("codex", CODEX % failure)
    ran = run_to_its_end(program, agent="codex")
    assert ran is not None, "it did not end"
    assert ran.code == 0, ran.text
    assert (program.root / "target" / "runs").read_text() == "run\n"
