"""Make git trees and diffs of the files that count, in a git directory of our own.

Nothing but this package writes in it, git itself only compares what lies in it, and nobody's configuration is read.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Status, Unread
from orchestrator.files.programs import run_program
from orchestrator.files.time_limits import is_over
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.snapshots.git_objects import FILE, LINK, PROGRAM, ObjectStore
from orchestrator.snapshots.object_packs import PackWriter

_CONFIG: Final = """\
[core]
\trepositoryformatversion = 0
\tbare = true
\thooksPath = /dev/null
\tfsmonitor = false
\texcludesFile = /dev/null
\tattributesFile = /dev/null
\tautocrlf = false
\tsafecrlf = false
\tquotePath = false
\tbigFileThreshold = 16m
[gc]
\tauto = 0
"""
_ATTRIBUTES: Final = "* !diff !merge -text -filter -ident -working-tree-encoding -export-subst\n"
"""Before all others, with which a worker could keep its change out of a diff or have a filter run."""
MOST_RECORDED_BYTES: Final = 64 * 1024 * 1024
"""Of a larger file only size and time are recorded: a data set would take minutes and double the disk it needs."""
MANY: Final = 500
"""So many new files go into one pack: a file of ours for each of 100,000 took a minute, and 400 MB of disk."""
DIFF_TIME_S: Final = 120.0
_CLOCK_STEP_NS: Final = 50_000_000
"""A file that was written so shortly before it was read may be written again without its time moving on."""
_NUL: Final = b"\0"


class ShadowRepository:
    """One git directory that holds the trees of one target.

    Args:
        folder: Holds ``git/``.
        target: Resolved.
        git: The executable, for comparing trees.
    """

    def __init__(self, folder: Path, target: Path, *, git: str) -> None:
        self._git = git
        self._folder = folder
        self._foreign = ForeignFolder(target)
        self._target = target
        self._store = ObjectStore(folder / "git" / "objects")
        self._known: dict[bytes, tuple[tuple[int, ...], bytes]] | None = None
        self._names: frozenset[bytes] | None = None
        self.taken_in = 0
        """Of how many files the content is known so far; another thread may ask."""
        if not (folder / "git" / "info" / "attributes").exists():
            self._lay_out()

    def write_tree(self, files: Mapping[bytes, Status]) -> tuple[str, tuple[str, ...]]:
        """Record these files; the id of their tree, and what could not be recorded of them.

        Raises:
            EnvironmentUnfit: The disk refused.
        """
        known = self._recall()
        fresh: dict[bytes, tuple[tuple[int, ...], bytes]] = {}
        tree: dict[bytes, tuple[bytes, bytes]] = {}
        doubts: list[str] = []
        unknown = sum(path not in known for path in files)
        try:
            with self._foreign.staying() as near, self._sink(unknown) as pack:
                for self.taken_in, (path, status) in enumerate(files.items()):
                    seen = _fingerprint(status)
                    before = known.get(path)
                    if before is not None and before[0] == seen:
                        oid: bytes | None = before[1]
                        fresh[path] = before
                    elif is_over():
                        raise EnvironmentUnfit(f"recording {self._target} took too long")
                    else:
                        oid, is_settled = self._record(near, path, status, doubts, pack)
                        if oid is not None and is_settled:
                            fresh[path] = (seen, oid)
                    if oid is not None:
                        tree[path] = (_mode(status), oid)
            name = self._store.write_tree(tree).hex()
            if fresh != known:
                self._keep(fresh)
        except OSError as error:
            raise EnvironmentUnfit(f"cannot record {self._target}: {error.strerror or error}") from error
        self._known, self._names = fresh, frozenset(tree)
        return name, tuple(doubts)

    def recorded(self) -> frozenset[bytes]:
        """The paths that were recorded last."""
        return frozenset(self._recall()) if self._names is None else self._names

    def diff_text(self, before: str, after: str, *, most_bytes: int) -> tuple[str, bool]:
        """A unified diff, and whether it was cut at ``most_bytes``.

        Raises:
            EnvironmentUnfit: One of the ids is not a recorded tree, or git could not be asked.
        """
        shape = ("-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color")
        text, is_cut = self._run(*shape, before, after, most_bytes=most_bytes)
        return text[:most_bytes].decode(errors="replace"), is_cut

    def changed(self, before: str, after: str) -> list[str]:
        """The paths that differ; no git is asked.

        Raises:
            EnvironmentUnfit: One of the ids is not a recorded tree.
        """
        paths = self._store.changed_paths(bytes.fromhex(before), bytes.fromhex(after))
        return [path.decode(errors="backslashreplace") for path in paths]

    def diff_figures(self, before: str, after: str) -> list[tuple[str, int, int]]:
        """Path, insertions and deletions of each changed file; a binary one has none of either."""
        out, _ = self._run("-r", "-z", "--numstat", "--no-renames", before, after, most_bytes=256 * 1024 * 1024)
        return [_figures(row) for row in out.split(_NUL) if row]

    def _sink(self, unknown: int) -> AbstractContextManager[PackWriter | None]:
        """Where the contents of so many new files go."""
        return self._store.packing() if unknown >= MANY else nullcontext()

    def _record(
        self, near: ForeignFolder, path: bytes, status: Status, doubts: list[str], pack: PackWriter | None
    ) -> tuple[bytes | None, bool]:
        """The name of the content, ``None`` where it has gone meanwhile, and whether it can be relied upon later."""
        begun = time.time_ns()
        if status.kind == "link":
            leads = near.link(path)
            if isinstance(leads, Unread):
                return None, False
            return self._store.write("blob", os.fsencode(leads), pack=pack), status.ctime_ns < begun - _CLOCK_STEP_NS
        if status.size > MOST_RECORDED_BYTES:
            return self._stand_in("large file", status), True
        content = near.read(path, most_bytes=MOST_RECORDED_BYTES)
        if isinstance(content, Unread):
            if content.reason in ("missing", "not a folder", "a link", "not a file"):
                return None, False
            shown = path.decode(errors="backslashreplace")
            doubts.append(f"what {shown} holds: it {content.detail}")
            return self._stand_in("file that could not be read,", status), False
        return self._store.write("blob", content, pack=pack), status.ctime_ns < begun - _CLOCK_STEP_NS

    def _stand_in(self, what: str, status: Status) -> bytes:
        """The name of a text that changes when a file changes whose content is not recorded."""
        text = f"{what} of {status.size} bytes, changed at {status.mtime_ns} ns\n"
        return self._store.write("blob", text.encode())

    def _lay_out(self) -> None:
        git_dir = self._folder / "git"
        for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
            (git_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        (git_dir / "config").write_text(_CONFIG)
        (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
        (git_dir / "info" / "attributes").write_text(_ATTRIBUTES)

    # What is known of files that have not changed, for a later process too

    @property
    def _known_file(self) -> Path:
        return self._folder / "known.json"

    def _recall(self) -> dict[bytes, tuple[tuple[int, ...], bytes]]:
        if self._known is None:
            self._known = {}
            try:
                rows = json.loads(self._known_file.read_text(encoding="ascii"))
                self._known = {name.encode("latin-1"): (tuple(seen), bytes.fromhex(oid)) for name, seen, oid in rows}
            except (OSError, ValueError, TypeError):
                pass  # everything is read anew
        return self._known

    def _keep(self, known: Mapping[bytes, tuple[tuple[int, ...], bytes]]) -> None:
        rows = [[path.decode("latin-1"), seen, oid.hex()] for path, (seen, oid) in known.items()]
        fresh = self._known_file.with_name(f"known.{os.getpid()}")
        fresh.write_text(json.dumps(rows), encoding="ascii")
        fresh.replace(self._known_file)

    def _run(self, *arguments: str, most_bytes: int) -> tuple[bytes, bool]:
        """Run ``git diff-tree``; returns its output, and whether it was cut."""
        result = run_program(
            (self._git, "--literal-pathspecs", "diff-tree", *arguments),
            cwd=self._folder,
            env=self._environment(),
            within_s=DIFF_TIME_S,
            most_bytes=most_bytes,
        )
        if result.ended == "output":
            return result.stdout, True
        if not result.is_good:
            raise EnvironmentUnfit(f"cannot compare {' with '.join(arguments[-2:])}: {result.problem}")
        return result.stdout, False

    def _environment(self) -> dict[str, str]:
        """The whole environment of git: no variable, home or configuration of the user's is in it."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "GIT_DIR": str(self._folder / "git"),
            **ISOLATED,
        }


def _fingerprint(status: Status) -> tuple[int, ...]:
    return status.size, status.mtime_ns, status.ctime_ns, status.inode, status.device, int(status.kind == "link")


def _mode(status: Status) -> bytes:
    if status.kind == "link":
        return LINK
    return PROGRAM if status.mode & 0o100 else FILE


def _figures(row: bytes) -> tuple[str, int, int]:
    insertions, deletions, path = row.split(b"\t", 2)
    counts = [int(count) if count.isdigit() else 0 for count in (insertions, deletions)]
    return path.decode(errors="backslashreplace"), counts[0], counts[1]
