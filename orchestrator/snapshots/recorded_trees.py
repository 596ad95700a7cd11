"""Record the trees that a target goes through, and the differences between them.

The trees lie beside the journal: the target's own ``.git`` is never written, and nothing in it (hooks, filters,
configuration) is ever run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status
from orchestrator.files.time_limits import is_over, time_left
from orchestrator.models.identity import WorkerId
from orchestrator.models.recorded_outcomes import OWN_VIEW
from orchestrator.models.unshown import MOST_NAMED, HiddenFile, IgnoredChange, Unshown
from orchestrator.snapshots.checkouts import borrowed, check_out
from orchestrator.snapshots.hashed_trees import HashedTrees
from orchestrator.snapshots.selection import IgnoredTable, Selected, Selection
from orchestrator.snapshots.shadow_repository import ShadowRepository
from orchestrator.snapshots.writers import Writers
from orchestrator.value_class import value_class

BASELINE = "session begins"
AT_END = "session ends"
"""The labels of the trees that a session finds and leaves."""
RESUMED = "session goes on"
_WAIT_S = 600.0
MOST_DIFF_BYTES = 4 * 1024 * 1024
"""Longer diffs are cut: nobody reads them, and a worker could write any amount."""


@value_class
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
    unshown: Unshown = field(default_factory=Unshown)
    """What the text does not show; known only between two moments (:meth:`Snapshots.compare`)."""


@value_class
class Moment:
    """The target as it was once."""

    label: str
    """Empty for one that was recorded in passing."""
    tree: str
    at: datetime | None = None
    writers: tuple[WorkerId, ...] | None = None
    """Who could write in the target at any time since the moment before; ``None`` where that was not observed."""
    beside: str = ""
    """Under which key lies what belongs to the moment and not to the tree: ignored files, doubts."""


class _Trees(Protocol):
    taken_in: int

    def write_tree(self, files: Mapping[bytes, Status]) -> tuple[str, tuple[str, ...]]: ...

    def recorded(self) -> frozenset[bytes]: ...

    def diff_text(self, before: str, after: str, *, most_bytes: int) -> tuple[str, bool]: ...

    def diff_figures(self, before: str, after: str) -> list[tuple[str, int, int]]: ...

    def changed(self, before: str, after: str) -> list[str]: ...


class LookCutShort(EnvironmentUnfit):
    """The time for a look at the target was over before all of it was seen."""


class Snapshots:
    """The target's trees in one session.  Calls block for as long as hashing what has changed takes.

    Args:
        folder: Where the trees are kept (the session's ``snapshots``); made if missing.
        target: The folder recorded.  Which of its files count is what its repository's own status would show, by the
            ignore rules of the first moment.
        exclude: Paths left out where they lie inside the target (the workspace).
        git: The executable; ``None`` looks on PATH, and without one tables of hashes serve.
        environ: Where the user's git configuration is looked for; our own environment by default.
        writers: Knows who can write in the target; ``None`` where nobody does.
    """

    def __init__(
        self,
        folder: Path,
        target: Path,
        exclude: Sequence[Path] = (),
        *,
        git: str | None = None,
        environ: Mapping[str, str] | None = None,
        writers: Writers | None = None,
    ) -> None:
        self.writers = writers
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._labels = folder / "labels.jsonl"
        self._beside = folder / "beside"
        self._lock = threading.Lock()
        self._figures: dict[tuple[str, str], tuple[tuple[str, int, int], ...]] = {}
        self._texts: dict[tuple[str, str], tuple[str, bool]] = {}
        real = target.resolve()
        self.target = real
        self.exclude = tuple(exclude)
        self._foreign = ForeignFolder(real)
        self._selection = Selection(
            folder, real, (*_relative_to(real, exclude), OWN_VIEW), os.environ if environ is None else environ
        )
        executable = self._git = git if git is not None else shutil.which("git")
        self._trees: _Trees
        if executable:
            self._trees = ShadowRepository(folder, real, git=executable)
        else:
            self._trees = HashedTrees(folder / "files", real)

    @property
    def so_far(self) -> str:
        """How far the look that runs has come, for people; another thread may ask."""
        seen, taken = self._selection.seen, self._trees.taken_in
        return f"{taken:,} of {seen:,} files" if taken else f"{seen:,} files found"

    def take(self, label: str) -> str:
        """Record the target as it stands and return the tree's id; the same content has the same id.

        Raises:
            EnvironmentUnfit: Neither the target could be read nor the tree be written.
        """
        return self.record(label).tree

    def record(self, label: str) -> Moment:
        """The same as :meth:`take`, with all that belongs to the moment.

        Raises:
            EnvironmentUnfit: Neither the target could be read nor the tree be written.
        """
        if self.writers is None:
            return self._labelled(self.glance(), label, None)
        with self.writers.looking() as writers:
            seen = self.glance()
            return self._labelled(seen, label, writers())

    def _labelled(self, seen: Moment, label: str, writers: tuple[WorkerId, ...] | None) -> Moment:
        at = datetime.now(UTC)
        taken: dict[str, object] = {"at": at.isoformat(), "label": label, "tree": seen.tree, "beside": seen.beside}
        if writers is not None:
            taken["writers"] = writers
        # A line of its own also after one that a crash has cut short.
        with self._labels.open("a", encoding="utf-8") as file:
            file.write(("\n" if file.tell() else "") + json.dumps(taken))
        return Moment(label, seen.tree, at, writers, seen.beside)

    def look(self) -> str:
        """Record the target as it stands, for this moment only: no label leads to the tree.

        Raises:
            EnvironmentUnfit: Neither the target could be read nor the tree be written.
        """
        return self.glance().tree

    def glance(self) -> Moment:
        """The same as :meth:`look`, with all that belongs to the moment.

        Raises:
            EnvironmentUnfit: Neither the target could be read nor the tree be written.
        """
        # Two threads of one process share what is known of the files.
        if not self._lock.acquire(timeout=time_left(_WAIT_S)):
            raise EnvironmentUnfit("the target is being recorded, and that takes long")
        try:
            selected = self._selection.look(self._trees.recorded())
            tree, doubts = self._trees.write_tree(selected.files)
            if is_over():
                # What was not looked at any more is not gone.
                raise LookCutShort("the target could not be recorded in time")
            return Moment("", tree, beside=self._keep_beside(selected, doubts))
        finally:
            self._lock.release()

    def newest(self) -> str | None:
        """The id of the tree recorded last under a label; ``None`` if there is none."""
        return next((moment.tree for moment in reversed(self.moments())), None)

    def find(self, label: str) -> str | None:
        """The id of the first tree taken under this label; ``None`` if there is none.  It outlives the process."""
        found = self.moment(label)
        return None if found is None else found.tree

    def taken(self) -> list[tuple[str, str]]:
        """Labels and the ids of their trees, oldest first."""
        return [(moment.label, moment.tree) for moment in self.moments()]

    def moment(self, label: str) -> Moment | None:
        """The first moment recorded under this label; ``None`` if there is none.  It outlives the process."""
        return next((moment for moment in self.moments() if moment.label == label), None)

    def moments(self) -> tuple[Moment, ...]:
        """All that have a label, oldest first."""
        try:
            lines = self._labels.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return ()
        found = []
        for line in lines:
            # What was cut short is a label nobody was told of: it is taken again.
            with suppress(ValueError, KeyError):
                found.append(_moment(json.loads(line)))
        return tuple(found)

    def compare(self, before: Moment, after: Moment) -> Diff:
        """What leads from one moment to another, with what the diff does not show.

        Raises:
            EnvironmentUnfit: One of them was not recorded here.
        """
        diff = self.diff(before.tree, after.tree)
        unshown = self._unshown(before, after)
        return Diff(diff.text, diff.files, diff.insertions, diff.deletions, diff.is_cut, unshown)

    def diff(self, before: str, after: str) -> Diff:
        """What leads from one recorded tree to another.

        Raises:
            EnvironmentUnfit: One of the ids is not a recorded tree.
        """
        if before == after:
            return Diff("", (), 0, 0)
        if (before, after) not in self._texts:
            # Whole and worker by worker, the same two trees are often compared again at once.
            self._texts = {(before, after): self._trees.diff_text(before, after, most_bytes=MOST_DIFF_BYTES)}
        text, is_cut = self._texts[before, after]
        figures = self.figures(before, after)
        return Diff(
            text,
            tuple(path for path, _, _ in figures),
            sum(insertions for _, insertions, _ in figures),
            sum(deletions for _, _, deletions in figures),
            is_cut,
        )

    def figures(self, before: str, after: str) -> tuple[tuple[str, int, int], ...]:
        """Path, insertions and deletions of every file that differs, sorted; a binary one has none of either.

        Raises:
            EnvironmentUnfit: One of the ids is not a recorded tree.
        """
        if before == after:
            return ()
        # Trees never change, and the same two are asked about more than once when a session is summed up.
        if (before, after) not in self._figures:
            self._figures[before, after] = tuple(sorted(self._trees.diff_figures(before, after)))
        return self._figures[before, after]

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """The paths that differ between two recorded trees, sorted.

        Raises:
            EnvironmentUnfit: One of the ids is not a recorded tree.
        """
        return () if before == after else tuple(sorted(self._trees.changed(before, after)))

    def check_out(self, moment: Moment, to: Path) -> tuple[str, ...]:
        """Write the target as it was then into a new folder; returns what has to be seen in it besides, by name.

        Raises:
            EnvironmentUnfit: It cannot be done; the message says why.
            OSError: The folder cannot be made.
        """
        check_out(self._labels.parent / "git", moment.tree, to, git=self._git)
        return borrowed(self._foreign.top, to, _table(self._beside_of(moment)))

    # What belongs to a moment and not to its tree

    def _keep_beside(self, selected: Selected, doubts: Sequence[str]) -> str:
        content = {
            "ignored": {_text(path): row for path, row in sorted(selected.ignored.items())},
            "cut": selected.is_ignored_cut,
            "hidden": {_text(path): rule for path, rule in selected.hidden.items()},
            "nameless": [_text(path) for path in selected.nameless],
            "doubts": [*selected.doubts, *doubts],
        }
        raw = json.dumps(content, sort_keys=True).encode("ascii")
        key = hashlib.sha256(raw).hexdigest()[:32]
        path = self._beside / key
        try:
            if not path.exists():
                self._beside.mkdir(mode=0o700, exist_ok=True)
                fresh = path.with_name(f"{key}.{os.getpid()}")
                fresh.write_bytes(zlib.compress(raw, 1))
                fresh.replace(path)
        except OSError as error:
            raise EnvironmentUnfit(f"cannot write {path}: {error.strerror}") from error
        return key

    def _beside_of(self, moment: Moment) -> Mapping[str, Any]:
        """Read what was kept beside a moment's tree; empty for a moment of an older version of this program."""
        if not moment.beside:
            return {}
        try:
            found = json.loads(zlib.decompress((self._beside / moment.beside).read_bytes()))
        except (OSError, ValueError, zlib.error) as error:
            return {"doubts": [f"which ignored files changed: what was kept of them cannot be read: {error}"]}
        return found if isinstance(found, dict) else {}

    def _unshown(self, before: Moment, after: Moment) -> Unshown:
        old, new = self._beside_of(before), self._beside_of(after)
        changes = self._ignored_changes(_table(old), _table(new))
        if not before.beside:
            changes = []
        counts = {what: sum(change.what == what for change in changes) for what in ("went", "changed", "new")}
        kept = [change for what in counts for change in [c for c in changes if c.what == what][:MOST_NAMED]]
        hidden = new.get("hidden", {})
        nameless = [name for name in new.get("nameless", ()) if name not in old.get("nameless", ())]
        files = [HiddenFile(_printable(path), rule) for path, rule in sorted(hidden.items())[:MOST_NAMED]]
        return Unshown(
            tuple(files),
            len(hidden),
            tuple(kept),
            **counts,
            is_cut=bool(old.get("cut") or new.get("cut")),
            nameless=tuple(_printable(name) for name in nameless[:MOST_NAMED]),
            nameless_count=len(nameless),
            doubts=tuple(dict.fromkeys((*old.get("doubts", ()), *new.get("doubts", ())))),
        )

    def _ignored_changes(self, old: IgnoredTable, new: IgnoredTable) -> list[IgnoredChange]:
        found: list[IgnoredChange] = []
        for path in sorted(old.keys() | new.keys()):
            before, after = old.get(path), new.get(path)
            if before == after:
                continue
            if after is None and self._stands(path):
                continue  # it lies beyond what was looked at, or counts by now, and then the diff shows it
            row = after or before
            assert row is not None
            found.append(
                IgnoredChange(
                    _printable(_text(path)),
                    "went" if after is None else "new" if before is None else "changed",
                    row[0],
                    None if before is None else before[0],
                    datetime.fromtimestamp(row[1] // 1_000_000_000, UTC),
                )
            )
        return found

    def _stands(self, path: bytes) -> bool:
        status = self._foreign.status(path)
        return isinstance(status, Status) and status.kind != "folder"


def begin_label(worker: str, follow_up: int = 0) -> str:
    """The label of the tree that a worker began with: with the task, or with the follow-up of this number."""
    return f"{worker} (follow-up {follow_up}) begins" if follow_up else f"{worker} begins"


def follow_up_label(follow_up: int) -> str:
    """The label of the tree that a follow-up on a finished session began with."""
    return f"follow-up {follow_up}"


def review_label(review: str) -> str:
    """The label of the tree that the reviewers of one review saw."""
    return f"review {review}"


def _moment(row: Mapping[str, Any]) -> Moment:
    writers = row.get("writers")
    return Moment(
        str(row["label"]),
        str(row["tree"]),
        datetime.fromisoformat(str(row["at"])) if "at" in row else None,
        None if writers is None else tuple(WorkerId(str(name)) for name in writers),
        str(row.get("beside", "")),
    )


def _table(beside: Mapping[str, Any]) -> dict[bytes, tuple[int, int, int]]:
    return {name.encode("latin-1"): tuple(row) for name, row in beside.get("ignored", {}).items()}


def _text(raw: bytes) -> str:
    """Any bytes as text that JSON can hold, one character a byte."""
    return raw.decode("latin-1")


def _printable(text: str) -> str:
    return text.encode("latin-1").decode(errors="backslashreplace")


def _relative_to(target: Path, exclude: Sequence[Path]) -> tuple[Path, ...]:
    """The excluded paths that lie inside the target; a target inside an excluded folder is recorded all the same."""
    resolved = [path.resolve() for path in exclude]
    return tuple(path.relative_to(target) for path in resolved if path != target and path.is_relative_to(target))
