"""A work tree in, git tree ids and diffs out, by a git directory of our own that isolates itself from everybody's."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.errors import EnvironmentUnfit
from orchestrator.safety.git_isolation import ISOLATED

_CONFIG = (
    ("core.bare", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.excludesFile", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.safecrlf", "false"),
    ("core.quotePath", "false"),
    # A worker may write names that only other platforms refuse; refusing them here would hide its other changes.
    ("core.protectHFS", "false"),
    ("core.protectNTFS", "false"),
    ("core.looseCompression", "1"),
    ("core.bigFileThreshold", "16m"),
    ("gc.auto", "0"),
)
_ATTRIBUTES = "* !diff !merge -text -filter -ident -working-tree-encoding -export-subst\n"
"""Before those of the target, with which a worker could keep its change out of a diff or have a filter run."""
_MOST_RECORDED_BYTES = 64 * 1024 * 1024
"""Of a larger file only size and time are recorded: a data set would take minutes and double the disk it needs."""
_NUL = b"\0"


class ShadowRepository:
    """One git directory, one index, one work tree.

    Args:
        folder: Holds ``git/`` and the index.
        target: Resolved.
        left_out: Relative to the target.
    """

    def __init__(self, folder: Path, target: Path, left_out: Sequence[Path], *, git: str, index: str = "index") -> None:
        self._git = git
        self._folder = folder
        self._target = target
        self._left_out = tuple(os.fsencode(path) for path in left_out)
        self._index = self._own_index(index)
        if not (folder / "git" / "info" / "attributes").exists():
            self._lay_out()
        self._work_tree = target
        self._repository = self._find_repository()
        self._prefix = b"" if self._work_tree == target else os.fsencode(target.relative_to(self._work_tree)) + b"/"

    def write_tree(self) -> str:
        """Record the work tree; the id of its tree.

        Raises:
            EnvironmentUnfit: git could not do it.
        """
        try:
            self._update_index()
        except EnvironmentUnfit:
            # A file may go between listing and hashing; the second list no longer has it.
            self._update_index()
        return self._run("write-tree").decode().strip()

    def diff_text(self, before: str, after: str, *, most_bytes: int) -> tuple[str, bool]:
        """A unified diff, and whether it was cut at ``most_bytes``."""
        shape = ("-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--relative")
        with subprocess.Popen(
            self._command("diff-tree", *shape, before, after),
            cwd=self._target,
            env={**self._environment(self._index), "GIT_WORK_TREE": str(self._work_tree)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            text = process.stdout.read(most_bytes + 1)
            process.stdout.close()
        if process.returncode and not text:
            raise EnvironmentUnfit(f"cannot compare {before} with {after}: not both are recorded trees")
        return text[:most_bytes].decode(errors="replace"), len(text) > most_bytes

    def diff_figures(self, before: str, after: str) -> list[tuple[str, int, int]]:
        """Path, insertions and deletions of each changed file; a binary one has none of either."""
        out = self._run("diff-tree", "-r", "-z", "--numstat", "--no-renames", "--relative", before, after)
        return [_figures(row) for row in out.split(_NUL) if row]

    def _own_index(self, name: str) -> Path:
        """An index of this process alone, begun from the newest there is, so that only what has changed is hashed.

        A git that outlived the coordinator that started it may still write, and hold the lock of, that one's.
        """
        own = self._folder / f"{name}.{os.getpid()}"
        own.with_name(f"{own.name}.lock").unlink(missing_ok=True)  # of a process that had our id before us
        others = [path for path in self._folder.glob(f"{name}.*") if path.suffix[1:].isdecimal() and path != own]
        others.sort(key=lambda path: path.stat().st_mtime_ns)
        if others and not own.exists():
            shutil.copyfile(others[-1], own)
        for path in others:
            path.unlink(missing_ok=True)
        return own

    def _lay_out(self) -> None:
        git_dir = self._folder / "git"
        self._run("init", "-q", "--template=", "--initial-branch=main", in_target=False)
        for name, value in _CONFIG:
            self._run("config", name, value, in_target=False)
        (git_dir / "info").mkdir(exist_ok=True)
        patterns = "".join(f"/{_escaped(path)}\n" for path in self._left_out)
        (self._folder / "left-out").write_bytes(os.fsencode(patterns))
        (git_dir / "info" / "attributes").write_text(_ATTRIBUTES)

    def _find_repository(self) -> Path | None:
        """The git directory that tracks files of the target.  Where it is that of a folder above, the work tree is that
        folder, so that the ignore rules above the target hold; a folder in which it tracks nothing stands for itself.
        """
        for top in (self._target, *self._target.parents):
            repository = _git_directory(top)
            if repository is None:
                continue
            self._work_tree = top
            if top == self._target or self._listed("--cached", index=repository / "index", tolerant=True):
                return repository
            self._work_tree = self._target
            return None
        return None

    def _update_index(self) -> None:
        known = set(self._listed("--cached"))
        sizes = self._recordable(set(self._present(known)))
        now = sizes.keys()
        large = [path for path in sorted(now) if sizes[path] > _MOST_RECORDED_BYTES]
        rows = [(b"0 " + b"0" * 40, path) for path in sorted(known - now)]
        rows += [(b"100644 " + self._stand_in(path), path) for path in large]
        if rows:
            table = b"".join(b"%s\t%s%s\0" % (entry, self._prefix, path) for entry, path in rows)
            self._run("update-index", "-z", "--index-info", stdin=table)
        paths = b"".join(path + _NUL for path in sorted(now - set(large)))
        self._run("update-index", "--add", "--remove", "--replace", "-z", "--stdin", stdin=paths)

    def _stand_in(self, path: bytes) -> bytes:
        """The id of a text that changes when a file changes which is too large to be recorded."""
        status = os.lstat(os.fsencode(self._target) + b"/" + path)
        text = f"large file of {status.st_size} bytes, changed at {status.st_mtime_ns} ns\n"
        return self._run("hash-object", "-w", "--stdin", stdin=text.encode()).strip()

    def _present(self, known: set[bytes]) -> Iterator[bytes]:
        """Candidates below the target: recorded before, tracked by the target's repository, or simply there."""
        yield from known
        if self._repository is not None:
            yield from self._listed("--cached", index=self._repository / "index", tolerant=True)
        yield from self._untracked(b"")

    def _untracked(self, below: bytes) -> Iterator[bytes]:
        """Every file not ignored below a folder.  A repository inside counts as the files it holds, not as one link."""
        options = ["--others", "--exclude-standard"]
        if not below:
            options.append(f"--exclude-from={self._folder / 'left-out'}")
        found = self._listed(*options, index=self._folder / "no-index", below=below)
        for path in found:
            whole = below + path
            if not path.endswith(b"/"):
                yield whole
            elif not self._is_left_out(whole.rstrip(b"/")):
                yield from self._untracked(whole)

    def _listed(
        self, *options: str, index: Path | None = None, below: bytes = b"", tolerant: bool = False
    ) -> list[bytes]:
        try:
            out = self._run("ls-files", "-z", *options, index=index, below=below)
        except EnvironmentUnfit:
            if tolerant:
                return []
            raise
        return [path for path in out.split(_NUL) if path]

    def _is_left_out(self, path: bytes) -> bool:
        return any(path == out or path.startswith(out + b"/") for out in self._left_out)

    def _recordable(self, paths: set[bytes]) -> dict[bytes, int]:
        """Sizes of those that are readable files or symbolic links, and lie below the target by real folders only."""
        top = os.fsencode(self._target) + b"/"
        is_real = {b"": True}

        def lies_in_real_folders(folder: bytes) -> bool:
            if folder not in is_real:
                above = folder.rpartition(b"/")[0]
                is_real[folder] = lies_in_real_folders(above) and not _is_link(top + folder)
            return is_real[folder]

        return {
            path: size
            for path in paths
            if not self._is_left_out(path)
            and lies_in_real_folders(path.rpartition(b"/")[0])
            and (size := _readable_size(top + path)) is not None
        }

    def _run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        index: Path | None = None,
        below: bytes = b"",
        in_target: bool = True,
    ) -> bytes:
        """git's standard output.

        Raises:
            EnvironmentUnfit: It failed, or could not be started.
        """
        cwd = self._target / os.fsdecode(below) if in_target else self._folder
        environment = self._environment(index or self._index)
        if in_target:
            environment["GIT_WORK_TREE"] = str(cwd if below else self._work_tree)
        try:
            done = subprocess.run(
                self._command(*arguments), cwd=cwd, env=environment, input=stdin, capture_output=True, check=False
            )
        except OSError as error:
            raise EnvironmentUnfit(f"cannot run {self._git} in {self._target}: {error.strerror}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise EnvironmentUnfit(f"cannot record {self._target}: git {arguments[0]}: {' / '.join(said[-3:])}")
        return done.stdout

    def _command(self, *arguments: str) -> Sequence[str]:
        return (self._git, "--literal-pathspecs", *arguments)

    def _environment(self, index: Path) -> dict[str, str]:
        """Everything git is told, and nothing of the user's: no variable, no home, no configuration of anybody's."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "GIT_DIR": str(self._folder / "git"),
            "GIT_INDEX_FILE": str(index),
            **ISOLATED,
        }


def _figures(row: bytes) -> tuple[str, int, int]:
    insertions, deletions, path = row.split(b"\t", 2)
    counts = [int(count) if count.isdigit() else 0 for count in (insertions, deletions)]
    return path.decode(errors="backslashreplace"), counts[0], counts[1]


def _is_link(path: bytes) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


def _readable_size(path: bytes) -> int | None:
    """``None`` where there is no file or link, or one that may not be read."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    is_file = stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK)
    return status.st_size if is_file or stat.S_ISLNK(status.st_mode) else None


def _git_directory(top: Path) -> Path | None:
    """The git directory of the repository whose top folder this is; ``None`` where it is none."""
    dot_git = top / ".git"
    if dot_git.is_dir():
        return dot_git
    try:
        pointer = dot_git.read_text(errors="surrogateescape")
    except OSError:
        return None
    name = pointer.removeprefix("gitdir:").strip()
    return top / name if name and "\n" not in name else None


def _escaped(path: bytes) -> str:
    """The path as a pattern that means only itself."""
    return "".join(f"\\{char}" if char in "\\*?[]!# " else char for char in os.fsdecode(path))
