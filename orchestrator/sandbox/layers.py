"""Lay a throw-away layer over a project: what runs there sees the project and may write, and nothing of it stays.

The layer is an overlay at the project's own path where a bubblewrap can make one, else a bounded copy of the project as
it lies, ignored files included.  Nothing that runs on it reaches a network or a file of the user's.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

import anyio

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import Entry, ForeignFolder, Status, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.bubblewrap import find_bubblewrap, wrap
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.mounts import Mount, program_mounts
from orchestrator.sandbox.overlays import find_overlay_bubblewrap
from orchestrator.sandbox.system_files import write_system_files
from orchestrator.value_class import value_class

MOST_COPY_BYTES: Final = 1024**3
"""Of a project that has to be copied; a larger one is not measured."""
MOST_COPY_ENTRIES: Final = 200_000
MOST_LINKS: Final = 8
"""On the way from a virtual environment to its interpreter."""
COPY_TIME_S: Final = 120.0
REMOVE_TIME_S: Final = 1.5
"""What is left of a copy after that goes with the session."""
STORES: Final = (
    *(".rustup", ".cargo/registry", ".cargo/git", "go/pkg/mod", ".cache/go-build", ".m2/repository"),
    *(".gradle/caches", ".gradle/wrapper", ".npm/_cacache", ".cache/pip", ".cache/uv", ".local/share/uv"),
    *(".cache/ms-playwright", ".nuget/packages", ".composer/cache", ".mix", ".hex", ".pub-cache"),
)
"""Folders of the user's home in which tools keep what they have fetched: tests find it there, and no login is in it."""

Kind = Literal["overlay", "copy", "landlocked copy"]


@value_class
class Bench:
    """What a session has for running a project's own programs.

    Args:
        scratch: a folder of ours that the programs may write; copies of the project are made beside it.
        masked: folders that appear empty wherever they would be seen, but for ``scratch``.
        settings: a folder of ours for what the sandbox needs.
    """

    config: SandboxConfig
    backend: str
    """The one that the session proved."""
    environ: Mapping[str, str]
    scratch: Path
    masked: Sequence[Path]
    settings: Path


