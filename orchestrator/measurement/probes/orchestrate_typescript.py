"""Lets the project's TypeScript check a copy of each folder of a list, in which nothing is silenced; prints JSON.

``python orchestrate_typescript.py LIST WORK``.  In the copy no comment turns the checker off, line by line as before,
and the project's ``tsconfig.json`` leaves no file out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

SILENCES = re.compile(r"@ts-(?:ignore|nocheck|expect-error)")
LEFT_OUT = ("node_modules", ".git", ".orchestrator", "dist", "build", "coverage")
ENDS = (".ts", ".mts", ".cts", ".tsx")
TSC = ("--noEmit", "--pretty", "false", "--listFiles", "-p", "orchestrate.tsconfig.json")


def main() -> None:
    """Go through the folders."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        folders = file.read().split("\n")[:-1]
    rows = []
    for number, folder in enumerate(folders):
        copy = os.path.realpath(os.path.join(sys.argv[2], f"copy-{number}"))
        shutil.copytree(folder or ".", copy, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        modules = next((place for place in above(folder) if os.path.isdir(place)), "node_modules")
        os.symlink(os.path.abspath(modules), os.path.join(copy, "node_modules"))
        for place, _, names in os.walk(copy):
            for name in names:
                path = os.path.join(place, name)
                if name.endswith(ENDS) and not os.path.islink(path):
                    _speak(path)
        settings = {
            "extends": "./tsconfig.json",
            "compilerOptions": {"noEmit": True, "skipLibCheck": True, "rootDir": "."},
            "files": [],
            "include": ["**/*"],
            "exclude": ["node_modules"],
        }
        with open(os.path.join(copy, TSC[-1]), "w", encoding="utf-8") as file:
            json.dump(settings, file)
        argv = [os.path.join(copy, "node_modules", ".bin", "tsc"), *TSC]
        try:
            done = subprocess.run(argv, cwd=copy, capture_output=True, stdin=subprocess.DEVNULL, check=False)
            code, out, err = done.returncode, done.stdout, done.stderr
        except OSError as error:
            code, out, err = 127, b"", f"tsc: {error.strerror}".encode()
        texts = [text.decode("utf-8", "replace") for text in (out, err)]
        rows.append({"folder": folder, "copy": copy, "code": code, "out": texts[0], "err": texts[1]})
    json.dump({"rows": rows}, sys.stdout)


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
