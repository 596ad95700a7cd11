"""Give a worker a layer of its own over each repository it may write: a copy of its state, and mounts.

Git replaces files by a lock and a rename, so it needs a folder that it may write.  What it writes there is the
layer's: the real repository is not in sight but for its objects, which can be read.  What is carried over when the
worker has ended, and checked first, is told by :mod:`orchestrator.shim.git_delivery`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from orchestrator.files.foreign import ForeignFolder, Unread, kind_of
from orchestrator.sandbox.mounts import Mount
from orchestrator.sandbox.repositories import Repository, WorkTree
from orchestrator.shim.attempt_records import encode, replace_file
from orchestrator.shim.git_delivery import DONE, PLAN, STATES, STEPS, document_at
from orchestrator.shim.git_files import MOST_INDEX_BYTES, files_below, is_folder, open_file, read_file, references
from orchestrator.shim.staging_index import UnreadableIndex, read_index, skip_outside, write_index
from orchestrator.value_class import value_class

OBJECTS = Path("/run/orchestrate/objects")
"""Where a worker sees the objects of the real repositories."""
MOST_LAYERS = 48
"""Of one worker; further repositories inside the target can be read and not written."""
_SHARED = ("HEAD", "config", "packed-refs", "shallow", "description")
_SHARED_FOLDERS = ("refs", "logs", "hooks", "info")
_OWN = ("HEAD", "index", "config.worktree", "commondir", "gitdir", "COMMIT_EDITMSG", "FETCH_HEAD", *STATES)
_BISECT = ("BISECT_LOG", "BISECT_START", "BISECT_TERMS", "BISECT_NAMES", "BISECT_EXPECTED_REV", "BISECT_ANCESTORS_OK")
# The last word wins.  A split or sparse index could not be taken over.
_SETTINGS = "\n[core]\n\tsplitIndex = false\n\tfsmonitor = false\n[index]\n\tsparse = false\n"
_SPARSE = "[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = false\n"


@value_class
class Layers:
    """What one worker gets in the place of the repositories it can reach."""

    mounts: tuple[Mount, ...] = ()
    """Over all others, in this order."""
    covered: frozenset[Path] = frozenset()
    """Git folders that it does not see themselves."""
    held: tuple[Path, ...] = ()
    """Git folders without a layer: read-only as they lie."""
    pointers: tuple[Path, ...] = ()
    """``.git`` files, which say where a git folder is."""
    held_files: tuple[Path, ...] = ()
    """Files of the target that other programs obey, which are read-only."""
    plan: Path | None = None
    """What is to be done when it has ended; ``None``: nothing."""
    crosses: bool = False
    """Git must look for the repository across a mount."""


def make_layers(
    repositories: Sequence[Repository], folder: Path, *, git: str, session: str, worker: str, held: Sequence[str] = ()
) -> Layers:
    """Copy what a worker needs of each repository's state into layers of its own.  Blocks for as long as that takes.

    Args:
        folder: one of ours, for this worker alone; made anew.
        held: names inside a git folder that stay read-only in the layer too.

    Raises:
        OSError: the layers cannot be written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    mounts: list[Mount] = []
    without: list[Path] = []
    rows: list[Mapping[str, object]] = []
    for number, repository in enumerate(repositories):
        problem = repository.problem or ("it is one of too many" if number >= MOST_LAYERS else "")
        if problem:
            without.append(repository.common)
            mounts += [Mount(repository.common, "read", str(repository.common))]
            continue
        made = _Layer(repository, folder / str(number), number)
        made.fill()
        mounts += made.mounts(held)
        rows.append(made.row())
    places = sorted(mounts, key=lambda mount: len(mount.place.parts))
    plan = None
    if rows:
        plan = folder / PLAN
        document = {
            **{"format": 1, "git": git, "session": session, "worker": worker, "repositories": rows},
            "mounts": [[str(mount.place), mount.source] for mount in places],
        }
        replace_file(str(plan), encode(document), sync=True)
    return Layers(
        tuple(places),
        frozenset(repository.common for repository in repositories if repository.common not in without),
        tuple(without),
        tuple(tree.pointer for repository in repositories for tree in repository.trees if tree.pointer is not None),
        plan=plan,
        crosses=any(tree.prefix for repository in repositories for tree in repository.trees),
    )


