"""Make a Python environment for a checkout that holds exactly what its lock file names.

Started by ``launching.sh`` as ``python -I -S launching.py PROGRAM CHECKOUT LOCK ENVIRONMENT``, with the standard
library only, when the environment's stamp does not fit.  Whatever an earlier start left is wiped, because an
installation that was cut off cannot be told from a whole one.  Everything is said on stderr.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)
STAMP = ".ready"
LOCK_COPY = ".ready.lock"
UNFIT = 2
INTERRUPTED = 130

# Settings that would send an installation somewhere else than into the environment it was asked for.  Those that
# say where packages come from (indexes, proxies, certificates) are the user's and stay.
MISLEADING = re.compile(
    r"PYTHON(?!UTF8)\w*|VIRTUAL_ENV|__PYVENV_LAUNCHER__|CONDA_PREFIX"
    r"|PIP_(USER|TARGET|PREFIX|ROOT|PYTHON|DRY_RUN|REQUIRE_VIRTUALENV|REQUIREMENT|CONSTRAINT|NO_DEPS|QUIET|LOG)"
    r"|UV_(SYSTEM_PYTHON|PYTHON|PROJECT\w*|TARGET|PREFIX|CONSTRAINT|OVERRIDE|WORKING_DIRECTORY)"
)
NETWORK_TROUBLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution|Name or service not known"
    r"|Network is unreachable|Connection refused|Could not connect|Failed to fetch|dns error|ProxyError|SSLError"
    r"|No matching distribution found|Could not find a version",
    re.IGNORECASE,
)
PIP_IS_AT = re.compile(r"Collecting [^ (;]+|Installing collected packages")
NOT_AS_LOCKED = re.compile(r"do not match the hashes|hash mismatch", re.IGNORECASE)
DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded|os error 28\b", re.IGNORECASE)


class Unfit(Exception):
    """The environment cannot be made here; the hint says what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Wanted:
    """The environment to make."""

    program: str
    """The name messages begin with."""
    checkout: Path
    lock: Path
    environment: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Make the environment ready and return an exit code."""
    program, checkout, lock, environment = arguments
    wanted = Wanted(program, Path(checkout), Path(lock), Path(environment))
    try:
        make_ready(wanted, environ)
    except Unfit as reason:
        _say(wanted, f"error: {reason}")
        if reason.hint:
            print(f"hint: {reason.hint}", file=sys.stderr)
        return UNFIT
    except OSError as error:
        _say(wanted, f"error: cannot set up {wanted.environment}: {error.strerror or error}")
        print(f"hint: {hint_of(error)}", file=sys.stderr)
        return UNFIT
    except KeyboardInterrupt:
        _say(wanted, "interrupted; the next start sets up anew")
        return INTERRUPTED
    return 0


def make_ready(wanted: Wanted, environ: Mapping[str, str]) -> None:
    """Make the environment unless another start has just made it."""
    if sys.version_info < OLDEST:
        raise Unfit(f"needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}")
    if "\n" in str(wanted.checkout):
        raise Unfit("the checkout's path has a line break in it, which no Python environment copes with")
    lock = wanted.lock.read_bytes()
    wanted.environment.parent.mkdir(parents=True, exist_ok=True)
    with _alone(wanted) as held:
        if not is_ready(wanted, lock):
            _make(wanted, lock, environ=_clean(environ), held=held)


def is_ready(wanted: Wanted, lock: bytes) -> bool:
    """Whether the environment was finished for this checkout from exactly this lock; ``launching.sh`` asks the same."""
    try:
        stamp = (wanted.environment / STAMP).read_bytes().split(b"\n")[0]
        copied = (wanted.environment / LOCK_COPY).read_bytes()
    except OSError:
        return False
    return stamp == os.fsencode(wanted.checkout) and copied == lock and os.access(wanted.python, os.X_OK)


def hint_of(error: OSError) -> str:
    """What a person can do about an error of the file system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: about 150 MB are needed"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "set XDG_CACHE_HOME to a folder that you can write"
    return f"see whether {error.filename or 'the folder'} can be written, then start again"


