"""Reads the commands of CI workflows: ``run:`` and ``script:`` lines, and the folder each runs in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.project import View
from orchestrator.suites.task_targets import unquoted
from orchestrator.value_class import value_class

MOST_WORKFLOWS = 30
_FOLDERS = (".github/workflows/", ".forgejo/workflows/", ".gitea/workflows/", ".woodpecker/")
_FILES = (
    *(".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", ".circleci/config.yml", "bitbucket-pipelines.yml"),
    *(".woodpecker.yml", ".cirrus.yml", "appveyor.yml", ".drone.yml", ".buildkite/pipeline.yml"),
)
_COMMAND = late_pattern(r"(?:run|command|script|test_script|bash):(?:\s+(.*))?$")
_LIST = late_pattern(r"(?:script|commands?|test_script):\s*$")
_FOLDER = late_pattern(r"(?:working-directory|working_directory|workingDirectory):\s*(.+)$")


@value_class
class WorkflowText:
    """One command, or a block of them."""

    workflow: str
    line: int
    folder: str
    text: str


def is_workflow(name: str) -> bool:
    """Whether CI reads a file of this name, relative to the target."""
    return name in _FILES or (name.startswith(_FOLDERS) and name.endswith((".yml", ".yaml")))


def workflow_texts(view: View) -> Iterator[WorkflowText]:
    """Every command of every workflow."""
    for name in [name for name in view.names if is_workflow(name)][:MOST_WORKFLOWS]:
        yield from _texts(name, view.text(name).splitlines())


def _texts(workflow: str, lines: Sequence[str]) -> Iterator[WorkflowText]:
    everywhere = _default_folder(lines)
    for number, line in enumerate(lines):
        stripped = line.lstrip().removeprefix("- ").lstrip()
        depth = len(line) - len(stripped)
        found = _COMMAND.match(stripped)
        if found is None:
            continue
        value = (found[1] or "").strip()
        if value.startswith(("|", ">")):
            text = _block(lines, number, len(line) - len(line.lstrip()), folded=value.startswith(">"))
        elif not value and _LIST.match(stripped):
            text = _items(lines, number)
        elif not value or value.startswith(("{", "[")):
            continue
        else:
            text = unquoted(re.sub(r"\s+#.*$", "", value))
        folder = _folder_of_step(lines, number, depth) or everywhere
        if text.strip():
            yield WorkflowText(workflow, number + 1, folder, text)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(lines: Sequence[str], number: int, depth: int, *, folded: bool) -> str:
    found: list[str] = []
    for line in lines[number + 1 :]:
        if line.strip() and _depth(line) <= depth:
            break
        found.append(line.strip())
    return (" " if folded else "\n").join(found)


def _items(lines: Sequence[str], number: int) -> str:
    """The items of a list of commands."""
    found: list[str] = []
    depth = _depth(lines[number])
    for line in lines[number + 1 :]:
        if not line.strip():
            continue
        if _depth(line) < depth or not line.lstrip().startswith("- "):
            break
        found.append(unquoted(line.lstrip()[2:]))
    return "\n".join(found)


def _folder_of_step(lines: Sequence[str], number: int, depth: int) -> str:
    """``working-directory`` beside the command, in front of it or behind it."""
    for order in (range(number, -1, -1), range(number + 1, len(lines))):
        for at in order:
            line = lines[at]
            bare = line.lstrip().removeprefix("- ").lstrip()
            if not line.strip():
                continue
            if len(line) - len(bare) < depth or (
                at > number and line.lstrip().startswith("- ") and _depth(line) < depth
            ):
                break
            if len(line) - len(bare) == depth and (found := _FOLDER.match(bare)):
                return _plain_folder(found[1])
            if line.lstrip().startswith("- ") and at <= number and len(line) - len(bare) == depth:
                break
    return ""


def _default_folder(lines: Sequence[str]) -> str:
    """The folder that ``defaults: run:`` sets, where there is but one."""
    found = {
        _plain_folder(match[1])
        for at, line in enumerate(lines)
        if (match := _FOLDER.match(line.strip()))
        and any("defaults:" in before for before in lines[max(0, at - 2) : at])
    }
    return found.pop() if len(found) == 1 else ""


def _plain_folder(text: str) -> str:
    folder = unquoted(re.sub(r"\s+#.*$", "", text)).removeprefix("./").strip("/")
    return "" if folder == "." or "$" in folder else folder
