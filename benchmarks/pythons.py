"""Run the fast tests on every Python of at least 3.11 on this machine, and list those that were not tried.

    python -m benchmarks.pythons [--list] [PYTEST-ARGUMENT]...

Each version gets an environment of its own beside ``.venv.dev``, from the same lock; the newest patch of each minor
version counts.  The Python that this runs on is the one of ``./check`` itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
OLDEST: Final = (3, 11)
TESTS: Final = "not real and not source and (not slow or everywhere)"
"""Which tests: those that run something, the fast ones and a few whole sessions; the same words stand in ``check``."""
NAMED: Final = re.compile(r"python3(\.\d+)?")
_ASK: Final = """
import sys
print(*sys.version_info[:3], sys.implementation.name)
print(sys.executable)
import ensurepip, venv
"""


@dataclass(frozen=True, slots=True)
class Found:
    """One Python."""

    path: Path
    version: tuple[int, int, int]
    lacks: str = ""
    """Why it cannot be tried; empty if it can."""

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def candidates(environ: Mapping[str, str]) -> Iterable[Path]:
    """Programs that may be a Python: on PATH, and where pyenv and uv keep theirs."""
    home = Path(environ.get("HOME", "/nonexistent"))
    pyenv = Path(environ.get("PYENV_ROOT", home / ".pyenv"))
    folders = [Path(name) for name in environ.get("PATH", os.defpath).split(os.pathsep) if name]
    folders += sorted(pyenv.glob("versions/*/bin"))
    folders += sorted((home / ".local/share/uv/python").glob("*/bin"))
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if NAMED.fullmatch(path.name))


def look_at(path: Path) -> Found | None:
    """Ask a program which Python it is; ``None`` if it is none that runs (pyenv's shims are there for all versions)."""
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _ASK], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    first, _, itself = done.stdout.strip().partition("\n")
    said = first.split()
    if len(said) != 4 or not all(part.isdigit() for part in said[:3]):
        return None
    version = (int(said[0]), int(said[1]), int(said[2]))
    path = Path(itself).resolve()
    if version < OLDEST:
        return Found(path, version, f"older than {OLDEST[0]}.{OLDEST[1]}")
    if said[3] != "cpython":
        return Found(path, version, f"it is {said[3]}")
    return Found(path, version, "" if done.returncode == 0 else "it has no venv or no ensurepip")


def survey(environ: Mapping[str, str]) -> Sequence[Found]:
    """The newest of each minor version that can be tried, else one that says why not; by version."""
    best: dict[tuple[int, ...], Found] = {}
    for path in dict.fromkeys(one.resolve() for one in candidates(environ)):
        found = look_at(path)
        if found is None:
            continue
        known = best.get(found.version[:2])
        if known is None or (not found.lacks, found.version) > (not known.lacks, known.version):
            best[found.version[:2]] = found
    return [best[minor] for minor in sorted(best)]


def environment_of(found: Found) -> Path | None:
    """The environment of this version, made if need be; ``None`` if that failed, with the reason on stderr."""
    folder = ROOT / f".venv.dev-{found.version[0]}.{found.version[1]}"
    words = [str(found.path), "-I", "-S", str(ROOT / "orchestrator/launching.py"), "check", str(ROOT)]
    done = subprocess.run([*words, str(ROOT / "requirements-dev.lock"), str(folder)], check=False)
    return folder if done.returncode == 0 else None


def try_out(found: Found, arguments: Sequence[str]) -> str:
    """Run the tests; how they went."""
    folder = environment_of(found)
    if folder is None:
        return "FAILED: its environment could not be made"
    usual = ("-q", "-p", "no:cacheprovider", "-m", TESTS)
    done = subprocess.run([folder / "bin/python", "-m", "pytest", *usual, *arguments], cwd=ROOT, check=False)
    return "passed" if done.returncode == 0 else f"FAILED with {done.returncode}"


def main(arguments: Sequence[str]) -> int:
    only_list = "--list" in arguments
    given = [argument for argument in arguments if argument != "--list"]
    rows = []
    for found in survey(os.environ):
        if found.lacks:
            rows.append((found, f"not tried: {found.lacks}"))
        elif found.version[:2] == sys.version_info[:2]:
            rows.append((found, "tried by ./check itself"))
        else:
            rows.append((found, "to be tried" if only_list else try_out(found, given)))
    for found, result in rows:
        print(f"{found.name:<8} {result:<45} {found.path}")
    return 1 if any(result.startswith("FAILED") for _, result in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
