"""A target folder in, the trees it has gone through and the differences between them out.

The trees lie in a git repository of our own beside the journal, with the target as its work tree: the target's own
``.git`` is never written, and nothing in it (hooks, filters, configuration) is ever run.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.time_limits import time_left
from orchestrator.snapshots.hashed_trees import HashedTrees
from orchestrator.snapshots.shadow_repository import ShadowRepository

BASELINE = "session begins"
AT_END = "session ends"
"""The labels of the trees that a session finds and leaves."""
MOST_DIFF_BYTES = 4 * 1024 * 1024
"""Longer diffs are cut: nobody reads them, and a worker could write any amount."""
_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from one tree to another."""

    text: str
    """A unified diff; binary files are only named."""
    files: tuple[str, ...]
    """Paths below the target, sorted; a renamed file counts under both names."""
    insertions: int
    deletions: int
    is_cut: bool = False
    """The text was longer than 4 MiB; the figures are whole."""


class _Trees(Protocol):
    def write_tree(self) -> str: ...

    def diff_text(self, before: str, after: str, *, most_bytes: int) -> tuple[str, bool]: ...

    def diff_figures(self, before: str, after: str) -> list[tuple[str, int, int]]: ...


class Snapshots:
    """The target's trees in one session.  Calls block for as long as hashing what has changed takes.

    Args:
        folder: Where the trees are kept (the session's ``snapshots``); made if missing.
        target: The folder recorded.  Its ``.gitignore`` rules hold, except for files its own repository tracks.
        exclude: Paths left out where they lie inside the target (the workspace).
        git: The executable; ``None`` looks on PATH, and without one a plain walk serves.
        index: Name of the index; whoever records the same target at the same time as another takes one of its own.
    """

    def __init__(
        self, folder: Path, target: Path, exclude: Sequence[Path] = (), *, git: str | None = None, index: str = "index"
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._labels = folder / "labels.jsonl"
        self._lock = threading.Lock()
        inside = _relative_to(target.resolve(), exclude)
        executable = git if git is not None else shutil.which("git")
        self._trees: _Trees
        if executable:
            self._trees = ShadowRepository(folder, target.resolve(), inside, git=executable, index=index)
        else:
            self._trees = HashedTrees(folder / "files", target.resolve(), inside)

    def take(self, label: str) -> str:
        """Record the target as it stands and return the tree's id; the same content has the same id.

        Raises:
            EnvironmentUnfit: Neither the target could be read nor the tree be written.
        """
        tree = self.look()
        taken = {"at": datetime.now(UTC).isoformat(), "label": label, "tree": tree}
        # A line of its own also after one that a crash has cut short.
        with self._labels.open("a", encoding="utf-8") as file:
            file.write(("\n" if file.tell() else "") + json.dumps(taken))
        return tree

    def look(self) -> str:
        """Record the target as it stands, for this moment only: no label leads to the tree.

        Raises:
            EnvironmentUnfit: Neither the target could be read nor the tree be written.
        """
        # Two threads of one process share an index.
        if not self._lock.acquire(timeout=time_left(_WAIT_S)):
            raise EnvironmentUnfit("the target is being recorded, and that takes long")
        try:
            return self._trees.write_tree()
        finally:
            self._lock.release()

    def newest(self) -> str | None:
        """The id of the tree recorded last under a label; ``None`` if there is none."""
        return next((tree for _, tree in reversed(self.taken())), None)

    def find(self, label: str) -> str | None:
        """The id of the first tree taken under this label; ``None`` if there is none.  It outlives the process."""
        return next((tree for taken, tree in self.taken() if taken == label), None)

    def taken(self) -> list[tuple[str, str]]:
        """Labels and the ids of their trees, oldest first."""
        try:
            lines = self._labels.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            # What was cut short is a label nobody was told of: it is taken again.
            with suppress(ValueError, KeyError):
                taken = json.loads(line)
                found.append((str(taken["label"]), str(taken["tree"])))
        return found

    def diff(self, before: str, after: str) -> Diff:
        """What leads from one recorded tree to another.

        Raises:
            EnvironmentUnfit: One of the ids is not a recorded tree.
        """
        if before == after:
            return Diff("", (), 0, 0)
        text, is_cut = self._trees.diff_text(before, after, most_bytes=MOST_DIFF_BYTES)
        figures = self._trees.diff_figures(before, after)
        return Diff(
            text,
            tuple(sorted(path for path, _, _ in figures)),
            sum(insertions for _, insertions, _ in figures),
            sum(deletions for _, _, deletions in figures),
            is_cut,
        )


def _relative_to(target: Path, exclude: Sequence[Path]) -> tuple[Path, ...]:
    """The excluded paths that lie inside the target; a target inside an excluded folder is recorded all the same."""
    resolved = [path.resolve() for path in exclude]
    return tuple(path.relative_to(target) for path in resolved if path != target and path.is_relative_to(target))
