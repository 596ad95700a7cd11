"""Stand in for Gemini CLI 0.61.0: headless, with text, JSON or stream-JSON output."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .cli_options import Options, Refused, kinds, parse
from .exchange import Conversation, Stopped, complain, prompt_of, stop_on
from .gemini_turn import Run, play

VERSION = "0.61.0"
_KNOWN = kinds(
    switches="""
        --debug --skip-trust --sandbox --yolo --list-sessions --screen-reader --version --help
    """,
    values="""
        --model --prompt --approval-mode --resume --session-id --output-format --include-directories
    """,
    lists="""
        --policy --admin-policy --allowed-tools --allowed-mcp-server-names --extensions
    """,
)
_SHORT = {
    "-d": "--debug",
    "-m": "--model",
    "-p": "--prompt",
    "-s": "--sandbox",
    "-y": "--yolo",
    "-e": "--extensions",
    "-r": "--resume",
    "-o": "--output-format",
    "-v": "--version",
    "-h": "--help",
}
_USAGE = "Usage: gemini [options] [command]\n\nGemini CLI - Defaults to interactive mode."
_UNTRUSTED = (
    "Gemini CLI is not running in a trusted directory. To proceed, either use `--skip-trust`, set the"
    " `GEMINI_CLI_TRUST_WORKSPACE=true` environment variable, or trust this directory in interactive mode."
)


def main(argv: list[str]) -> int:
    """Run as ``gemini`` with these arguments; returns the exit code."""
    options = parse(argv, _KNOWN, _SHORT, lambda flag: Refused(f"Unknown arguments: {flag.lstrip('-')}\n{_USAGE}"))
    if options.has("--version"):
        print(VERSION)
        return 0
    mode = _mode(options)
    settings = _settings()
    _check_trust(options, settings, mode)
    _check_login(settings)
    folders = _folders(options)
    prompt = _prompt(options)
    # The real launcher swallows these signals; without it they end the process at once, with exit code 0.
    if os.environ.get("GEMINI_CLI_NO_RELAUNCH") == "true":
        stop_on(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    else:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    try:
        return play(Run(options, settings, _conversation(options), mode, folders), prompt)
    except Stopped:
        return 0


def _mode(options: Options) -> str:
    if options.has("--yolo") and options.has("--approval-mode"):
        raise Refused(
            f"Cannot use both --yolo (-y) and --approval-mode together. Use --approval-mode=yolo instead.\n{_USAGE}"
        )
    mode = "yolo" if options.has("--yolo") else options.one("--approval-mode", "default")
    if mode not in ("default", "auto_edit", "yolo", "plan"):
        raise Refused(
            f"Invalid values:\n  Argument: approval-mode, Given: {json.dumps(mode)},"
            ' Choices: "default", "auto_edit", "yolo", "plan"'
        )
    if mode == "yolo":
        complain("YOLO mode is enabled. All tool calls will be automatically approved.")
    return mode


def _settings() -> Mapping[str, Any]:
    """The home's settings, with the system-wide ones over them."""
    joined: dict[str, Any] = {}
    places = [str(Path.home() / ".gemini" / "settings.json"), os.environ.get("GEMINI_CLI_SYSTEM_SETTINGS_PATH", "")]
    for place in places:
        if not (place and os.path.isfile(place)):
            continue
        try:
            read = json.loads(Path(place).read_text(encoding="utf-8"))
        except ValueError as error:
            raise Refused(
                f"Error in {place}: {error}\nPlease fix the configuration file(s) and try again.", 52
            ) from error
        for name, value in read.items():
            joined[name] = {**joined.get(name, {}), **value} if isinstance(value, dict) else value
    return joined


def _check_trust(options: Options, settings: Mapping[str, Any], mode: str) -> None:
    security = settings.get("security", {})
    trusted = options.has("--skip-trust") or os.environ.get("GEMINI_CLI_TRUST_WORKSPACE") == "true"
    if trusted or security.get("folderTrust", {}).get("enabled") is False:
        return
    list_file = Path.home() / ".gemini" / "trustedFolders.json"
    if list_file.is_file() and json.loads(list_file.read_text()).get(os.getcwd()) == "TRUST_FOLDER":
        return
    if mode != "default":
        complain('Approval mode overridden to "default" because the current folder is not trusted.')
    raise Refused(_UNTRUSTED, 55)


def _check_login(settings: Mapping[str, Any]) -> None:
    kind = settings.get("security", {}).get("auth", {}).get("selectedType")
    if kind is None and os.environ.get("GOOGLE_GEMINI_BASE_URL"):
        raise Refused("Invalid auth method selected.", 41)
    if not os.environ.get("GEMINI_API_KEY"):
        raise Refused(
            "When using Gemini API, you must specify the GEMINI_API_KEY environment variable.\n"
            "Update your environment and try again (no reload needed if using .env)!",
            41,
        )


def _folders(options: Options) -> list[str]:
    included = [folder for value in options.many("--include-directories") for folder in value.split(",") if folder]
    for folder in included:
        if not os.path.isdir(folder):
            raise Refused(f"An unexpected critical error occurred:Error: Directory does not exist: {folder}")
    return [os.getcwd(), *included]


def _prompt(options: Options) -> str:
    if options.words and options.has("--prompt"):
        raise Refused(f"Cannot use both a positional prompt and the --prompt (-p) flag together\n{_USAGE}")
    typed, piped = prompt_of(options.words or options.many("--prompt"))
    prompt = "\n\n".join(part for part in (piped.rstrip("\n"), typed) if part)
    if not prompt:
        raise Refused("No input provided via stdin. Input can be provided by piping data into gemini.", 42)
    return prompt


def _conversation(options: Options) -> Conversation:
    folder = Path.home() / ".gemini" / "tmp" / "stand-in" / "chats"
    wanted = options.one("--resume")
    if wanted == "latest":
        newest = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        wanted = newest[-1].stem if newest else ""
    conversation = Conversation(folder, wanted or options.one("--session-id") or str(uuid.uuid4()))
    if wanted and not conversation.exists:
        raise Refused(
            f'Error resuming session: Invalid session identifier "{wanted}".\n  Searched for sessions in {folder}.', 42
        )
    if wanted:
        conversation.load()
    elif conversation.exists:
        raise Refused(f'Session ID "{conversation.reference}" already exists.', 42)
    return conversation
