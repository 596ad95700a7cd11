"""Run a toolchain's commands in each folder that has a manifest of its language, and read what each said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.gates.gate import HOME, LIST, PROBES, TOOLS, Command, Language, Subject, ToolRun, Unmeasured
from orchestrator.gates.ruff_output import last_words
from orchestrator.value_class import value_class

GO_ENVIRONMENT: Final[Mapping[str, str]] = {"HOME": HOME, "GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
"""A toolchain finds its caches in the user's home, of which the sandbox shows these alone."""


@value_class
class FolderRun:
    """The output of one command in one folder."""

    folder: str
    code: int
    out: str
    err: str

    def at(self, name: str) -> str:
        """A file's name as it is relative to the project."""
        plain = name.removeprefix("./")
        return f"{self.folder}/{plain}" if self.folder else plain


def plan_in_folders(
    subject: Subject,
    language: Language,
    commands: Sequence[Sequence[str]],
    env: Mapping[str, str],
    *,
    tool: str,
    version_argv: Sequence[str],
    runs_project: bool = False,
    lies_in: Sequence[str] = (),
) -> Command | Unmeasured:
    """The command that runs these in every folder of the language."""
    roots = subject.roots.get(language, ())
    if not roots:
        return Unmeasured(f"nothing of the project is written in {language.title()}")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_each.py", LIST, json.dumps(commands))
    shown = "; ".join(" ".join(command) for command in commands)
    return Command(
        argv,
        roots,
        env=env,
        shown=shown,
        runs_project=runs_project,
        lies_in=tuple(lies_in),
        tool=tool,
        version_argv=tuple(version_argv),
    )


def modules_above(folders: Sequence[str]) -> tuple[str, ...]:
    """Every ``node_modules`` in which a program of Node finds itself and what it is made of."""
    found = set()
    for folder in folders:
        parts = folder.split("/") if folder else []
        found |= {"/".join((*parts[:depth], "node_modules")) for depth in range(len(parts) + 1)}
    return tuple(sorted(found))


def read_folders(subject: Subject, language: Language, run: ToolRun) -> Sequence[Sequence[FolderRun]] | Unmeasured:
    """What every command said, by folder; a folder that was not looked at leaves the whole unmeasured."""
    try:
        rows: list[Any] = json.loads(run.stdout)["rows"]
        found = [
            [
                FolderRun(str(row["folder"]), int(said["code"]), str(said["out"]), str(said["err"]))
                for said in row["runs"]
            ]
            for row in rows
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"the tools ended with {run.code}, and what they said cannot be read{last_words(run.stderr)}")
    if run.code != 0 or tuple(str(row["folder"]) for row in rows) != subject.roots.get(language, ()):
        return Unmeasured(f"only {len(found)} of {len(subject.roots.get(language, ()))} folders were looked at")
    return found


def last_line(run: FolderRun) -> str:
    """The last line that a failed command printed."""
    return last_words((run.err or run.out).encode())
