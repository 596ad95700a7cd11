"""Put the stand-ins into a folder of executables named like the CLIs they stand in for."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from .__main__ import NAMES

_START = "import sys\nfrom stand_in.__main__ import main\nsys.exit(main(sys.argv[1:]))\n"


def install_stand_ins(folder: Path, python: Path, names: Sequence[str] = NAMES) -> Path:
    """Write ``folder/bin/<name>`` for each name, and beside it a copy of the program they run.

    Only ``folder`` and the interpreter need to be visible where they are started.  An existing copy is replaced.

    Args:
        python: The interpreter; any Python from 3.11 on, without packages.

    Returns:
        The folder with the executables, for PATH.
    """
    library, executables = folder / "lib", folder / "bin"
    package = library / "stand_in"
    package.mkdir(parents=True, exist_ok=True)
    executables.mkdir(parents=True, exist_ok=True)
    for source in Path(__file__).parent.glob("*.py"):
        shutil.copyfile(source, package / source.name)
    (library / "__main__.py").write_text(_START, encoding="utf-8")
    for name in names:
        script = executables / name
        script.unlink(missing_ok=True)
        command = " ".join(shlex.quote(str(word)) for word in (python, "-I", library, name))
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return executables
