"""Find where the repositories of a folder lie, with their work trees.  Nothing is changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from orchestrator.files.foreign import ForeignFolder, Status, kind_of
from orchestrator.files.programs import run_program
from orchestrator.late_pattern import late_pattern
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.sandbox.nested_repositories import nested_repositories
from orchestrator.shim.git_files import common_of, gitdir_of, is_repository, read_file
from orchestrator.value_class import value_class

GIT_TIME_S = 10.0
REPOSITORY_TIME_S = 60.0
"""Longest look for repositories in a target."""
_PROGRAM_KEY = late_pattern(
    r"(include|includeif)\..*path|core\.(hookspath|fsmonitor|sshcommand|editor|pager|askpass|gitproxy|alternaterefscommand)"
    r"|sequence\.editor|alias\..*|filter\..*\.(clean|smudge|process)|diff\.(external|.*\.(command|textconv))"
    r"|merge\..*\.driver|(merge|diff)tool\..*\.(cmd|path)|credential\..*helper|gpg\..*program|pager\..*"
    r"|interactive\.difffilter|(man|browser)\..*\.(cmd|path)|remote\..*\.(uploadpack|receivepack|vcs)"
    r"|uploadpack\.packobjectshook|sendemail\..*cmd|trailer\..*\.(command|cmd)|submodule\..*\.update|hook\..*\.command"
)
"""Of git-config(1): what is run, or read as further configuration."""
_OBJECT_FORMAT = late_pattern(r"^\s*objectformat\s*=\s*\"?(\w+)", re.IGNORECASE | re.MULTILINE)


@value_class
class WorkTree:
    """One checked out state of a repository: its own HEAD and index."""

    git_dir: Path
    """Where they lie; the repository's own folder, or one below its ``worktrees``."""
    pointer: Path | None
    """The ``.git`` file that leads there; ``None`` where the folder is called ``.git`` itself."""
    prefix: str = ""
    """What part of the work tree can be seen, ``sub/folder/``; empty for all of it."""


@value_class
class Repository:
    """One repository, wherever it lies, and those of its work trees that somebody works in."""

    common: Path
    algorithm: str
    trees: tuple[WorkTree, ...]
    problem: str = ""
    """Why nobody can be given a layer of it; empty where one can."""


def find_repositories(roots: Sequence[Path], git: str | None) -> Sequence[Repository]:
    """The repositories that these folders are in, or that are in them.

    Args:
        roots: resolved.
        git: the program; ``None`` where there is none.
    """
    trees: dict[Path, list[WorkTree]] = {}
    for root in roots:
        for pointer, prefix in _pointers(root, git):
            git_dir = gitdir_of(str(pointer))
            if git_dir is None or not is_repository(git_dir):
                continue
            tree = WorkTree(Path(git_dir), None if kind_of(pointer) == "folder" else pointer, prefix)
            known = trees.setdefault(Path(common_of(git_dir)), [])
            if all(tree.git_dir != other.git_dir for other in known):
                known.append(tree)
    return tuple(_repository(common, tuple(found), git) for common, found in trees.items())


def _pointers(root: Path, git: str | None) -> Iterator[tuple[Path, str]]:
    for folder in (root, *root.parents):
        if isinstance(ForeignFolder(folder).status(".git"), Status):
            if folder == root or (git is not None and not _is_ignored(git, folder, root)):
                yield folder / ".git", "" if folder == root else f"{root.relative_to(folder)}/"
            break
    for found in nested_repositories(root):
        # The git folders of submodules are found by the files that lead to them.
        if found.name == ".git":
            yield found, ""


@lru_cache(maxsize=64)
def _is_ignored(git: str, top: Path, folder: Path) -> bool:
    """Whether the repository above ignores the folder: it is a scratch copy, or was built.

    Asked once, where the session begins: a worker that starts later does not wait for git again.
    """
    words = (git, "-c", "core.fsmonitor=false", "-c", "safe.directory=*", "check-ignore", "-q", "--", str(folder))
    env = {**ISOLATED, "PATH": os.environ.get("PATH", os.defpath)}
    ran = run_program(words, cwd=top, env=env, within_s=GIT_TIME_S)
    return ran.ended != "exit" or ran.code != 1


def programs_in(repository: Repository, root: Path, *, git: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Paths below ``root``, relative to it, that git's configuration names as programs, hooks or further configuration.

    Args:
        environ: of the person: the configuration that is theirs counts, too.

    Returns:
        The key that names each.
    """
    env = {**{name: environ[name] for name in ("HOME", "XDG_CONFIG_HOME", "PATH") if name in environ}, "LC_ALL": "C"}
    words = (git, f"--git-dir={repository.trees[0].git_dir}", "config", "--list", "-z", "--includes")
    ran = run_program(words, cwd="/", env=env, within_s=GIT_TIME_S)
    if ran.ended != "exit":
        return {}
    found: dict[str, str] = {}
    for entry in ran.stdout.decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = entry.partition("\n")
        if _PROGRAM_KEY.fullmatch(key):
            for word in (value, *value.lstrip("!").split()):
                for base in (root, repository.common):
                    path = Path(os.path.normpath(base / os.path.expanduser(word.strip("\"'"))))
                    # A folder that holds the root itself is no program.
                    inside = path != root and path.is_relative_to(root) and not path.is_relative_to(repository.common)
                    if inside and (_stands(root, path) or key.endswith(("path", "hookspath"))):
                        found[str(path.relative_to(root))] = key
    return found


def _stands(root: Path, path: Path) -> bool:
    return isinstance(ForeignFolder(root).status(path.relative_to(root)), Status)


def _repository(common: Path, trees: tuple[WorkTree, ...], git: str | None) -> Repository:
    config = (read_file(str(common / "config")) or b"").decode("utf-8", "replace")
    found = _OBJECT_FORMAT.search(config)
    algorithm = found[1].casefold() if found else "sha1"
    problem = ""
    if git is None:
        problem = "there is no git on this machine"
    elif algorithm not in ("sha1", "sha256"):
        problem = f"its object format {algorithm!r} is not known"
    elif ForeignFolder(common).is_folder("reftable"):
        problem = "its references are kept in a reftable"
    return Repository(common, algorithm, trees, problem)


def repository_warnings(target: Path, *, backend: str, git: str | None) -> tuple[str, ...]:
    """Warn at the start of a session where agents can only read a repository, or cannot use git at all."""
    if backend == "none":
        return ()
    real = Path(os.path.realpath(target))
    found = find_repositories([real], git)
    if backend == "landlock":
        outside = [each for each in found if not each.common.is_relative_to(real)]
        return tuple(
            f"agents have no git: the repository {each.common} lies outside the target, where Landlock lets nobody in"
            for each in outside
        )
    return tuple(
        f"agents can read the repository {each.common} and not write it: {each.problem}"
        for each in found
        if each.problem
    )
