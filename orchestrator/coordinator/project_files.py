"""Show the target to the detection of suites: read within bounds, with no link followed and nothing run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from orchestrator.coordinator.interpreters import Interpreters
from orchestrator.errors import UsageError
from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.suites.detection import SETTINGS, detect, stated_commands
from orchestrator.suites.project import IGNORED_FOLDERS
from orchestrator.suites.suite import Detection

MOST_SETTINGS_BYTES = 256 * 1024
MOST_ENTRIES = 60_000


class ProjectFiles:
    """A target's files.  Every method blocks; see :func:`orchestrator.files.time_limits.off_loop`."""

    def __init__(self, target: Path) -> None:
        self._folder = ForeignFolder(target)

    @property
    def names(self) -> Sequence[str]:
        return self._listed[0]

    @property
    def whole(self) -> bool:
        return self._listed[1]

    def read(self, name: str, most_bytes: int) -> bytes | None:
        found = self._folder.read(name, most_bytes=most_bytes)
        return None if isinstance(found, Unread) else found

    def exists(self, name: str) -> bool:
        return not isinstance(self._folder.status(name), Unread)

    @cached_property
    def _listed(self) -> tuple[Sequence[str], bool]:
        names: list[str] = []
        whole = True
        for entry in self._folder.walk(most=MOST_ENTRIES, skip=_is_foreign):
            if isinstance(entry, Unread):
                whole = whole and entry.reason not in ("too many", "took too long")
            elif entry.status.kind == "file" and entry.name.isprintable():
                names.append(entry.name)
        return sorted(names), whole


def detect_in(folder: Path, environ: Mapping[str, str]) -> Detection:
    """Find the suites of a project as it lies in this folder, by its own statement where it makes one.  Blocks.

    Args:
        environ: The user's, for the interpreters that the project pins.

    Raises:
        UsageError: Its settings are written wrongly.
    """
    files = ProjectFiles(folder)
    return Interpreters(environ).given(detect(files, stated=stated_in(folder)), files)[0]


def stated_in(folder: Path) -> tuple[str, ...]:
    """The commands that a project states as its tests; none where it states none.  Blocks.

    Raises:
        UsageError: Its settings are written wrongly.
    """
    settings = ProjectFiles(folder).read(SETTINGS, MOST_SETTINGS_BYTES)
    try:
        return stated_commands(settings) if settings is not None else ()
    except ValueError as error:
        raise UsageError(str(error), hint="`orchestrate tests` shows what is found once it is mended") from error


def _is_foreign(entry: Entry) -> bool:
    """Whether a folder holds third-party code or tools' output."""
    return entry.name.rpartition("/")[2] in IGNORED_FOLDERS


class CheckedOutFiles(ProjectFiles):
    """The target at an earlier moment: a checkout, and the untracked parts that it shares with today's target."""

    def __init__(self, checkout: Path, target: Path, shared: Sequence[str]) -> None:
        super().__init__(checkout)
        self._target = ForeignFolder(target)
        self._shared = tuple(shared)

    def exists(self, name: str) -> bool:
        if super().exists(name):
            return True
        is_shared = any(name == shared or name.startswith(f"{shared}/") for shared in self._shared)
        return is_shared and not isinstance(self._target.status(name), Unread)
