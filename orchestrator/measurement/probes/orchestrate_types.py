"""Checks the types of Python files as they are without their comments that silence the checker; prints JSON lines.

``python orchestrate_types.py LIST WORK PYTHON MYPY_PATH...``.  The files are copied into WORK under names that can be
imported, with every ``# type: ignore`` and ``# mypy:`` blanked out, and mypy looks at the copies by its own defaults.
The first line says how many files there are and which names were changed; mypy's own lines follow, and its end.
"""

from __future__ import annotations

import json
import os
import re
import sys

SILENCING = re.compile(r"#\s*(?:type:\s*ignore|mypy:)[^\n]*", re.IGNORECASE)


def main() -> None:
    """Copy, check, and pass on what was said."""
    listed, work, python, *paths = sys.argv[1:]
    with open(listed, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    top = os.path.join(work, "src")
    copies = {name: importable(name) for name in names}
    for name, copy in copies.items():
        _copy(name, os.path.join(top, copy))
    renamed = {copy: name for name, copy in copies.items() if copy != name}
    sys.stdout.write(json.dumps({"files": len(names), "renamed": renamed}) + "\n")
    config = os.path.join(work, "mypy.ini")
    bases = [top, *(os.path.join(top, importable(path)) for path in ("src", *paths))]
    with open(config, "w", encoding="utf-8") as file:
        file.write("[mypy]\nexplicit_package_bases = True\nnamespace_packages = True\n")
        file.write(f"mypy_path = {':'.join(dict.fromkeys(path for path in bases if os.path.isdir(path)))}\n")
    from mypy import api

    os.chdir(top)
    os.environ["MYPYPATH"] = ""
    chosen = ["--python-executable", python] if python else ["--no-site-packages"]
    quick = ["--no-incremental", "--cache-dir", os.devnull]
    said, errors, code = api.run(
        ["--config-file", config, "--output", "json", *quick, *chosen, "--", *dict.fromkeys(copies.values())]
    )
    sys.stdout.write(said)
    sys.stderr.write(errors)
    sys.stdout.write(json.dumps({"end": code}) + "\n")


def importable(name: str) -> str:
    """The name with every part such that Python could import it: ``my-scripts/run.py`` as ``my_scripts/run.py``."""
    stem, suffix = os.path.splitext(name)
    parts = [re.sub(r"\W", "_", part) for part in stem.split("/")]
    return "/".join(f"_{part}" if part[:1].isdigit() else part for part in parts) + suffix


def _copy(name: str, to: str) -> None:
    os.makedirs(os.path.dirname(to), exist_ok=True)
    with open(name, "rb") as file:
        text = file.read().decode("utf-8", "surrogateescape")
    with open(to, "wb") as file:
        file.write(SILENCING.sub("", text).encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main()
