"""Warnings stop nobody, and refusals are taken for what they are (E3, E4)."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import JobResult, Program

FILES = {"a.py": "x = 1\n"}

UNTRUSTED = (
    "warning: Untrusted project-local configuration is disabled. Run `codex exec --trust` to allow project "
    "configuration. Explicitly untrusted projects must have their trust setting updated first."
)
WORK = (
    '{"type":"thread.started","thread_id":"00000000-0000-4000-8000-000000000001"}',
    '{"type":"item.started","item":{"id":"i","type":"command_execution","command":"true","status":"in_progress"}}',
)
DONE = (
    '{"type":"item.completed","item":{"id":"i","type":"command_execution","command":"true","exit_code":0,'
    '"aggregated_output":"","status":"completed"}}',
    '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}',
)


def says(*records: str) -> str:
    """A shell script that writes these records."""
    return "\n".join(f"cat <<'E'\n{record}\nE" for record in records)


def run(program: Program, name: str, *options: str) -> JobResult:
    target = program.target(files=FILES)
    words = ("--agents", name, "--target", str(target), "--no-dashboard", "--no-interactive")
    return program.orchestrate("run", "do it", *words, *options)


@pytest.mark.fault("E3")
@pytest.mark.parametrize(
    "warning",
    [
        UNTRUSTED,
        "Configured value for `approval_policy` is disallowed by requirements; falling back to required value `never`",
        "ERROR codex_core::mcp: MCP client for `linear` failed to start: handshaking failed: 401 Unauthorized",
        "Codex's Linux sandbox uses bubblewrap and needs access to create user namespaces.",
        "The linear MCP server needs a login. Run `codex mcp login linear`, as you would with codex login.",
    ],
)
def test_a_start_up_warning_stops_no_worker(program: Program, warning: str) -> None:
    program.agent("codex", f"({says(warning)}\n) >&2\n{says(*WORK)}\necho >>a.py\n{says(*DONE)}")
    ran = run(program, "codex")
    assert ran.code == 0, program.report()["reason"]
    assert not program.report()["recoveries"]


@pytest.mark.fault("E4")
@pytest.mark.parametrize(
    "text",
    [
        "Your access token could not be refreshed because your refresh token was already used. "
        "Please log out and sign in again.",
        "Your access token could not be refreshed because you have since signed in to another account. "
        "Please sign in again.",
    ],
)
def test_a_login_that_codex_can_no_longer_use_is_a_refused_login(program: Program, text: str) -> None:
    failed = json.dumps({"type": "turn.failed", "error": {"message": text}})
    program.agent("codex", f"{says(WORK[0], failed)}\nexit 1")
    run(program, "codex")
    assert "codex login" in program.report()["reason"]


@pytest.mark.fault("E4")
def test_words_in_a_refused_request_are_no_code(program: Program) -> None:
    body = {"error": {"message": "Invalid value: 'server_error'.", "type": "invalid_request_error", "code": None}}
    failed = json.dumps({"type": "turn.failed", "error": {"message": json.dumps(body)}})
    program.agent("codex", f"{says(WORK[0], failed)}\nexit 1")
    ran = run(program, "codex", "--timeout", "60s")
    assert not [one for one in program.report()["recoveries"] if one["rule"] == "overloaded"]
    assert ran.code == 1


@pytest.mark.fault("E4")
@pytest.mark.parametrize("message", ["API key not valid. Please pass a valid API key.", "API key expired."])
def test_a_key_that_gemini_may_not_use_is_a_refused_key(program: Program, message: str) -> None:
    body = json.dumps({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}})
    result = {"type": "result", "status": "error", "error": {"type": "unknown", "message": f"[API Error: {body}]"}}
    begun = {"type": "init", "session_id": "s", "model": "m"}
    program.agent("gemini", f"{says(json.dumps(begun), json.dumps(result))}\nexit 144")
    run(program, "gemini")
    report = program.report()
    assert "GEMINI_API_KEY" in report["reason"]
    assert report["recoveries"]


@pytest.mark.fault("E4")
@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("Error: Settings file not found: /none.json", "claude-settings-unfit"),
        ("Error: Invalid session ID. Must be a valid UUID.", "claude-session-missing"),
    ],
)
def test_what_claude_says_before_it_ends_has_its_rule(program: Program, words: str, rule: str) -> None:
    program.agent("claude", f"echo '{words}' >&2; exit 1")
    run(program, "claude")
    assert rule in {one["rule"] for one in program.report()["recoveries"]}
