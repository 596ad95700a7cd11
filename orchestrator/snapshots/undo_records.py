"""Keep what undoing a session needs: its target's files, folders and repository, at both of its ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status
from orchestrator.files.programs import run_program
from orchestrator.models.recorded_outcomes import OWN_VIEW
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.snapshots.git_objects import ObjectStore
from orchestrator.snapshots.manifest import look_at, read_manifest, write_manifest
from orchestrator.snapshots.recorded_trees import AT_END, BASELINE, Moment, Snapshots
from orchestrator.snapshots.references import References, look_at_references, read_references, write_references
from orchestrator.snapshots.repository import Repository, RepositoryUnreadable, find_repository
from orchestrator.snapshots.restoration import Recorded, Tree
from orchestrator.value_class import value_class

When: TypeAlias = Literal["begin", "end"]
COMMIT_WITHIN_S: Final = 60.0
_LABELS: Final[Mapping[When, str]] = {"begin": BASELINE, "end": AT_END}


@value_class
class Records:
    """The records of one session.

    Args:
        folder: The session's ``snapshots``.
        target: Resolved.
        exclude: Paths that never count where they lie inside the target (the workspace).
    """

    folder: Path
    target: Path
    exclude: Sequence[Path] = ()

    @property
    def store(self) -> ObjectStore:
        """Where the contents lie."""
        return ObjectStore(self.folder / "git" / "objects")

    def take(self, snapshots: Snapshots, when: When, *, settled_ns: int | None = None) -> Moment:
        """Record the target, and what its tree leaves out.

        Args:
            settled_ns: Until when the session's workers ran, where that is a while ago: whose change is later than
                that is not certain.

        Raises:
            EnvironmentUnfit: The target cannot be recorded.
        """
        moment = snapshots.record(_LABELS[when])
        tree = moment.tree
        # A session can do without the rest; an undo then says what is missing.
        with suppress(OSError, EnvironmentUnfit):
            manifest = look_at(self.target, self._left_out(), self._tree(tree))
            if settled_ns is not None:
                then = snapshots.find(BASELINE)
                touched = self._touched_after(settled_ns, self._tree(tree), self._tree(then) if then else {})
                manifest = replace(manifest, not_certain=touched)
            write_manifest(self._manifest(when), manifest)
            self._take_references(when)
        return moment

    def recorded(self, snapshots: Snapshots, when: When) -> Recorded:
        """The target as it was then.

        Raises:
            EnvironmentUnfit: It was not recorded, or without contents.
        """
        taken = [tree for label, tree in snapshots.taken() if label == _LABELS[when]]
        manifest = read_manifest(self._manifest(when))
        if not taken or manifest is None:
            raise EnvironmentUnfit(
                f"how the target stood when the session {'began' if when == 'begin' else 'ended'} was not recorded"
            )
        # Its beginning is the first, its end the last.
        return Recorded(self._tree(taken[0] if when == "begin" else taken[-1]), manifest)

    def has_end(self) -> bool:
        """Whether the end of the session was recorded."""
        return self._manifest("end").exists()

    def forget_end(self) -> None:
        """Delete the recorded end, since the session goes on."""
        for path in (self._manifest("end"), self._references("end"), self._problem("end")):
            path.unlink(missing_ok=True)

    def references(self, when: When) -> References | None:
        """The repository as it was then; ``None`` where the target lay in none.

        Raises:
            EnvironmentUnfit: It could not be recorded; the message says why.
        """
        if self._problem(when).exists():
            raise EnvironmentUnfit(self._problem(when).read_text("utf-8"))
        return read_references(self._references(when))

    def repository(self) -> Repository | None:
        """The repository that the target lies in, as it stands.

        Raises:
            EnvironmentUnfit: There is one that cannot be told from none.
        """
        try:
            return find_repository(self.target)
        except RepositoryUnreadable as error:
            raise EnvironmentUnfit(f"the repository of {self.target}: {error}") from error

    def committed(self, when: When) -> Tree | None:
        """What the commit that was checked out then holds of the target; ``None`` where there was none.

        Raises:
            EnvironmentUnfit: That cannot be determined.
        """
        repository, kept = self.repository(), self.references(when)
        commit = kept.commit() if kept is not None else None
        git = shutil.which("git")
        if repository is None or commit is None or git is None:
            return None
        # git runs in our own repository, by our own configuration; of theirs it sees the objects alone.
        result = run_program(
            (git, "ls-tree", "-r", "-z", "--full-tree", commit.decode()),
            cwd=self.folder,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(self.folder),
                "GIT_DIR": str(self.folder / "git"),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repository.common_dir / "objects"),
                **ISOLATED,
            },
            within_s=COMMIT_WITHIN_S,
        )
        if not result.is_good:
            raise EnvironmentUnfit(f"what was committed cannot be told: {result.problem}")
        prefix = os.fsencode(self.target.relative_to(repository.top))
        below = b"" if prefix == b"." else prefix + b"/"
        rows = (row.split(b"\t", 1) for row in result.stdout.split(b"\0") if row)
        return {
            path[len(below) :]: (words.split()[0], bytes.fromhex(words.split()[2].decode()))
            for words, path in rows
            if path.startswith(below)
        }

    def lost_work(self, before: Recorded, after: Recorded) -> tuple[bytes, ...]:
        """Files with work that was in no commit when the session began, of which nothing is left at its end.

        Raises:
            EnvironmentUnfit: That cannot be determined.
        """
        committed = self.committed("begin")
        if committed is None:
            return ()
        still_there = {oid for _, oid in after.tree.values()}
        return tuple(
            path
            for path, entry in sorted(before.tree.items())
            if entry != committed.get(path)
            and after.tree.get(path) in (None, committed.get(path))
            and entry[1] not in still_there
        )

    def _take_references(self, when: When) -> None:
        self._problem(when).unlink(missing_ok=True)
        try:
            repository = self.repository()
            if repository is not None:
                write_references(self._references(when), look_at_references(repository))
        except EnvironmentUnfit as error:
            self._problem(when).write_text(error.message, "utf-8", "backslashreplace")

    def _tree(self, tree: str) -> Tree:
        if not self.store.folder.is_dir():
            raise EnvironmentUnfit("the contents of its files were not recorded: git is missing here")
        return self.store.read_tree(bytes.fromhex(tree))

    def _touched_after(self, settled_ns: int, now: Tree, then: Tree) -> frozenset[bytes]:
        """Files, and the places of files that have gone, that were changed after this time."""
        foreign = ForeignFolder(self.target)
        return frozenset(
            path
            for path in now.keys() | then.keys()
            if now.get(path) != then.get(path) and _changed_at(foreign, path) > settled_ns
        )

    def _left_out(self) -> frozenset[bytes]:
        inside = (*(path.resolve() for path in self.exclude), self.target / OWN_VIEW)
        return frozenset(
            os.fsencode(path.relative_to(self.target))
            for path in inside
            if path != self.target and path.is_relative_to(self.target)
        )

    def _manifest(self, when: When) -> Path:
        return self.folder / f"{when}.manifest"

    def _references(self, when: When) -> Path:
        return self.folder / f"{when}.repository.tar"

    def _problem(self, when: When) -> Path:
        return self.folder / f"{when}.repository.problem"


def _changed_at(foreign: ForeignFolder, path: bytes) -> int:
    """When the file was changed last; where it has gone, when the folder was that held it."""
    while True:
        found = foreign.status(path)
        if isinstance(found, Status):
            return found.ctime_ns
        if not path:
            return 0
        path = path.rpartition(b"/")[0]
