"""Lets Clippy check a copy of each crate of a list, in which nothing is allowed; prints one JSON object.

``python orchestrate_rust.py LIST WORK``.  In the copy ``#[allow(…)]`` and ``#[expect(…)]`` warn, line by line as
before, and so do the ``[lints]`` of a manifest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

GAP = r"(?:\s|/\*.*?\*/|//[^\n]*\n)*"
ATTRIBUTE = re.compile(rf"""#{GAP}!?{GAP}\[(?:"(?:\\.|[^"\\])*"|\[[^\]]*\]|[^\[\]"])*\]""", re.DOTALL)
ALLOWS = re.compile(rf"\b(?:allow|expect)(?={GAP}\()", re.DOTALL)
LEFT_OUT = {".git", ".orchestrator", "node_modules", "clippy.toml", ".clippy.toml"}
CLIPPY = ("cargo", "clippy", "--workspace", "--all-targets", "--offline", "--message-format", "json", "--quiet")


def main() -> None:
    """Go through the folders."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        folders = file.read().split("\n")[:-1]
    rows = []
    for number, folder in enumerate(folders):
        copy = os.path.join(sys.argv[2], f"copy-{number}")
        shutil.copytree(folder or ".", copy, symlinks=True, ignore=_left_out)
        for place, _, names in os.walk(copy):
            for name in names:
                path = os.path.join(place, name)
                if not os.path.islink(path) and (name.endswith(".rs") or name == "Cargo.toml"):
                    _rewrite(path, outspoken if name.endswith(".rs") else warned)
        target = os.path.join(sys.argv[2], "target")
        # A variable goes before .cargo/config.toml, and what comes last on the command line before a manifest.
        environ = {**os.environ, "CARGO_TARGET_DIR": target, "RUSTFLAGS": "-Wunused", "CLIPPY_CONF_DIR": sys.argv[2]}
        argv = [*CLIPPY, "--", "-W", "clippy::all"]
        done = subprocess.run(argv, cwd=copy, env=environ, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        rows.append({"folder": folder, "code": done.returncode, "out": out, "err": err})
    json.dump({"rows": rows}, sys.stdout)


def _left_out(place: str, names: list[str]) -> set[str]:
    # Cargo's own lies beside a manifest; a module may have the same name.
    is_cargos = "Cargo.toml" in names
    return LEFT_OUT.intersection(names) | ({"target"}.intersection(names) if is_cargos else set())


def _rewrite(path: str, change: Callable[[str], str]) -> None:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(change(text))


def outspoken(text: str) -> str:
    """A source in which every attribute that allows something warns of it."""
    return ATTRIBUTE.sub(lambda attribute: ALLOWS.sub("warn", attribute[0]), text)


def warned(text: str) -> str:
    """A manifest whose ``[lints]`` allow nothing."""
    lines, within = list[str](), False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            within = "lints" in line
        lines.append(re.sub("""(['"])allow(['"])""", r"\1warn\2", line) if within else line)
    return "".join(lines)


if __name__ == "__main__":
    main()
