"""Puts files into a throw-away layer, runs a command there, and notes which files of the project it left changed.

``python orchestrate_placed.py PLAN AT COMMAND [ARGUMENT]...``.  ``PLAN`` is a file of JSON: what is removed, and which
file lies where.  A file counts as changed when it was written at all, though its content were put back.

What the project's sources were compiled to is taken away first: a placed file of the same size and second would be
taken for the one that was compiled.  What is installed beside it keeps its own; to compile that again for each run
costs more than most runs do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile

LEFT_OUT = {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".hypothesis", ".orchestrator"}
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".coverage", "htmlcov")


def main() -> None:
    """Place, run, look; the code is the command's."""
    plan, at, *command = sys.argv[1:]
    with open(plan, encoding="utf-8", errors="surrogateescape") as file:
        wanted = json.load(file)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        remove_compiled(at)
    except OSError:
        # Some of it is another user's, so none at all is read.
        os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="bytecode-")
    for name in wanted["remove"]:
        path = os.path.join(at, name)
        if os.path.lexists(path):
            os.unlink(path)
    for name, source in wanted["files"].items():
        path = os.path.join(at, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # A file that is replaced, not written over: it may be a link.
        if os.path.lexists(path):
            os.unlink(path)
        shutil.copyfile(source, path)
    before = files_in(at)
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    after = files_in(at)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    record = os.path.join(os.environ["ORCHESTRATE_REPORT"], "records-placed.jsonl")
    with open(record, "w", encoding="utf-8", errors="backslashreplace") as file:
        rows = [{"start": "placed"}, *({"edited": name} for name in changed), {"end": code}]
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    sys.exit(code if code >= 0 else 128 - code)


def remove_compiled(at: str) -> None:
    """Remove what the project's sources were compiled to."""
    for place, folders, _ in os.walk(at):
        if "__pycache__" in folders:
            path = os.path.join(place, "__pycache__")
            if os.path.islink(path):
                os.unlink(path)
            else:
                shutil.rmtree(path)
        folders[:] = [name for name in folders if name not in LEFT_OUT]


def files_in(at: str) -> dict[str, tuple[int, int, int]]:
    """Every file of the project, and when it was last written."""
    found = {}
    for place, folders, names in os.walk(at):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith(CACHES)]
        for name in names:
            if name.startswith(CACHES) or name.endswith(".pyc"):
                continue
            path = os.path.join(place, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            found[os.path.relpath(path, at)] = (status.st_ino, status.st_size, status.st_ctime_ns)
    return found


if __name__ == "__main__":
    main()
