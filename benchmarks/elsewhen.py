"""Run the tests as on another day, in another place: 400 days ahead, in Kathmandu, with a strict umask and no locale.

    python -m benchmarks.elsewhen [PYTEST-ARGUMENT]...

A test that is right only on the day, in the time zone, under the umask or in the home folder it was written in shows
itself here.  The wall clock is set by libfaketime (Debian's package of that name); the monotonic clock, and the times
that files bear, stay the machine's own.

Every process that inherits this environment sees the other clock: pytest, and the programs that tests start with it.  A
process that is given an environment of its own does not: the workers, which get what their policy lets through, the
browser, and programs that a test starts with a home of its own.  So a test that compares the two clocks fails, too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DAYS: Final = 400
SETTINGS: Final = {
    "FAKETIME": f"+{DAYS}d",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    # Times of files stay as the kernel keeps them: shifted, one that a test sets would not be read back as it was set.
    "NO_FAKE_STAT": "1",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C",
}
UMASK: Final = 0o077
SLEEP: Final = Path(__file__).with_name("monotonic_sleep.c")


class CannotBeSet(Exception):
    """The clock cannot be set here; the message says what is missing."""


def find_libfaketime() -> Path:
    """The library as Debian installs it.

    Raises:
        CannotBeSet: It is not there.
    """
    for folder in (Path("/usr/lib"), Path("/usr/local/lib")):
        for found in sorted(folder.glob("**/faketime/libfaketimeMT.so.1")):
            return found
    raise CannotBeSet("libfaketime is not installed: apt install libfaketime")


def compile_sleep(folder: Path) -> Path:
    """The library that makes sleeping right again beside libfaketime; its source says why.

    Raises:
        CannotBeSet: There is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise CannotBeSet("there is no C compiler: apt install gcc libc6-dev")
    made = folder / "monotonic_sleep.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(SLEEP), "-ldl"], check=True)
    return made


def environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a test run elsewhere; its home lies in the folder, and has a blank in its name."""
    home = folder / "a home"
    home.mkdir()
    preloaded = f"{compile_sleep(folder)} {find_libfaketime()}"
    kept = {name: value for name, value in environ.items() if not name.startswith(("LC_", "LANG", "XDG_"))}
    return {**kept, **SETTINGS, "HOME": str(home), "LD_PRELOAD": preloaded}


def main(arguments: Sequence[str]) -> int:
    # Its own name has no blank: LD_PRELOAD separates by them.
    with tempfile.TemporaryDirectory(prefix="orchestrate-elsewhen-") as name:
        try:
            environ = environment(Path(name), os.environ)
        except CannotBeSet as problem:
            print(f"elsewhen: {problem}", file=sys.stderr)
            return 2
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not real", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, umask=UMASK, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
