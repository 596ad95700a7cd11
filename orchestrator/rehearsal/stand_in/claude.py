"""Stand in for Claude Code 2.1.329: ``--print`` with text, JSON or stream-JSON output."""

from __future__ import annotations

import json
import os
import signal
import uuid
from pathlib import Path

from .claude_turn import VERSION, Run, play, say_result
from .cli_options import Options, Refused, kinds, parse
from .exchange import Conversation, Stopped, prompt_of, stop_on

_KNOWN = kinds(
    switches="""
        --print --dangerously-skip-permissions --allow-dangerously-skip-permissions --strict-mcp-config --verbose
        --continue --fork-session --include-partial-messages --no-session-persistence --bare --restricted --safe-mode
        --replay-user-messages --include-hook-events --disable-slash-commands --version --help
    """,
    values="""
        --output-format --input-format --json-schema --model --permission-mode --resume --session-id --effort
        --append-system-prompt --system-prompt --settings --setting-sources --max-turns --max-budget-usd
        --fallback-model --permission-prompt-tool --permission-prompts --agents --name --debug-file
    """,
    lists="""
        --add-dir --allowedTools --disallowedTools --tools --mcp-config --betas --file
    """,
)
_SHORT = {
    "-p": "--print",
    "-c": "--continue",
    "-r": "--resume",
    "-v": "--version",
    "-h": "--help",
    "-n": "--name",
    "--allowed-tools": "--allowedTools",
    "--disallowed-tools": "--disallowedTools",
}
_MODES = ("acceptEdits", "auto", "bypassPermissions", "manual", "dontAsk", "plan")


def main(argv: list[str]) -> int:
    """Run as ``claude`` with these arguments; returns the exit code."""
    options = parse(argv, _KNOWN, _SHORT, lambda flag: Refused(f"error: unknown option '{flag}'"))
    if options.has("--version"):
        print(f"{VERSION} (Claude Code)")
        return 0
    mode = _checked_mode(options)
    prompt = _prompt(options)
    stop_on(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    run = Run(options, mode, _conversation(options), [os.getcwd(), *options.many("--add-dir")])
    if options.has("--json-schema"):
        run.schema = json.loads(options.one("--json-schema"))
    try:
        return play(run, prompt)
    except Stopped as stopped:
        if stopped.number != signal.SIGINT:
            return 128 + stopped.number
        if run.streams:
            say_result(run, subtype="error_during_execution", terminal="aborted_streaming", is_error=True)
        return 0


def _checked_mode(options: Options) -> str:
    mode = options.one("--permission-mode", "default")
    if mode not in (*_MODES, "default"):
        choices = ", ".join(_MODES)
        raise Refused(
            f"error: option '--permission-mode <mode>' argument '{mode}' is invalid. Allowed choices are {choices}."
        )
    if options.has("--dangerously-skip-permissions"):
        mode = "bypassPermissions"
    sandboxed = os.environ.get("IS_SANDBOX") == "1" or os.environ.get("CLAUDE_CODE_BUBBLEWRAP") == "1"
    if mode == "bypassPermissions" and os.geteuid() == 0 and not sandboxed:
        raise Refused("--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons")
    if options.one("--output-format", "text") == "stream-json" and not options.has("--verbose"):
        raise Refused("Error: When using --print, --output-format=stream-json requires --verbose")
    return mode


def _prompt(options: Options) -> str:
    typed, piped = prompt_of(options.words)
    prompt = "\n".join(part for part in (typed, piped.rstrip("\n")) if part)
    if not prompt:
        raise Refused("Error: Input must be provided either through stdin or as a prompt argument when using --print")
    return prompt


def _conversation(options: Options) -> Conversation:
    folder = Path.home() / ".claude" / "projects" / "stand-in"
    resumed = options.one("--resume")
    conversation = Conversation(folder, resumed or options.one("--session-id") or str(uuid.uuid4()))
    if resumed:
        if not conversation.exists:
            raise Refused(f"No conversation found with session ID: {resumed}")
        conversation.load()
    elif conversation.exists:
        raise Refused(f"Error: Session ID {conversation.reference} is already in use.")
    return conversation
