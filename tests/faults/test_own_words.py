"""What is said of an agent that dies, and how the program itself ends (E7, E8, E11, E13)."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

FILES = {"a.py": "x = 1\n"}


@pytest.mark.fault("E7")
@pytest.mark.parametrize(
    "words", ["env: node: No such file or directory", "claude: unsupported Node version v12", "Segmentation fault"]
)
def test_an_agent_that_dies_before_its_first_record_is_told_in_its_own_words(program: Program, words: str) -> None:
    program.agent("claude", f"echo '{words}' >&2; exit 127")
    ran = program.run(program.target(files=FILES))
    assert words in ran.out
    assert words in program.report()["reason"], ran.text


@pytest.mark.fault("E7")
def test_where_one_agent_does_not_start_another_does_its_part(program: Program) -> None:
    program.agent("claude", "echo 'env: node: No such file or directory' >&2; exit 127")
    program.agent(
        "codex",
        """echo '{"type":"thread.started","thread_id":"00000000-0000-4000-8000-000000000001"}'
echo '{"type":"item.started","item":{"id":"i","type":"command_execution","command":"true","status":"in_progress"}}'
echo >>a.py
echo '{"type":"item.completed","item":{"id":"i","type":"command_execution","command":"true","exit_code":0,\
"aggregated_output":"","status":"completed"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}'""",
    )
    target = program.target(files=FILES)
    words = ("--agents", "claude,codex", "--target", str(target), "--no-dashboard", "--no-interactive")
    ran = program.orchestrate("run", "do it", *words)
    assert "does not start" in ran.text
    assert (target / "a.py").read_text() == "x = 1\n\n", ran.text


@pytest.mark.fault("E8")
def test_a_refused_key_is_the_reason_of_the_end(program: Program) -> None:
    failed = (
        '{"type":"result","subtype":"success","is_error":true,"api_error_status":401,"num_turns":1,'
        '"result":"Invalid API key · Fix external API key","session_id":"s"}'
    )
    program.agent("claude", f"echo '{CLAUDE_SAYS['init']}'; echo '{failed}'; exit 1")
    program.run(program.target(files=FILES))
    reason = program.report()["reason"]
    assert "claude" in reason
    assert "key" in reason.lower(), reason


@pytest.mark.fault("E11")
@pytest.mark.parametrize("number", ["HUP", "TERM", "INT"])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(program: Program, number: str) -> None:
    gate = program.root / "target" / "gate"
    program.claude(f"echo >>a.py; echo here >'{gate}'; while test -e '{gate}'; do sleep 0.1; done")
    target = program.target(files=FILES)
    words = program.command(
        *("run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    )
    run = subprocess.Popen(
        ["/bin/sh", "-c", f'trap "" {number}; exec "$@"', "sh", *words],
        cwd=program.root,
        env=program.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    program.running.append(run)
    assert run.stderr is not None
    said = next((line for line in run.stderr if "Bash: true" in line), None)
    assert said is not None
    run.send_signal(getattr(signal, f"SIG{number}"))
    deadline = time.monotonic() + 60
    while not gate.exists() and time.monotonic() < deadline:  # the call is told before it is made
        time.sleep(0.02)
    gate.unlink()
    out, err = run.communicate(timeout=90)
    assert run.returncode == 0, out + err


@pytest.mark.fault("E13")
@pytest.mark.parametrize("words", [("sessions", "--json"), ("show", "--json")], ids=" ".join)
def test_what_could_not_be_printed_is_an_error(program: Program, words: tuple[str, ...]) -> None:
    program.claude("echo >>a.py")
    program.run(program.target(files=FILES))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program.command(*words),
            cwd=program.root,
            env=program.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert b"could not be written" in done.stderr


@pytest.mark.fault("E7")
@pytest.mark.parametrize("words", ["Error: this program needs Node 22 or newer", "sh: 1: claude: Permission denied"])
def test_words_on_standard_output_count_where_no_record_comes(program: Program, words: str) -> None:
    program.agent("claude", f"echo '{words}'; exit 1")
    ran = program.run(program.target(files=FILES), "--timeout", "20s")
    assert words in program.report()["reason"], ran.text


@pytest.mark.fault("E13")
@pytest.mark.parametrize("where", [">&-", "| true"], ids=["closed", "nobody reads"])
def test_a_document_that_nobody_got_is_an_error_without_a_traceback(program: Program, where: str) -> None:
    program.claude("echo >>a.py")
    program.run(program.target(files=FILES))
    line = f'set -o pipefail; exec 2>err; "$@" {where}; echo $? >code'
    subprocess.run(
        ["bash", "-c", line, "bash", *program.command("show", "--json")],
        cwd=program.root,
        env=program.environ,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )
    said = (program.root / "err").read_text()
    assert (program.root / "code").read_text() == "1\n", said
    assert "Traceback" not in said
    assert "could not be written" in said