@value_class
class Layer:
    """One throw-away layer.  With an overlay each run begins anew; on a copy a run sees what an earlier one left."""

    kind: Kind
    target: Path
    """The project's own path."""
    at: Path
    """Where it lies for what runs on the layer."""
    base: Path
    """What is seen there."""
    borrowed: tuple[str, ...]
    """Folders and files of the project itself that are seen in it besides, where the base is not the project."""
    bench: Bench
    bwrap: Path | None = None

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` on the layer.  Looks at files, so not on the event loop.

        Args:
            argv: its program is an absolute path, or is found on PATH.

        Raises:
            OSError: the program is not there, or a file of ours cannot be written.
        """
        bench = self.bench
        # The user's own network policy is for agents: what they wrote gets none.
        config = replace(bench.config, network="none")
        if bench.config.backend == "none":
            config = replace(config, root="read-only")
        writable = (bench.scratch, *((self.at,) if self.kind == "landlocked copy" else ()))
        request = SandboxRequest(self.at, bench.scratch, bench.scratch, writable=writable)
        program = shutil.which(argv[0], path=bench.environ.get("PATH"))
        if program is None:
            raise FileNotFoundError(errno.ENOENT, "is not on PATH", argv[0])
        words = [program, *argv[1:]]
        if self.bwrap is None:
            held = landlock_profile.profile(program, config, request, environ=bench.environ)
            held = {**held, "read": [*held["read"], *(str(path) for path in self._stores())]}
            return landlock_profile.runnable(words, held, file=bench.settings / "checks.landlock.json")
        etc = bench.settings / "etc"
        write_system_files(etc)
        return wrap(
            words,
            bwrap=self.bwrap,
            config=config,
            request=request,
            cwd=self.at,
            masked=bench.masked,
            etc=etc,
            environ=bench.environ,
            info_fd=False,
            besides=self._mounts(),
        )

    def _mounts(self) -> list[Mount]:
        layered: Literal["layer", "read"] = "layer" if self.kind == "overlay" else "read"
        home = self._home()
        mounts = [] if home is None else [Mount(home, "empty")]
        mounts += [
            mount for program in _own_interpreters(self.target) for mount in program_mounts(program, self.bench.environ)
        ]
        mounts += [Mount(path, layered, str(path)) for path in self._stores()]
        mounts += [
            Mount(path, layered, str(path)) for path in map(_real, self.bench.config.writable) if os.path.isdir(path)
        ]
        mounts.append(Mount(self.target, "layer" if self.kind == "overlay" else "write", str(self.base)))
        project = ForeignFolder(self.target)
        inner = list(self.borrowed)
        if self.base == self.target:
            inner += [str(path.relative_to(self.target)) for path in mount_points_below(self.target)]
        for name in inner:
            path = self.target / name
            if project.is_folder(name):
                mounts.append(Mount(path, layered, str(path)))
            elif project.is_file(name):  # and no link by now, which would be followed out of the project
                mounts.append(Mount(path, "read", str(path)))
        return mounts

    def _home(self) -> Path | None:
        home = self.bench.environ.get("HOME", "")
        return _real(Path(home)) if os.path.isabs(home) and os.path.isdir(home) and home != "/" else None

    def _stores(self) -> list[Path]:
        home = self._home()
        return [] if home is None else [home / name for name in STORES if os.path.isdir(home / name)]


@asynccontextmanager
async def open_layer(
    target: Path, bench: Bench, *, tree: Path | None = None, borrowed: Sequence[str] = ()
) -> AsyncIterator[Layer]:
    """A layer over the project while the block runs; nothing of it is left afterwards.

    Args:
        target: resolved.
        tree: a folder of ours that is seen in the project's place, and is thrown away with the layer.
        borrowed: folders and files of the project that are seen in the tree all the same, as they lie.

    Raises:
        EnvironmentUnfit: this machine or this project has no such layer, and why.
    """
    made: list[Path] = [] if tree is None else [tree]
    try:
        look = partial(_lay, target, bench, tree=tree, borrowed=tuple(borrowed), made=made)
        try:
            layer = await off_loop(look, within_s=COPY_TIME_S, what="the copy of the project")
        except (TimeoutError, OSError) as error:
            raise EnvironmentUnfit(f"the project cannot be copied for its tests: {error}") from error
        yield layer
    finally:
        # Also where the session is being ended, and then for as long as nobody minds.
        with anyio.CancelScope(shield=True):
            for path in made:
                with suppress(TimeoutError):
                    await off_loop(ForeignFolder(path).remove_all, within_s=REMOVE_TIME_S, what="taking a copy away")


def _lay(target: Path, bench: Bench, *, tree: Path | None, borrowed: tuple[str, ...], made: list[Path]) -> Layer:
    base = tree or target
    overlay = find_overlay_bubblewrap(bench.environ, base)
    if overlay is not None:
        return Layer("overlay", target, target, base, borrowed, bench, overlay)
    bwrap = find_bubblewrap(bench.environ) if bench.backend == "bubblewrap" else None
    if bwrap is None and landlock_profile.why_not() is not None:
        raise EnvironmentUnfit("nothing on this machine keeps what tests write away from your files")
    if tree is None:
        base = bench.scratch.parent / f"{bench.scratch.name}-copy"
        made.append(base)
        copy_project(target, base, left_out=bench.masked)
    if bwrap is not None:
        return Layer("copy", target, target, base, borrowed, bench, bwrap)
    for name in borrowed:
        if ForeignFolder(target).is_folder(name):
            copy_project(target / name, base / name, left_out=bench.masked)
        else:
            ForeignFolder(target).copy(name, base / name, most_bytes=MOST_COPY_BYTES)
    return Layer("landlocked copy", target, base, base, (), bench)


def copy_project(
    source: Path,
    to: Path,
    *,
    left_out: Sequence[Path] = (),
    most_bytes: int = MOST_COPY_BYTES,
    most_entries: int = MOST_COPY_ENTRIES,
) -> None:
    """Copy a folder as it lies, ignored files included; what is neither file, folder nor link is left out.

    Raises:
        EnvironmentUnfit: it is larger than the bounds.
        OSError: the copy cannot be written.
    """
    ForeignFolder(to).remove_all()
    to.mkdir(mode=0o700, parents=True)
    folder, left = ForeignFolder(source), most_bytes
    outside = {os.path.relpath(path, source) for path in map(_real, left_out) if path.is_relative_to(source)}
    folders: list[Entry] = []
    for found in folder.walk(most=most_entries, skip=lambda entry: entry.name in outside):
        if isinstance(found, Unread):
            if found.reason in ("too many", "took too long"):
                raise EnvironmentUnfit(f"the project is too large to be copied for its tests: {found}")
            continue
        place = to / found.name
        if found.status.kind == "folder":
            place.mkdir(mode=0o700, exist_ok=True)
            folders.append(found)
        elif found.status.kind == "link":
            text = folder.link(found.name)
            if isinstance(text, str):
                place.symlink_to(text)
                os.utime(place, ns=(found.status.mtime_ns, found.status.mtime_ns), follow_symlinks=False)
        elif found.status.kind == "file":
            copied = folder.copy(found.name, place, most_bytes=left)
            if isinstance(copied, Unread) and copied.reason == "too large":
                raise EnvironmentUnfit(
                    f"the project is too large to be copied for its tests: {found.name} does not fit"
                )
            if isinstance(copied, Status):
                left -= copied.size
                os.utime(place, ns=(copied.mtime_ns, copied.mtime_ns))
    for entry in reversed(folders):
        place = to / entry.name
        with suppress(OSError):
            place.chmod(entry.status.mode | stat.S_IRWXU)
            os.utime(place, ns=(entry.status.mtime_ns, entry.status.mtime_ns))


def mount_points_below(folder: Path) -> list[Path]:
    """Places inside the folder where something else is mounted: an overlay shows the empty folders beneath."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            rows = file.read().split(b"\n")
    except OSError:
        return []
    places = {Path(os.fsdecode(_unescaped(row.split(b" ")[4]))) for row in rows if row.count(b" ") > 4}
    return sorted(path for path in places if path != folder and path.is_relative_to(folder))


def _own_interpreters(target: Path) -> list[str]:
    """Find the interpreters outside the project to which its virtual environments lead, on PATH or not."""
    found, folder = [], ForeignFolder(target)
    for environment in (".venv", "venv", "env"):
        place = target / environment / "bin" / "python"
        for _ in range(MOST_LINKS):
            text = folder.link(os.path.relpath(place, target))
            if not isinstance(text, str):
                break
            place = Path(os.path.normpath(place.parent / text))
            if not place.is_relative_to(target):
                found.append(str(place))
                break
    return found


def _unescaped(text: bytes) -> bytes:
    for code in (b"040", b"011", b"012", b"134"):
        text = text.replace(b"\\" + code, bytes([int(code, 8)]))
    return text


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
