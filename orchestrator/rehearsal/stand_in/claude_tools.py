"""Make the tool calls of the stand-in for Claude Code, or deny them in its words, as its mode says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .exchange import inside, read_file, run_command, write_file

_LOOKING = frozenset({"cat", "echo", "grep", "head", "ls", "pwd", "tail", "true", "wc"})
_HANDLING = frozenset({"cp", "mkdir", "mv", "rm", "rmdir", "touch"})


def perform(name: str, given: Mapping[str, str]) -> tuple[str, bool]:
    """Do what the call says; its text, and whether it failed."""
    match name:
        case "Write":
            problem = write_file(given["file_path"], given["content"])
            return problem or f"File created successfully at: {given['file_path']}", bool(problem)
        case "Read":
            text, problem = read_file(given["file_path"])
            numbered = "\n".join(f"{number}\t{line}" for number, line in enumerate(text.split("\n"), start=1))
            return problem or numbered, bool(problem)
        case _:
            code, output = run_command(given["command"])
            return f"Exit code {code}\n{output}".rstrip() if code else output.rstrip("\n"), code != 0


def denial(
    mode: str, allowed: Collection[str], folders: Sequence[str], *, name: str, given: Mapping[str, str]
) -> tuple[str | None, str] | None:
    """Reason type and words of a refusal; ``None`` if the mode allows the call."""
    if mode == "bypassPermissions":
        return None
    path = given.get("file_path", "")
    if path and not inside(path, folders):
        verb = "write to" if name == "Write" else "read from"
        return "workingDir", f"Claude requested permissions to {verb} {path}, but you haven't granted it yet."
    if name == "Read" or name in allowed or (name == "Write" and mode == "acceptEdits"):
        return None
    if name == "Bash" and _is_harmless(given["command"], mode):
        return None
    if mode == "plan" and name == "Write":
        return "mode", f"Cannot write to {path} while in plan mode."
    if mode == "dontAsk":
        words = f"Permission to use {name} has been denied because Claude Code is running in don't ask mode."
        return "mode", words
    if name == "Write":
        return None, f"Claude requested permissions to write to {path}, but you haven't granted it yet."
    return None, "This command requires approval"


def _is_harmless(command: str, mode: str) -> bool:
    """One simple command that only looks, or in the edit mode one that only handles files (observed with 2.1.329)."""
    words = command.split()
    simple = not any(sign in command for sign in ";&|><$`\n")
    return simple and bool(words) and words[0] in (_LOOKING | _HANDLING if mode == "acceptEdits" else _LOOKING)