@value_class
class _Layer:
    repository: Repository
    folder: Path
    number: int

    @property
    def store(self) -> Path:
        return self.folder / "repository"

    def place_of(self, tree: WorkTree) -> Path:
        """Where the layer keeps what is the work tree's own."""
        return self.store / tree.git_dir.relative_to(self.repository.common)

    def fill(self) -> None:
        """Write the layer's store: the repository's own settings and references, and a way to its objects."""
        common = self.repository.common
        self.store.mkdir(mode=0o700, parents=True)
        for name in _SHARED:
            _copy(common / name, self.store / name)
        for name in _SHARED_FOLDERS:
            _copy_folder(common / name, self.store / name)
        for name in ("refs/heads", "refs/tags", "objects/info", "objects/pack"):
            (self.store / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in files_below(str(common / "worktrees")):
            if path.rpartition("/")[2] in ("HEAD", "gitdir", "commondir", "locked"):
                _copy(common / "worktrees" / path, self.store / "worktrees" / path)
        for number, tree in enumerate(self.repository.trees):
            self._fill_tree(number, tree)
        config = (read_file(str(common / "config")) or b"").decode("utf-8", "surrogateescape")
        sparse = _SPARSE if any(tree.prefix for tree in self.repository.trees) else ""
        (self.store / "config").write_bytes((config + _SETTINGS + sparse).encode("utf-8", "surrogateescape"))
        lines = [f"{OBJECTS}/{self.number}/{count}\n" for count, _ in enumerate(self.stores())]
        (self.store / "objects" / "info" / "alternates").write_text("".join(lines), encoding="utf-8")

    def _fill_tree(self, number: int, tree: WorkTree) -> None:
        place = self.place_of(tree)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (*_OWN, *_BISECT):
            _copy(tree.git_dir / name, place / name)
        for path in _names_in(tree.git_dir):
            if path.startswith("sharedindex."):
                _copy(tree.git_dir / path, place / path)
        for name in STEPS:
            _copy_folder(tree.git_dir / name, place / name)
        if tree.git_dir != self.repository.common:
            for name in ("refs", "logs", "info"):
                _copy_folder(tree.git_dir / name, place / name)
        _copy(place / "index", self.folder / f"index.{number}")
        if tree.prefix:
            self._show_part(place, tree.prefix)

    def _show_part(self, place: Path, prefix: str) -> None:
        """Tell git not to miss the part of the work tree that is out of sight."""
        (place / "info").mkdir(exist_ok=True)
        (place / "info" / "sparse-checkout").write_text(f"/{prefix}\n", encoding="utf-8")
        data = read_file(str(place / "index"), MOST_INDEX_BYTES) or b""
        try:
            entries = read_index(data, self.repository.algorithm)
        except UnreadableIndex:
            return
        shown = skip_outside(entries, os.fsencode(prefix))
        (place / "index").write_bytes(write_index(shown, self.repository.algorithm))

    def stores(self) -> Sequence[Path]:
        """The folders of objects: the repository's own, and whatever that borrows from."""
        found: list[Path] = []
        waiting = [self.repository.common / "objects"]
        while waiting and len(found) < 32:
            store = waiting.pop(0)
            if store in found or kind_of(store) != "folder":
                continue
            found.append(store)
            for line in (read_file(str(store / "info" / "alternates")) or b"").splitlines():
                text = os.fsdecode(line)
                if text and not text.startswith("#"):
                    waiting.append(Path(os.path.realpath(os.path.join(store, text))))
        return found

    def mounts(self, held: Sequence[str]) -> Iterator[Mount]:
        """What stands in the repository's place in the sandbox."""
        common = self.repository.common
        yield Mount(common, "write", str(self.store))
        for name in held:
            if os.path.exists(self.store / name):
                yield Mount(common / name, "read", str(self.store / name))
        for number, store in enumerate(self.stores()):
            yield Mount(OBJECTS / str(self.number) / str(number), "read", str(store))

    def row(self) -> Mapping[str, object]:
        """What the shim is told of this repository, to carry its work over at the end."""
        common = self.repository.common
        own = [tree.git_dir for tree in self.repository.trees if tree.git_dir != common]
        references_before = dict(references(str(self.store)))
        return {
            "common": str(common),
            "layer": str(self.store),
            "folder": str(self.folder),
            "algorithm": self.repository.algorithm,
            "references": references_before,
            "logs": dict(_logs(self.store)),
            "files": dict(_digests(self.store)),
            "trees": [self._tree_row(number, tree) for number, tree in enumerate(self.repository.trees)],
            "elsewhere": sorted(_checked_out_elsewhere(common, [*own, *self._main()])),
        }

    def _main(self) -> Sequence[Path]:
        return [tree.git_dir for tree in self.repository.trees if tree.git_dir == self.repository.common]

    def _tree_row(self, number: int, tree: WorkTree) -> Mapping[str, object]:
        place = self.place_of(tree)
        return {
            "git_dir": str(tree.git_dir),
            "layer": str(place),
            "prefix": tree.prefix,
            "index": str(self.folder / f"index.{number}"),
            "head": _text(place / "HEAD"),
            "states": {name: _text(place / name) for name in STATES},
            "unfinished": [name for name in STEPS if is_folder(str(place / name))],
        }


def reader_layers(repositories: Sequence[Repository], folder: Path, *, git: str) -> Layers:
    """Show the repository as it is to a worker that only reads, wherever it lies.

    Args:
        folder: one of ours, for what must be made: a work tree of which only a part is in sight.

    Raises:
        OSError: that cannot be written.
    """
    mounts: list[Mount] = []
    partial = [each for each in repositories if not each.problem and any(tree.prefix for tree in each.trees)]
    if partial:
        made = make_layers(partial, folder, git=git, session="", worker="")
        mounts += [Mount(mount.place, "read", mount.source) for mount in made.mounts]
    for repository in repositories:
        if repository not in partial:
            stores = _Layer(repository, folder, 0).stores()
            mounts += [Mount(place, "read", str(place)) for place in (repository.common, *stores[1:])]
    return Layers(mounts=tuple(mounts), crosses=bool(partial))


def mounts_of(workers_dir: Path, worker: str) -> Sequence[Mount]:
    """What a worker that runs sees in the place of repositories, to be read by somebody else."""
    found = [path for path in workers_dir.glob("*.git/" + PLAN) if path.parent.name.rpartition(".git")[0]]
    newest = max(
        (path for path in found if path.parent.name.rsplit(".", 2)[0] == worker),
        key=lambda path: path.stat().st_mtime_ns,
        default=None,
    )
    plan = None if newest is None or (newest.parent / DONE).exists() else document_at(str(newest))
    rows = plan["mounts"] if plan is not None else ()
    return [Mount(Path(place), "read", source) for place, source in rows] if isinstance(rows, list) else ()


def _checked_out_elsewhere(common: Path, ours: Sequence[Path]) -> Iterator[str]:
    """List the branches that are checked out in other work trees than the worker's."""
    heads = [common, *(common / "worktrees" / name for name in _names_in(common / "worktrees"))]
    for git_dir in heads:
        text = _text(git_dir / "HEAD") if git_dir not in ours else None
        if text is not None and text.startswith("ref: "):
            yield text[5:].strip()


def _names_in(folder: Path) -> Sequence[str]:
    found = ForeignFolder(folder).entries()
    return () if isinstance(found, Unread) else [entry.name for entry in found.entries]


def _text(path: Path) -> str | None:
    found = read_file(str(path))
    return None if found is None else found.decode("utf-8", "surrogateescape")


def _logs(store: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    for path in files_below(str(store)):
        if path.startswith("logs/") or "/logs/" in path:
            data = read_file(str(store / path), MOST_INDEX_BYTES) or b""
            yield path, (len(data), hashlib.sha256(data).hexdigest())


def _digests(store: Path) -> Iterator[tuple[str, str]]:
    """Hash every file of the layer as the worker begins, but for what is compared in other ways."""
    for path in files_below(str(store)):
        if not path.startswith(("refs/", "logs/", "objects/")) and not path.endswith("/index") and path != "index":
            data = read_file(str(store / path), MOST_INDEX_BYTES) or b""
            yield path, hashlib.sha256(data).hexdigest()


def _copy(source: Path, place: Path) -> None:
    """Copy a regular file for its owner alone, who may write it; whether it can be executed is kept."""
    opened = open_file(str(source))
    if opened is None:
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(opened, "rb") as reading, open(place, "wb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        os.fchmod(writing.fileno(), os.fstat(reading.fileno()).st_mode & 0o700 | 0o600)


def _copy_folder(source: Path, place: Path) -> None:
    for path in files_below(str(source)):
        if not path.endswith(".lock"):
            _copy(source / path, place / path)
