"""Tell how far a path in a command reaches: into the worker's own folders, the target, or beyond.

Paths are looked at lexically: ``..`` is resolved, links are not; the sandbox is what finally holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Final, Literal, TypeAlias

from orchestrator.agents.registry import AGENTS
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.safety.placeholders import Places, placed
from orchestrator.safety.shell.scope import Scope
from orchestrator.safety.shell.words import Word
from orchestrator.value_class import value_class

Reach: TypeAlias = Literal["own", "inside", "whole", "protected", "outside", "unknown"]
"""``own``: scratch, home and /tmp; ``inside``: somewhere in a folder it may write; ``whole``: such a folder itself, or
all that stands in it; ``protected``: never writable."""

OWN_FOLDERS: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - nothing is made there
"""Writable in every sandbox, because they are the sandbox's own."""
_HARMLESS_DEVICES: Final = frozenset({"null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr"})


@value_class
class Protected:
    """Paths that are never writable, ready to be looked up."""

    places: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()
    above: frozenset[str] = frozenset()
    """Folders that hold one of them."""

    @classmethod
    def of(cls, paths: Sequence[str]) -> Protected:
        """These paths with everything below them."""
        above = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
        return cls(frozenset(paths), tuple(path.rstrip("/") + "/" for path in paths), frozenset(above - set(paths)))

    def holds(self, path: str) -> bool:
        """Whether the path is one of them or stands below one."""
        return path in self.places or path.startswith(self.below)


@value_class
class WorkerPaths:
    """Where a worker's commands run and what is its own there.  Whole paths, as texts."""

    cwd: str
    home: str
    own: tuple[str, ...]
    """Folders nobody else has anything in."""
    roots: tuple[str, ...]
    """Folders it may write that others care for: the target."""
    protected: Protected = field(default_factory=Protected)
    private_tmp: bool = True
    """Its /tmp is its own."""
    kept: frozenset[str] = frozenset()
    """Folders of its home in which a CLI keeps its login and its conversations."""

    @classmethod
    def of(cls, config: SandboxConfig, assignment: Assignment) -> WorkerPaths:
        """Read from a policy what one worker reaches."""
        return _paths_of(config, Places.of(assignment), tuple(assignment.writable))

    def scope(self) -> Scope:
        """The scope in which a command begins."""
        return Scope(cwd=self.cwd, home=self.home)

    def is_protected(self, word: Word, scope: Scope) -> bool:
        """Whether a path is one that is never writable."""
        path = None if word.dynamic else scope.at(word.text)
        return path is not None and self.protected.holds(path)

    def reach(self, word: Word, scope: Scope) -> Reach:
        """How far one path reaches, seen from a point of a shell text."""
        if word.text.startswith("~"):
            return "outside"
        text = _without_pattern(word.text)
        if word.dynamic:
            return "unknown"
        path = scope.at(text)
        if path is None:
            return "unknown"
        if path == self.home:
            return "whole"
        if path in self.kept:
            return "protected"
        for root in self.roots:
            # The repository itself is what would bring the rest back.
            if path in (root, root + "/.git"):
                return "whole"
        inside = any(lies_in(path, root) for root in self.roots)
        if self.protected.holds(path) or (inside and path in self.protected.above):
            return "protected"
        own = (*self.own, *OWN_FOLDERS) if self.private_tmp else self.own
        if any(lies_in(path, root) for root in own):
            return "own"
        return "inside" if inside else "outside"


@lru_cache(maxsize=64)
def _paths_of(config: SandboxConfig, places: Places, writable: tuple[Path, ...]) -> WorkerPaths:
    """Fill a policy in once for each worker, which costs more than judging the usual command."""
    own = (str(places.scratch), str(places.home))
    roots = dict.fromkeys(str(path) for path in (places.target, *writable) if str(path) not in own)
    return WorkerPaths(
        cwd=str(places.target),
        home=str(places.home),
        own=own,
        roots=tuple(root for root in roots if any(lies_in(root, str(path)) for path in writable)),
        protected=Protected.of(placed(config, places).never_writable),
        private_tmp=config.backend != "none",
        kept=frozenset(str(places.home / name) for name in _kept_names()),
    )


@lru_cache(maxsize=1)
def _kept_names() -> frozenset[str]:
    return frozenset(file.parts[0] for agent in AGENTS.values() for file in agent.credential.files)


def lies_in(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or stands below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_device(path: str) -> bool:
    """Whether writing there writes to a disk or another device rather than to nowhere or to the terminal."""
    whole = normpath(path)
    if not whole.startswith("/dev/"):
        return False
    name = whole[len("/dev/") :]
    return name not in _HARMLESS_DEVICES and not name.startswith(("fd/", "pts/", "shm/", "tcp/", "udp/"))


def _without_pattern(text: str) -> str:
    """The folder before the first ``*`` where all in it is meant, else a path that stands for some of it."""
    for at, char in enumerate(text):
        if char in "*?[":
            folder, slash, begin = text[:at].rpartition("/")
            if slash and not folder:
                return "/"
            # ``*`` and ``.*`` mean all of it; ``*.o`` means some, which stand below.
            everything = begin in ("", ".") and text[at:].strip("/") in ("*", "**", "*/*")
            return (folder or ".") if everything else f"{folder}/x" if folder else "x"
    return text
