"""Finds a project's suites: by its own statement, scripts, task runners, CI workflows, settings and layout."""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Sequence

from orchestrator.suites import manifests, node_projects, python_projects
from orchestrator.suites.finder import Finder, Source
from orchestrator.suites.project import FIXTURE_FOLDERS, TEST_FOLDERS, Project, View
from orchestrator.suites.runners import family
from orchestrator.suites.suite import Detection
from orchestrator.suites.task_targets import TASK_FILES, TEST_TARGETS
from orchestrator.suites.workflow_lines import workflow_texts

SETTINGS = ".orchestrator/settings.toml"
MOST_FOLDERS = 40
_MOST_DEPTH = 4
ALL_MANIFESTS = frozenset(
    {"package.json", *python_projects.MANIFESTS, *manifests.MANIFESTS, *(n for file in TASK_FILES for n in file.names)}
)


def detect(project: Project, *, stated: Sequence[str] = ()) -> Detection:
    """Find every suite that the project configures.

    Args:
        stated: The commands of ``[tests] commands``, which stand for the whole: see :func:`stated_commands`.
    """
    finder = Finder(View(project))
    for command in stated:
        source = Source(f"{SETTINGS}: tests.commands, the project's own statement", "", stated=True)
        finder.take_text(command, source)
    if stated:
        return finder.detection()
    folders = _project_folders(finder)
    for folder in folders:
        node_projects.take_scripts(finder, folder)
        _take_targets(finder, folder)
        python_projects.take_tasks(finder, folder)
    _take_workflows(finder)
    for folder in folders:
        _take_layouts(finder, folder)
    if not project.whole:
        finder.leave("the rest of the project", "", "it has more files than are looked at")
    return finder.detection()


def stated_commands(settings: bytes) -> tuple[str, ...]:
    """The commands that a project states in its settings.

    Raises:
        ValueError: They are written wrongly; the message says how.
    """
    try:
        document = tomllib.loads(settings.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{SETTINGS} is no TOML: {error}") from error
    tests = document.get("tests", {})
    commands = tests.get("commands", []) if isinstance(tests, dict) else None
    if not isinstance(commands, list) or not all(isinstance(command, str) and command.strip() for command in commands):
        raise ValueError(f'{SETTINGS}: tests.commands must be a list of commands: commands = ["make test"]')
    return tuple(commands)


def _project_folders(finder: Finder) -> Sequence[str]:
    """The target, and the folders in it that have a manifest of their own."""
    found: dict[str, None] = {"": None}
    for name in finder.top.names:
        folder, _, base = name.rpartition("/")
        if base not in ALL_MANIFESTS or folder in found:
            continue
        parts = folder.split("/")
        if len(parts) > _MOST_DEPTH:
            continue
        if any(part in FIXTURE_FOLDERS for part in parts) or any(part in TEST_FOLDERS for part in parts[:-1]):
            finder.leave(folder, name, "it lies among test data or examples")
            found[folder] = None
            continue
        if len(found) > MOST_FOLDERS:
            finder.leave(folder, name, f"there are more than {MOST_FOLDERS} projects")
            continue
        found[folder] = None
    left = {entry.what for entry in finder.not_taken}
    return sorted((folder for folder in found if folder not in left), key=lambda folder: (folder.count("/"), folder))


def _take_targets(finder: Finder, folder: str) -> None:
    """Take the test target of each task runner's file."""
    view = finder.view(folder)
    for file in TASK_FILES:
        texts = file.texts(view)
        target = next((name for name in TEST_TARGETS if name in texts), None)
        if target is not None:
            found = posixpath.join(folder, f"{file.name_in(view)}: {target}")
            key = (f"{file.program} {target}", folder)
            finder.take_text(texts[target], Source(found, folder, seen=frozenset({key})))


def _take_workflows(finder: Finder) -> None:
    """Take the lines of CI workflows that name a runner we know."""
    for text in workflow_texts(finder.top):
        source = Source(f"{text.workflow}:{text.line}", text.folder, is_test=False, keeps_opening=False)
        if "${{" not in text.text:
            finder.take_text(text.text, source)
            continue
        # Only a line without such an expression can be run outside of its workflow.
        lines = [line for line in text.text.splitlines() if "${{" not in line]
        plain = finder.take_text("\n".join(lines), source) if lines else False
        if not plain and _names_runner(text.text):
            finder.leave(text.text, source.found, "it holds an expression that only its workflow can fill in")


def _names_runner(text: str) -> bool:
    """Whether a command would be a suite without its expressions."""
    probe = Finder(View(_Nothing()))
    source = Source("", "", is_test=False, keeps_opening=False)
    return probe.take_text(text.replace("${{", "").replace("}}", ""), source)


class _Nothing:
    """A project without files."""

    names: Sequence[str] = ()
    whole = True

    def read(self, name: str, most_bytes: int) -> bytes | None:
        return None

    def exists(self, name: str) -> bool:
        return False


def _take_layouts(finder: Finder, folder: str) -> None:
    """Take what the files show, for each language of which no command of the project runs any test here."""

    def is_open(runner: str) -> bool:
        known = finder.runs_in(folder)
        return not any(name in known for name in family(runner))

    if is_open("pytest"):
        python_projects.take_layout(finder, folder)
    if is_open("jest") and "deno.json" not in finder.view(folder).names_here:
        node_projects.take_layout(finder, folder)
    for layout in manifests.LAYOUTS:
        if is_open(layout.runner) and not _is_within(finder, folder, layout):
            manifests.take_layout(finder, folder, layout)


def _is_within(finder: Finder, folder: str, layout: manifests.Layout) -> bool:
    """Whether a suite of a folder above runs these tests as well: a workspace's members, a build's parts."""
    if layout.runner not in ("cargo test", "maven", "gradle", "ctest", "dotnet test", "mix test", "bats"):
        return False
    return any(
        suite.runner == layout.runner and suite.cwd != folder and (not suite.cwd or folder.startswith(f"{suite.cwd}/"))
        for suite in finder.suites
    )
