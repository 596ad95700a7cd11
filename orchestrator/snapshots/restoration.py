"""Restore a target as it was at a recorded moment, where nobody came in between.

What a session changed is put back only where the target still holds exactly what the session left: whatever somebody
else has touched since is left alone, and said.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.snapshots.git_objects import FILE, LINK, PROGRAM, ObjectStore, name_of
from orchestrator.snapshots.manifest import Attributes, Manifest
from orchestrator.snapshots.shadow_repository import MOST_RECORDED_BYTES
from orchestrator.value_class import value_class

Tree: TypeAlias = Mapping[bytes, tuple[bytes, bytes]]
"""Mode and name of the content, by path below the target."""
Act: TypeAlias = Literal["remove", "write", "attributes"]
SINCE: Final = "changed since the session ended"
NOT_CERTAIN: Final = "it is not certain whose change this is"
NOT_RECORDED: Final = "its content was not recorded: it is larger than 64 MiB, or could not be read"


@value_class
class Step:
    """One file to be put back."""

    path: bytes
    act: Act
    was: Literal["changed", "added", "deleted", "mode", "time"]
    """What the session did to it."""


@value_class
class LeftAlone:
    """One file that is not touched, and why."""

    path: bytes
    why: str


@value_class
class Plan:
    """What putting a target back would do; nothing has been done."""

    steps: tuple[Step, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    folders_made: tuple[bytes, ...] = ()
    """Folders that the session deleted, outer ones first."""
    folders_removed: tuple[bytes, ...] = ()
    """Folders that it made, inner ones first; one that holds anything by then stays."""
    folders_changed: tuple[bytes, ...] = ()
    """Folders whose permission bits it changed."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.steps or self.folders_made or self.folders_removed or self.folders_changed)


@value_class
class Recorded:
    """A target as it was recorded once."""

    tree: Tree
    manifest: Manifest


