"""A path in a command in, how far it reaches out: into the worker's own folders, the target, or beyond.

Paths are looked at lexically: ``..`` is resolved, links are not; the sandbox is what finally holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Final, Literal, TypeAlias

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.safety.placing import Places, placed
from orchestrator.safety.shell_scope import Scope
from orchestrator.safety.shell_words import Word

Reach: TypeAlias = Literal["own", "inside", "whole", "protected", "outside", "unknown"]
"""``own``: scratch, home and /tmp; ``inside``: somewhere in a folder it may write; ``whole``: such a folder itself, or
all that stands in it; ``protected``: never writable."""

OWN_FOLDERS: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
"""Writable in every sandbox, because they are the sandbox's own."""
_HARMLESS_DEVICES: Final = frozenset({"null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a worker's commands run and what is its own there.  Whole paths, as texts."""

    cwd: str
    home: str
    own: tuple[str, ...]
    """Folders nobody else has anything in."""
    roots: tuple[str, ...]
    """Folders it may write that others care for: the target."""
    protected: tuple[str, ...] = ()
    private_tmp: bool = True
    """Its /tmp is its own."""

    @classmethod
    def of(cls, config: SandboxConfig, assignment: Assignment) -> Surroundings:
        """The surroundings of one worker under one policy."""
        own = (str(assignment.scratch), str(assignment.home))
        whole = placed(config, Places.of(assignment))
        roots = tuple(str(path) for path in (*assignment.writable, *assignment.readable) if str(path) not in own)
        target = str(assignment.target)
        return cls(
            cwd=target,
            home=str(assignment.home),
            own=own,
            roots=tuple(dict.fromkeys(root for root in (target, *roots) if _may_write(root, assignment))),
            protected=whole.never_writable,
            private_tmp=config.backend != "none",
        )

    def scope(self) -> Scope:
        """What a command knows when it begins."""
        return Scope(cwd=self.cwd, home=self.home)

    def reach(self, word: Word, scope: Scope) -> Reach:
        """How far one path reaches, seen from a point of a shell text."""
        if word.text.startswith("~"):
            return "outside"
        text, everything = _without_pattern(word.text)
        if word.dynamic:
            return "unknown"
        path = scope.at(text)
        if path is None:
            return "unknown"
        if any(lies_in(path, place) or (lies_in(place, path)) for place in self.protected):
            return "protected" if not everything or path not in self.roots else "whole"
        own = (*self.own, *OWN_FOLDERS) if self.private_tmp else self.own
        if any(lies_in(path, root) for root in own):
            return "own"
        for root in self.roots:
            if path == root or (lies_in(path, root) and "/.git" in path.removeprefix(root)[:5] and _is_git(path, root)):
                return "whole"
            if lies_in(path, root):
                return "inside"
        return "outside"


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


def _may_write(root: str, assignment: Assignment) -> bool:
    return any(lies_in(root, str(path)) for path in assignment.writable)


def _is_git(path: str, root: str) -> bool:
    """The repository itself is what would bring the rest back."""
    return path == root.rstrip("/") + "/.git"


def _without_pattern(text: str) -> tuple[str, bool]:
    """The folder before the first ``*`` and whether all in it is meant; ``a/b*`` may reach anything in ``a``."""
    for at, char in enumerate(text):
        if char in "*?[":
            folder = text[:at].rpartition("/")[0]
            rest = text[at:].strip("/")
            begin = text[:at].rpartition("/")[2]
            if text.startswith("/") and not folder:
                return "/", True
            # ``*`` and ``.*`` mean all of it; ``*.o`` means some, which stand below.
            everything = rest in ("*", "**", "*/*") and begin in ("", ".")
            return (folder or ".") if everything else (folder + "/" if folder else "") + "x", everything
    return text, False


def reaches(words: Sequence[Word], scope: Scope, around: Surroundings) -> set[Reach]:
    """How far each of these paths reaches."""
    return {around.reach(word, scope) for word in words}