@contextlib.contextmanager
def _alone(wanted: Wanted) -> Iterator[int]:
    """Hold the lock beside the environment.

    Installers inherit its descriptor: one that outlives a killed start keeps the next from working beside it.
    """
    path = wanted.environment.with_name(wanted.environment.name + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(wanted, "waiting for another start that is setting up")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _make(wanted: Wanted, lock: bytes, *, environ: Mapping[str, str], held: int) -> None:
    uv = shutil.which("uv", path=environ.get("PATH"))
    if uv is None:
        _need("ensurepip")
    _need("venv")
    count = sum(1 for line in lock.splitlines() if line[:1].isalnum())
    what = f"setting up (once): {count} packages into {wanted.environment}"
    _say(wanted, what if not wanted.environment.exists() else what + " (anew)")
    _wipe(wanted.environment)
    run = _Installing(wanted, environ, held)
    # The interpreter's real path: a link like /usr/bin/python3 may lead to another version tomorrow.
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    failed = run(base, "-I", "-m", "venv", "--without-pip", str(wanted.environment))
    if failed is not None:
        raise _unfit(f"cannot make a Python environment with {base}", failed)
    _install(wanted, run, uv)
    (_site_packages(wanted) / "orchestrate-checkout.pth").write_bytes(os.fsencode(wanted.checkout) + b"\n")
    (wanted.environment / LOCK_COPY).write_bytes(lock)
    fresh = wanted.environment / (STAMP + ".new")
    fresh.write_bytes(os.fsencode(wanted.checkout) + b"\n" + sys.version.encode() + b"\n")
    fresh.replace(wanted.environment / STAMP)
    _say(wanted, "ready")


def _install(wanted: Wanted, run: _Installing, uv: str | None) -> None:
    python = str(wanted.python)
    if uv is not None:
        failed = run(
            *(uv, "pip", "install", "--quiet", "--require-hashes", "--compile-bytecode"),
            *("--python", python, "-r", str(wanted.lock)),
        )
        if failed is None:
            return
        if DISK_FULL.search(failed) or NOT_AS_LOCKED.search(failed):
            raise _unfit("uv could not install the packages", failed)
        # uv does not read pip's settings, so pip may know a way (a company's index) that uv does not.
        _need("ensurepip")
        _say(wanted, "uv could not install the packages; trying pip")
    failed = run(python, "-I", "-m", "ensurepip", "--default-pip")
    if failed is None:
        failed = run(
            *(python, "-I", "-m", "pip", "install", "--no-user", "--no-input", "--retries", "2"),
            *("--disable-pip-version-check", "--require-hashes", "-r", str(wanted.lock)),
        )
    if failed is not None:
        raise _unfit("pip could not install the packages", failed)


@dataclass(frozen=True, slots=True)
class _Installing:
    """Runs the steps of one installation, each bound to the lock."""

    wanted: Wanted
    environ: Mapping[str, str]
    held: int

    def __call__(self, *argv: str) -> str | None:
        """Run one step; ``None`` if it succeeded, else its output."""
        # Away from the user's folder, where a pyproject.toml or uv.toml of theirs might steer uv.
        with subprocess.Popen(
            argv,
            cwd=self.wanted.environment.parent,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self.held,),
        ) as process:
            try:
                said = self._listen(process)
            except BaseException:
                process.kill()
                raise
        if process.returncode == 0:
            return None
        return said.strip() or f"{argv[0]} ended with {process.returncode}"

    def _listen(self, process: subprocess.Popen[bytes]) -> str:
        """Return the output of the process; a terminal shows its progress meanwhile."""
        assert process.stdout is not None
        watched = sys.stderr.isatty()
        lines = []
        for raw in process.stdout:
            lines.append(raw.decode(errors="replace"))
            if watched and (found := PIP_IS_AT.match(lines[-1])):
                print(f"\r\x1b[K  {found[0][:70]}", end="", file=sys.stderr, flush=True)
        if watched:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        return "".join(lines)


def _unfit(message: str, said: str) -> Unfit:
    last = "\n".join(f"  {line}" for line in said.splitlines()[-6:])
    if DISK_FULL.search(said):
        return Unfit(f"{message}: the disk is full", "free about 150 MB, then start again")
    if NOT_AS_LOCKED.search(said):
        return Unfit(
            f"{message}: one is not what the lock says\n{last}", "do not go on; try again from another network"
        )
    if NETWORK_TROUBLE.search(said):
        hint = "the package index cannot be reached: see to the network, a proxy (HTTPS_PROXY), or `pip config`"
        return Unfit(f"{message}\n{last}", hint)
    return Unfit(f"{message}\n{last}")


def _need(module: str) -> None:
    """Raise unless this Python has the module; Debian packs venv and ensurepip by themselves."""
    try:
        __import__(module)
    except ImportError:
        major, minor = sys.version_info[:2]
        raise Unfit(
            f"{sys.executable} (Python {major}.{minor}) has no {module!r}, which making an environment needs",
            f"Debian, Ubuntu: apt install python3-venv (or python{major}.{minor}-venv); or install uv",
        ) from None


def _wipe(folder: Path) -> None:
    # The stamp first: a wipe that is cut off must not leave a ready-looking half.
    (folder / STAMP).unlink(missing_ok=True)
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _site_packages(wanted: Wanted) -> Path:
    return next(wanted.environment.glob("lib/python3*/site-packages"))


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not MISLEADING.fullmatch(name)}


def _say(wanted: Wanted, text: str) -> None:
    print(f"{wanted.program}: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