@dataclass(slots=True)
class Restoration:
    """Puts one target back from the state ``after`` to the state ``before``.

    Args:
        certain: Whether a change of a path is known to be the session's.
    """

    target: Path
    store: ObjectStore
    before: Recorded
    after: Recorded
    certain: Callable[[bytes], bool] = lambda _: True
    problems: list[LeftAlone] = field(default_factory=list)
    """What could not be put back after all."""
    _opened: dict[bytes, int] = field(default_factory=dict)
    """Folders that had to be made writable, with the permission bits they had."""

    @property
    def _foreign(self) -> ForeignFolder:
        return ForeignFolder(self.target)

    # Planning

    def plan(self, only: Collection[bytes] = ()) -> Plan:
        """Plan what to do, by looking at the target as it stands.

        Args:
            only: Paths, of files or folders, to which it is confined; all where none is named.
        """
        steps: list[Step] = []
        left: list[LeftAlone] = []
        for path in sorted(self.before.tree.keys() | self.after.tree.keys()):
            if _is_within(path, only) and self._differs(path):
                found = self._planned(path, is_named=bool(only))
                if isinstance(found, Step):
                    steps.append(found)
                elif found is not None:
                    left.append(found)
        steps += [Step(path, "remove", "added") for path in self._new_specials(only)]
        made, removed, changed = self._planned_folders(only, steps)
        return Plan(tuple(steps), tuple(left), made, removed, changed)

    def _new_specials(self, only: Collection[bytes]) -> Iterator[bytes]:
        """Pipes, sockets and the like that the session made and nobody has replaced."""
        old, new = self.before.manifest, self.after.manifest
        for path, kind in sorted(new.specials.items()):
            found = self._foreign.status(path)
            is_there = isinstance(found, Status) and found.kind == kind
            if is_there and path not in old.specials and not old.is_cut and _is_within(path, only):
                yield path

    def _differs(self, path: bytes) -> bool:
        old, new = self.before.tree.get(path), self.after.tree.get(path)
        if old != new:
            return True
        was, became = self.before.manifest.files.get(path), self.after.manifest.files.get(path)
        if was is None or became is None:
            return False
        return was.mtime_ns != became.mtime_ns or (was.mode != became.mode and old is not None and old[0] != LINK)

    def _was_only_written_again(self, path: bytes) -> bool:
        """Whether the session wrote what stood there already, and nobody has since."""
        was, became = self.before.manifest.files.get(path), self.after.manifest.files.get(path)
        found = self._foreign.status(path)
        if was is None or became is None or not isinstance(found, Status):
            return False
        return was.mtime_ns != became.mtime_ns == found.mtime_ns

    def _planned(self, path: bytes, *, is_named: bool) -> Step | LeftAlone | None:
        """``None`` where it is already as it was.

        Args:
            is_named: The user asks for this very file: one that has gone is brought back, whoever deleted it.
        """
        if self._stands_as(path, self.before):
            is_ours = self.certain(path) and path not in self.after.manifest.not_certain
            return Step(path, "attributes", "time") if is_ours and self._was_only_written_again(path) else None
        has_gone = isinstance(self._foreign.status(path), Unread) and path not in self.after.tree
        if (path in self.after.manifest.not_certain or not self.certain(path)) and not (is_named and has_gone):
            return LeftAlone(path, NOT_CERTAIN)
        if not self._stands_as(path, self.after):
            return LeftAlone(path, SINCE)
        old, new = self.before.tree.get(path), self.after.tree.get(path)
        if old is None:
            return Step(path, "remove", "added")
        if new is not None and old == new:
            return Step(path, "attributes", "mode")
        if self._content(path, old) is None:
            return LeftAlone(path, NOT_RECORDED)
        return Step(path, "write", "deleted" if new is None else "changed")

    def _planned_folders(
        self, only: Collection[bytes], steps: Collection[Step]
    ) -> tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]:
        old, new = self.before.manifest, self.after.manifest
        needed = {folder for step in steps if step.act == "write" for folder in _above(step.path)}
        made: list[bytes] = []
        changed: list[bytes] = []
        for path in sorted(old.folders):
            if not path or not _is_within(path, only):
                continue
            there = self._foreign.status(path)
            is_there = isinstance(there, Status) and there.kind == "folder"
            if not is_there and (path in needed or path not in new.folders):
                made.append(path)
            elif isinstance(there, Status) and path in new.folders:
                modes = old.folders[path].mode, new.folders[path].mode
                if modes[0] != modes[1] == there.mode:
                    changed.append(path)
        removed = [
            path
            for path in sorted(new.folders.keys() - old.folders.keys(), key=lambda path: (-path.count(b"/"), path))
            if _is_within(path, only) and not old.is_cut and self._foreign.is_folder(path)
        ]
        return tuple(made), tuple(removed), tuple(changed)

    def _stands_as(self, path: bytes, moment: Recorded) -> bool:
        """Whether the target holds exactly that under this path now."""
        entry = moment.tree.get(path)
        found = self._foreign.status(path)
        if entry is None:
            # A folder of this name is told by the files that it holds.
            return (isinstance(found, Unread) and found.reason in ("missing", "not a folder", "a link")) or (
                isinstance(found, Status) and found.kind == "folder"
            )
        if not isinstance(found, Status) or found.kind != ("link" if entry[0] == LINK else "file"):
            return False
        seen = moment.manifest.files.get(path)
        if found.kind == "file":
            if seen is not None and found.mode != seen.mode:
                return False
            if seen is None and (PROGRAM if found.mode & 0o100 else FILE) != entry[0]:
                return False
        return self._name_now(path, found, entry, seen) == entry[1]

    def _name_now(
        self, path: bytes, found: Status, entry: tuple[bytes, bytes], seen: Attributes | None
    ) -> bytes | None:
        if found.kind == "link":
            leads = self._foreign.link(path)
            return None if isinstance(leads, Unread) else name_of("blob", os.fsencode(leads))
        if found.size > MOST_RECORDED_BYTES or self._content(path, entry) is None:
            # Only size and time were recorded of it.
            same = seen is not None and (found.size, found.mtime_ns) == (seen.size, seen.mtime_ns)
            return entry[1] if same else None
        content = self._foreign.read(path, most_bytes=MOST_RECORDED_BYTES)
        return None if isinstance(content, Unread) else name_of("blob", content)

    def _content(self, path: bytes, entry: tuple[bytes, bytes]) -> bytes | None:
        """What was recorded; ``None`` where that is only a text that stands for a content which was not."""
        content = self.store.read(entry[1])
        for moment in (self.before, self.after):
            seen = moment.manifest.files.get(path)
            if seen is not None and moment.tree.get(path) == entry:
                return content if entry[0] == LINK or seen.size == len(content) else None
        return content

    # Acting

    def perform(self, plan: Plan) -> None:
        """Perform the plan; what cannot be done is added to :attr:`problems`, and the rest is done all the same."""
        touched: set[bytes] = set()
        for step in plan.steps:
            if step.act == "remove":
                self._try(step.path, partial(self._foreign.remove, step.path), touched)
        for folder in plan.folders_removed:
            # What still holds something holds what is not the session's, or was left alone.
            with suppress(OSError):
                self._with_room(folder, partial(self._foreign.remove_folder, folder))
                touched.add(folder.rpartition(b"/")[0])
        for folder in plan.folders_made:
            self._try(folder, partial(self._foreign.make_folder, folder), touched)
        for step in plan.steps:
            if step.act == "write":
                self._try(step.path, partial(self._write, step.path), touched)
            elif step.act == "attributes":
                self._try(step.path, partial(self._set_attributes, step.path), set())
        self._settle_folders(plan, touched)

    def _try(self, path: bytes, act: Callable[[], None], touched: set[bytes]) -> None:
        try:
            self._with_room(path, act)
        except (OSError, EnvironmentUnfit) as error:
            self.problems.append(LeftAlone(path, getattr(error, "strerror", None) or str(error)))
        else:
            touched.add(path.rpartition(b"/")[0])

    def _with_room(self, path: bytes, act: Callable[[], None]) -> None:
        """Act, also in a folder that its owner may not write in as it stands."""
        try:
            act()
        except PermissionError:
            folder = path.rpartition(b"/")[0]
            there = self._foreign.status(folder)
            if not isinstance(there, Status) or there.mode & 0o300 == 0o300:
                raise
            self._foreign.set_attributes(folder, mode=there.mode | 0o700)
            self._opened.setdefault(folder, there.mode)
            act()

    def _write(self, path: bytes) -> None:
        entry = self.before.tree[path]
        content = self.store.read(entry[1])
        seen = self.before.manifest.files.get(path)
        folder = path.rpartition(b"/")[0]
        if entry[0] == LINK:
            self._foreign.place_link(path, content)
            if seen is not None:
                self._foreign.set_attributes(path, mtime_ns=seen.mtime_ns)
            return
        if folder:
            self._foreign.make_folder(folder)
        mode = seen.mode if seen is not None else 0o755 if entry[0] == PROGRAM else 0o644
        self._foreign.write(path, content, mode=mode)
        if seen is not None:
            # Only who may give files away can give it back to another owner.
            with suppress(PermissionError):
                self._foreign.set_attributes(path, owner=seen.owner)
            self._foreign.set_attributes(path, mode=seen.mode, mtime_ns=seen.mtime_ns)

    def _set_attributes(self, path: bytes) -> None:
        seen = self.before.manifest.files[path]
        again = self._was_only_written_again(path)
        self._foreign.set_attributes(path, mode=seen.mode, mtime_ns=seen.mtime_ns if again else None)

    def _settle_folders(self, plan: Plan, touched: Collection[bytes]) -> None:
        """Restore the permission bits of folders and, where all in them is as it was, their times."""
        unsettled = {one.path.rpartition(b"/")[0] for one in (*plan.left, *self.problems)}
        concerned = {*touched, *plan.folders_made, *plan.folders_changed, *self._opened}
        for folder in sorted(concerned, key=lambda path: (-path.count(b"/"), path)):
            seen = self.before.manifest.folders.get(folder)
            mode = self._opened.get(folder)
            if seen is not None and (folder in plan.folders_made or folder in plan.folders_changed):
                mode = seen.mode
            time = seen.mtime_ns if seen is not None and folder not in unsettled else None
            with suppress(OSError):
                self._foreign.set_attributes(folder, mode=mode, mtime_ns=time)


def _above(path: bytes) -> Iterator[bytes]:
    folder = path.rpartition(b"/")[0]
    while folder:
        yield folder
        folder = folder.rpartition(b"/")[0]


def _is_within(path: bytes, only: Collection[bytes]) -> bool:
    return not only or any(path == one or path.startswith(one + b"/") or not one for one in only)
