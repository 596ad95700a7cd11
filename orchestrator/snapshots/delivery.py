"""Make a recorded change in another state of the target, three ways, file by file.

What changed on both sides and cannot be put together is a conflict: that file is left as it is, and said.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.files.programs import run_program
from orchestrator.files.time_limits import is_over
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.snapshots.git_objects import LINK, PROGRAM, ObjectStore
from orchestrator.snapshots.restoration import Recorded
from orchestrator.snapshots.shadow_repository import MOST_RECORDED_BYTES
from orchestrator.value_class import value_class

Outcome: TypeAlias = Literal["add", "change", "merge", "delete", "mode", "already", "conflict"]
MERGE_WITHIN_S: Final = 60.0


@value_class
class Present:
    """What stands under a path."""

    kind: Literal["file", "link"]
    content: bytes
    mode: int


@value_class
class Delivered:
    """What the delivery does with one file."""

    path: bytes
    outcome: Outcome
    why: str = ""
    """Of a conflict."""
    content: bytes = b""
    mode: int = 0o644
    is_link: bool = False


@dataclass(slots=True)
class Delivery:
    """Brings the change from ``before`` to ``after`` into a folder.

    Args:
        folder: Of our own, for the files that are merged.
        target: Resolved.
    """

    folder: Path
    target: Path
    store: ObjectStore
    before: Recorded
    after: Recorded
    problems: list[Delivered] = field(default_factory=list)
    """What could not be written after all."""

    @property
    def _foreign(self) -> ForeignFolder:
        return ForeignFolder(self.target)

    def plan(self) -> tuple[Delivered, ...]:
        """What is to be done for each file that the session changed, by looking at the target as it stands."""
        paths = [path for path in sorted(self.before.tree.keys() | self.after.tree.keys()) if self._differs(path)]
        found = {path: self._planned(path) for path in paths}
        goes = {path for path, one in found.items() if one.outcome == "delete"}
        for path, one in found.items():
            if one.outcome in ("add", "change"):
                found[path] = self._with_room(one, goes)
        return tuple(found.values())

    def _differs(self, path: bytes) -> bool:
        old, new = self.before.tree.get(path), self.after.tree.get(path)
        if old != new or old is None or old[0] == LINK:
            return old != new
        was, became = self.before.manifest.files.get(path), self.after.manifest.files.get(path)
        return was is not None and became is not None and was.mode != became.mode

    def _planned(self, path: bytes) -> Delivered:
        base, theirs = self._recorded(path, self.before), self._recorded(path, self.after)
        if "unknown" in (base, theirs):
            return Delivered(path, "conflict", "its content was not recorded")
        assert not isinstance(base, str)
        assert not isinstance(theirs, str)
        ours = self._present(path)
        if isinstance(ours, str):
            return Delivered(path, "conflict", ours)
        if _equal(ours, theirs):
            return Delivered(path, "already")
        if theirs is None:
            if ours is None or _equal(ours, base):
                return Delivered(path, "delete")
            return Delivered(path, "conflict", "the session deleted it, and it was changed here")
        if base is None:
            if ours is None:
                return _written(path, "add", theirs, theirs.mode)
            return Delivered(path, "conflict", "the session made it, and another one is here")
        if ours is None:
            return Delivered(path, "conflict", "the session changed it, and it is not here")
        return self._changed_on_both(path, base, ours, theirs)

    def _changed_on_both(self, path: bytes, base: Present, ours: Present, theirs: Present) -> Delivered:
        mode = _mode(base, ours, theirs)
        if (ours.kind, ours.content) == (base.kind, base.content):
            same = (theirs.kind, theirs.content) == (ours.kind, ours.content)
            return _written(path, "mode" if same else "change", theirs, mode)
        if (theirs.kind, theirs.content) in ((base.kind, base.content), (ours.kind, ours.content)):
            return _written(path, "mode" if mode != ours.mode else "already", ours, mode)
        if {base.kind, ours.kind, theirs.kind} != {"file"}:
            return Delivered(path, "conflict", "it is a link on one side")
        merged = self._merged(base.content, ours.content, theirs.content)
        if merged is None:
            return Delivered(path, "conflict", "changed here and by the session in the same place")
        return Delivered(path, "merge", content=merged, mode=mode)

    def _recorded(self, path: bytes, moment: Recorded) -> Present | Literal["unknown"] | None:
        entry = moment.tree.get(path)
        if entry is None:
            return None
        content, seen = self.store.read(entry[1]), moment.manifest.files.get(path)
        if entry[0] == LINK:
            return Present("link", content, 0o777)
        if seen is not None and seen.size != len(content):
            return "unknown"
        return Present("file", content, seen.mode if seen else 0o755 if entry[0] == PROGRAM else 0o644)

    def _present(self, path: bytes) -> Present | str | None:
        """``None`` where nothing stands; words where something does that cannot be dealt with."""
        found = self._foreign.status(path)
        if isinstance(found, Unread):
            return None if found.reason in ("missing", "not a folder", "a link") else found.detail
        if found.kind == "folder":
            return None  # whether it makes room is seen later
        if found.kind == "link":
            leads = self._foreign.link(path)
            return leads.detail if isinstance(leads, Unread) else Present("link", os.fsencode(leads), 0o777)
        if found.kind != "file":
            return "is no file here"
        content = self._foreign.read(path, most_bytes=MOST_RECORDED_BYTES)
        return content.detail if isinstance(content, Unread) else Present("file", content, found.mode)

    def _with_room(self, one: Delivered, goes: set[bytes]) -> Delivered:
        """Turn the plan for a file into a conflict where something stands in its way."""
        for above in _above(one.path):
            found = self._foreign.status(above)
            if isinstance(found, Status) and found.kind != "folder" and above not in goes:
                return Delivered(one.path, "conflict", "a file or a link stands where it needs a folder")
        found = self._foreign.status(one.path)
        if isinstance(found, Status) and found.kind == "folder":
            held = self._foreign.walk(one.path)
            stays = [
                entry
                for entry in held
                if isinstance(entry, Unread) or (entry.status.kind != "folder" and os.fsencode(entry.name) not in goes)
            ]
            if stays:
                return Delivered(one.path, "conflict", "a folder stands there that holds something else")
        return one

    def _merged(self, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        """Merge both changes into one text; ``None`` where they overlap, or where it is no text."""
        git = shutil.which("git")
        if git is None or any(b"\0" in content for content in (base, ours, theirs)):
            return None
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="merge-") as place:
            for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
                Path(place, name).write_bytes(content)
            result = run_program(
                (git, "merge-file", "-p", "-q", "ours", "base", "theirs"),
                cwd=Path(place),
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": place,
                    "GIT_CEILING_DIRECTORIES": str(Path(place).parent),
                    **ISOLATED,
                },
                within_s=MERGE_WITHIN_S,
            )
        return result.stdout if result.is_good else None

    def perform(self, plan: tuple[Delivered, ...]) -> None:
        """Perform the plan; what cannot be done is added to :attr:`problems`, and the rest is done all the same.

        Raises:
            TimeoutError: The time for it was over before all of it was done; what is done stays, and fits.
        """
        for one in plan:
            if one.outcome == "delete":
                self._try(one)
        old, new = self.before.manifest, self.after.manifest
        gone = old.folders.keys() - new.folders.keys() if not new.is_cut else ()
        for folder in sorted(gone, key=lambda path: -path.count(b"/")):
            with suppress(OSError):  # it holds something else, or is not here
                self._foreign.remove_folder(folder)
        for folder in sorted(new.folders.keys() - old.folders.keys()) if not old.is_cut else ():
            with suppress(OSError):
                if folder and not self._foreign.is_folder(folder):
                    self._foreign.make_folder(folder)
                    self._foreign.set_attributes(folder, mode=new.folders[folder].mode)
        for one in plan:
            if one.outcome in ("add", "change", "merge", "mode"):
                self._try(one)

    def _try(self, one: Delivered) -> None:
        if is_over():
            raise TimeoutError("its time was over before all of it was done")
        try:
            if one.outcome == "delete":
                self._foreign.remove(one.path)
            elif one.outcome == "mode":
                self._foreign.set_attributes(one.path, mode=one.mode)
            else:
                self._write(one)
        except (OSError, EnvironmentUnfit) as error:
            self.problems.append(Delivered(one.path, "conflict", getattr(error, "strerror", None) or str(error)))

    def _write(self, one: Delivered) -> None:
        folder = one.path.rpartition(b"/")[0]
        missing = [above for above in _above(one.path) if not self._foreign.is_folder(above)]
        if folder:
            self._foreign.make_folder(folder)
        for above in missing:
            seen = self.after.manifest.folders.get(above)
            self._foreign.set_attributes(above, mode=seen.mode if seen is not None else 0o755)
        with suppress(OSError):  # an empty folder in its place
            self._foreign.remove_folder(one.path)
        if one.is_link:
            self._foreign.place_link(one.path, one.content)
        else:
            self._foreign.write(one.path, one.content, mode=one.mode)


def _equal(one: Present | None, other: Present | None) -> bool:
    if one is None or other is None:
        return one is other
    is_program = [present.kind == "link" or bool(present.mode & 0o100) for present in (one, other)]
    return (one.kind, one.content) == (other.kind, other.content) and is_program[0] == is_program[1]


def _mode(base: Present, ours: Present, theirs: Present) -> int:
    """The permission bits of the file as it is here, with what the session changed of them."""
    if base.mode == theirs.mode or ours.kind == "link":
        return ours.mode
    if ours.mode == base.mode:
        return theirs.mode
    if bool(base.mode & 0o100) == bool(theirs.mode & 0o100):
        return ours.mode
    # Who may read it may run it, or nobody may.
    return ours.mode | (ours.mode & 0o444) >> 2 if theirs.mode & 0o100 else ours.mode & ~0o111


def _written(path: bytes, outcome: Outcome, what: Present, mode: int) -> Delivered:
    return Delivered(path, outcome, content=what.content, mode=mode, is_link=what.kind == "link")


def _above(path: bytes) -> Iterator[bytes]:
    folder = path.rpartition(b"/")[0]
    while folder:
        yield folder
        folder = folder.rpartition(b"/")[0]
