"""List, in order, the mounts that show a worker its folders.  The file system is read and never changed.

Questions go through ``os.path``, which answers "no" for what may not even be looked at; ``pathlib`` raises (3.11).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.value_class import value_class

MountKind = Literal["read", "write", "layer", "empty", "hidden", "link"]
"""``layer``: writes go to a throw-away layer over the source, which stays as it is."""

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_PREFIX_SIGNS = ("lib", "libexec", "versions", "pyvenv.cfg", "shims", "plugins", "tools")
"""A folder with a ``bin`` and one of these beside it is an installation, which is of use only as a whole."""


@value_class
class Mount:
    """One place in the worker's file system."""

    place: Path
    kind: MountKind
    source: str = ""
    """Where it comes from; for a link, what it says."""


@lru_cache(maxsize=1)
def system_mounts() -> tuple[Mount, ...]:
    """The operating system's own folders, read-only, links kept as links."""
    found: list[Mount] = []
    for name in SYSTEM:
        path = Path(name)
        if os.path.islink(path):
            found.append(Mount(path, "link", os.readlink(path)))
        elif os.path.isdir(path):
            found.append(Mount(path, "read", name))
    return tuple(found)


def program_mounts(executable: str, environ: Mapping[str, str]) -> Sequence[Mount]:
    """What must be visible for ``executable`` (an absolute path) and the tools on PATH to run.

    Follows links and one ``#!`` line: an npm prefix, nvm, pyenv or ``~/.local`` may stand anywhere.
    """
    # Looking takes 1 ms a launch; what was found holds until the program changes, for whoever may see it.
    found = ForeignFolder(Path(executable).parent, links="follow").status(Path(executable).name)
    seen = (os.geteuid(), 0 if isinstance(found, Unread) else found.mtime_ns)
    return _program_mounts(executable, seen, path=environ.get("PATH", ""), home=Path(environ.get("HOME", "/")))


@lru_cache(maxsize=64)
def _program_mounts(executable: str, seen: tuple[int, int], *, path: str, home: Path) -> Sequence[Mount]:
    found: list[Mount] = []
    programs = [executable]
    interpreter = _interpreter(executable, path)
    if interpreter is not None and os.path.isfile(interpreter):
        programs.append(interpreter)
    for program in programs:
        place = place_of(program)
        while _is_link(place):
            found.append(Mount(place, "link", os.readlink(place)))
            place = place_of(os.path.join(place.parent, os.readlink(place)))
        root = _installation(place, home)
        found.append(Mount(root, "read", str(root)))
    for entry in path.split(":"):
        folder = Path(os.path.realpath(entry))
        if entry.startswith("/") and os.path.isdir(folder) and not _is_broad(folder, home):
            root = _prefix(folder, home) or folder
            found.append(Mount(root, "read", str(root)))
    return found


def place_of(path: str) -> Path:
    """``path`` with every folder on the way resolved, but not its last part."""
    folder, name = os.path.split(os.path.abspath(path))
    return Path(os.path.realpath(folder)) / name


def _is_link(place: Path) -> bool:
    found = ForeignFolder(place.parent).status(place.name)
    return not isinstance(found, Unread) and found.kind == "link"


def _interpreter(executable: str, path: str) -> str | None:
    path_of = Path(executable)
    start = ForeignFolder(path_of.parent, links="follow").read_start(path_of.name, most_bytes=256)
    if isinstance(start, Unread):
        return None
    first = start[0].partition(b"\n")[0]
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    if not words:
        return None
    if os.path.basename(words[0]) != "env":
        return words[0]
    names = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return shutil.which(names[0], path=path) if names else None


def _installation(program: Path, home: Path) -> Path:
    """The smallest folder that holds all of what ``program`` needs of its own package."""
    parts = program.parts
    if "node_modules" in parts:
        modules = Path(*parts[: parts.index("node_modules") + 1])
        # ``<prefix>/lib/node_modules`` of a global installation: its node stands in ``<prefix>/bin``.
        return modules if _is_broad(modules, home) is False else program
    return _prefix(program.parent, home) or (program if _is_broad(program.parent, home) else program.parent)


def _prefix(folder: Path, home: Path) -> Path | None:
    """The installation a ``bin`` belongs to, if it is plainly one."""
    above = folder.parent
    if folder.name not in ("bin", "sbin", "shims") or _is_broad(above, home) or above.name == ".local":
        return None
    return above if any(os.path.exists(above / sign) for sign in _PREFIX_SIGNS) else None


def _is_broad(folder: Path, home: Path) -> bool:
    """Whether a folder is too much to show for the sake of one program: the root, a home, or a folder above one."""
    return len(folder.parts) <= 2 or folder == home or folder in home.parents


def arrange(mounts: Iterable[Mount]) -> list[Mount]:
    """Order the mounts, folders before what lies in them, and drop those that change nothing."""
    rank: Mapping[MountKind, int] = {"link": 0, "read": 1, "empty": 2, "write": 3, "layer": 4, "hidden": 5}
    best: dict[Path, Mount] = {}
    for mount in mounts:
        if mount.place not in best or rank[mount.kind] > rank[best[mount.place].kind]:
            best[mount.place] = mount
    kept: dict[Path, Mount] = {}
    for place in sorted(best, key=lambda path: (len(path.parts), path)):
        mount = best[place]
        above = next((kept[folder] for folder in place.parents if folder in kept), None)
        if mount.kind == "hidden" and (above is None or above.kind in ("empty", "hidden")):
            continue
        if above is not None and _is_there_already(mount, above):
            continue
        kept[place] = mount
    return list(kept.values())


def _is_there_already(mount: Mount, above: Mount) -> bool:
    """Whether a visible folder shows this place already, and as restricted."""
    if above.kind == "layer" and mount.source != os.path.join(above.source, mount.place.relative_to(above.place)):
        return False  # what is seen there is another tree
    shown = {"read": ("link", "read"), "layer": ("link", "read"), "write": ("link",)}
    return mount.kind in shown.get(above.kind, ())
