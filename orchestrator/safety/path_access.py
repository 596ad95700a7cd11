"""Tell whether a path may be touched under a sandbox policy and an assignment."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import join, normpath
from pathlib import Path
from typing import Final

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.value_class import value_class

SYSTEM_FOLDERS: Final = tuple(
    Path(folder) for folder in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt", "/proc", "/dev")
)
"""What every program reads to run at all; inside the sandbox they are bound read-only or are its own."""

OWN_FOLDERS: Final = (Path("/tmp"), Path("/dev/null"), Path("/dev/shm"))  # noqa: S108 - nothing is made there
"""Writable in every sandbox, because they are the sandbox's own."""


@value_class
class SandboxMonitor:
    """Says what one worker may read and write.

    Paths are looked at lexically: ``..`` is resolved, symbolic links are not, for this part sees no disk.  Who can
    follow links does so first; what finally holds is the sandbox around the process.
    """

    config: SandboxConfig
    assignment: Assignment

    def may_read(self, path: Path | str) -> bool:
        """Whether the path lies in a folder the worker was given, or in one of the system's."""
        assignment = self.assignment
        given = (assignment.target, *assignment.readable, *self.config.readable, *SYSTEM_FOLDERS)
        return self._lies_in(path, (*given, *self._writable()))

    def may_write(self, path: Path | str) -> bool:
        """Whether the path lies in a folder the worker may write."""
        return self._lies_in(path, self._writable())

    def _writable(self) -> Sequence[Path]:
        return (*self.assignment.writable, self.assignment.scratch, self.assignment.home, *OWN_FOLDERS)

    def _lies_in(self, path: Path | str, roots: Sequence[Path]) -> bool:
        # As texts: each tool call is looked at, and pathlib takes ten times as long.
        whole = normpath(join(self.assignment.target, path))  # noqa: PTH118 - as above
        if whole.startswith("//"):  # means one slash, but is kept as it is by every function for paths
            whole = whole[1:]
        return not _is_in(whole, self.config.hidden) and _is_in(whole, roots)


def _is_in(whole: str, folders: Sequence[Path]) -> bool:
    """Whether the path is one of the folders, or lies in one."""
    inside = f"{whole}/"
    for folder in folders:
        name = str(folder)
        if inside.startswith(name) and (name == "/" or inside[len(name)] == "/"):
            return True
    return False
