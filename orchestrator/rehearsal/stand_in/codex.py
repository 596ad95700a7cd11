"""Stand in for Codex 0.169.0: ``codex exec --json``."""

from __future__ import annotations

import os
import re
import signal
import tomllib
import uuid
from pathlib import Path
from typing import Any

from .cli_options import Options, Refused, kinds, parse
from .codex_turn import Run, play
from .exchange import Conversation, Stopped, complain, prompt_of, stop_on

VERSION = "0.171.0"
_KNOWN = kinds(
    switches="""
        --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox --yolo --ephemeral --trust --oss
        --strict-config --ignore-user-config --ignore-rules --last --all --version --help
        --dangerously-bypass-hook-trust --approve-for-me
    """,
    values="""
        --config --enable --disable --image --model --profile --sandbox --cd --add-dir --output-schema --color
        --output-last-message --thread-source --local-provider
    """,
)
_SHORT = {
    "-c": "--config",
    "-i": "--image",
    "-m": "--model",
    "-p": "--profile",
    "-s": "--sandbox",
    "-C": "--cd",
    "-o": "--output-last-message",
    "-h": "--help",
    "-V": "--version",
}
_MODES = ("read-only", "workspace-write", "danger-full-access")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def main(argv: list[str]) -> int:
    """Run as ``codex`` with these arguments; returns the exit code."""
    options = parse(argv, _KNOWN, _SHORT, _unknown)
    if options.has("--version"):
        print(f"codex-cli {VERSION}")
        return 0
    if options.words[:1] != ["exec"]:
        raise Refused("stand-in: only `codex exec` is played in a rehearsal", 2)
    words = options.words[1:]
    resumed = ""
    if words[:1] == ["resume"]:
        resumed, words = (words[1] if len(words) > 1 else ""), words[2:]
    mode = _mode(options)
    cwd = _folder(options)
    prompt = _prompt(words)
    if mode != "bypass" and not options.has("--skip-git-repo-check") and not _in_git(Path(cwd)):
        raise Refused("Not inside a trusted directory and --skip-git-repo-check was not specified.")
    stop_on(signal.SIGINT)
    run = Run(options, _config(options), _conversation(resumed), cwd, mode)
    try:
        return play(run, prompt)
    except Stopped:
        return 1


def _unknown(flag: str) -> Refused:
    return Refused(
        f"error: unexpected argument '{flag}' found\n\n"
        f"  tip: to pass '{flag}' as a value, use '-- {flag}'\n\n"
        "Usage: codex exec [OPTIONS] [PROMPT]\n       codex exec [OPTIONS] <COMMAND> [ARGS]\n\n"
        "For more information, try '--help'.",
        2,
    )


def _mode(options: Options) -> str:
    mode = options.one("--sandbox", "read-only")
    if mode not in _MODES:
        choices = ", ".join(_MODES)
        raise Refused(
            f"error: invalid value '{mode}' for '--sandbox <SANDBOX_MODE>'\n  [possible values: {choices}]", 2
        )
    bypass = options.has("--dangerously-bypass-approvals-and-sandbox") or options.has("--yolo")
    return "bypass" if bypass else mode


def _folder(options: Options) -> str:
    if options.has("--cd"):
        try:
            os.chdir(options.one("--cd"))
        except OSError as error:
            raise Refused(f"Error: {error.strerror} (os error {error.errno})") from error
    return os.getcwd()


def _prompt(words: list[str]) -> str:
    typed = " ".join(word for word in words if word != "-")
    complain("Reading additional input from stdin..." if typed else "Reading prompt from stdin...")
    typed, piped = prompt_of([typed] if typed else [])
    if typed and piped.strip():
        return f"{typed}\n\n<stdin>\n{piped}\n</stdin>"
    if not (typed or piped.strip()):
        raise Refused("No prompt provided via stdin.")
    return typed or piped


def _in_git(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def _home() -> Path:
    home = Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex")
    if "CODEX_HOME" in os.environ and not home.is_dir():
        raise Refused(f'Error: CODEX_HOME points to "{home}", but that path does not exist')
    return home


def _config(options: Options) -> dict[str, Any]:
    """The home's ``config.toml`` with the command line's ``-c`` over it, by dotted name."""
    config: dict[str, Any] = {}
    file = _home() / "config.toml"
    if file.is_file() and not options.has("--ignore-user-config"):
        try:
            config = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise Refused(f"Error loading config.toml: {error}") from error
    for setting in options.many("--config"):
        name, _, value = setting.partition("=")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value
        *tables, key = name.split(".")
        table = config
        for part in tables:
            table = table.setdefault(part, {})
        table[key] = parsed
    return config


def _conversation(resumed: str) -> Conversation:
    folder = _home() / "sessions" / "stand-in"
    # A name that is no id starts a new thread in silence, as the real one does.
    if resumed and _UUID.fullmatch(resumed):
        conversation = Conversation(folder, resumed)
        if not conversation.exists:
            raise Refused(
                f"Error: thread/resume: thread/resume failed: no rollout found for thread id {resumed} (code -32600)"
            )
        conversation.load()
        return conversation
    return Conversation(folder, str(uuid.uuid4()))
