"""Lets the project's TypeScript check a copy of each folder of a list, in which nothing is silenced; prints JSON.

``python orchestrate_typescript.py LIST WORK``.  In the copy no comment turns the checker off, line by line as before,
and the project's ``tsconfig.json`` leaves no file out and does not turn the checks off.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

CHECKS_NOTHING = re.compile(r"\"noCheck\"\s*:\s*true\b")
SILENCES = re.compile(r"@ts-(?:ignore|nocheck|expect-error)")
LEFT_OUT = {"node_modules", ".git", ".orchestrator"}
BUILT = {"dist", "build", "coverage"}
"""What tools make; a folder of such a name within ``src`` holds sources."""
ENDS = (".ts", ".mts", ".cts", ".tsx")
TSC = ("--noEmit", "--pretty", "false", "--listFiles", "-p", "orchestrate.tsconfig.json")


def main() -> None:
    """Go through the folders."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        folders = file.read().split("\n")[:-1]
    rows = []
    for number, folder in enumerate(folders):
        copy = os.path.realpath(os.path.join(sys.argv[2], f"copy-{number}"))
        shutil.copytree(folder or ".", copy, symlinks=True, ignore=_left_out)
        modules = next((place for place in above(folder) if os.path.isdir(place)), "node_modules")
        os.symlink(os.path.abspath(modules), os.path.join(copy, "node_modules"))
        for place, _, names in os.walk(copy):
            for name in names:
                path = os.path.join(place, name)
                if name.endswith(ENDS) and not os.path.islink(path):
                    _speak(path)
        settings: dict[str, Any] = {
            "extends": "./tsconfig.json",
            "compilerOptions": {"noEmit": True, "skipLibCheck": True, "rootDir": "."},
            "files": [],
            "include": ["**/*"],
            "exclude": ["node_modules"],
        }
        _write(copy, settings)
        # Whatever the project extends: the checker knows best what holds.  Before 5.6 there is no such setting.
        is_off = CHECKS_NOTHING.search(_tsc(copy, "--showConfig", *TSC[-2:])[1]) is not None
        if is_off:
            settings["compilerOptions"] |= {"noCheck": False}
            _write(copy, settings)
        code, out, err = _tsc(copy, *TSC)
        rows.append({"folder": folder, "copy": copy, "code": code, "out": out, "err": err, "is_off": is_off})
    json.dump({"rows": rows}, sys.stdout)


def _left_out(place: str, names: list[str]) -> set[str]:
    is_source = "src" in os.path.normpath(place).split(os.sep)
    return LEFT_OUT.intersection(names) | (set() if is_source else BUILT.intersection(names))


def _write(copy: str, settings: dict[str, Any]) -> None:
    with open(os.path.join(copy, TSC[-1]), "w", encoding="utf-8") as file:
        json.dump(settings, file)


def _tsc(copy: str, *words: str) -> tuple[int, str, str]:
    argv = [os.path.join(copy, "node_modules", ".bin", "tsc"), *words]
    try:
        done = subprocess.run(argv, cwd=copy, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        return 127, "", f"tsc: {error.strerror}"
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def above(folder: str) -> list[str]:
    """The ``node_modules`` of the folder and of those above it, up to the project's."""
    parts = folder.split("/") if folder else []
    return [os.path.join(*parts[:depth], "node_modules") for depth in range(len(parts), -1, -1)]


def _speak(path: str) -> None:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(SILENCES.sub("(not obeyed)", text))


if __name__ == "__main__":
    main()
