"""Runs detect-secrets over every file of a list that is text in any encoding; prints its report, and how many it saw.

``python orchestrate_secrets.py LIST WORK [ARGUMENT]...``.  The tool passes over what is no UTF-8 without a word, so it
is given a copy of every file in UTF-8.  What holds NUL bytes and no mark of an encoding is no text, and is counted
apart.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import runpy
import sys

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer ones first: one begins with a shorter one."""


def main() -> None:
    """Lay out the files under their own names, let the tool look at them, and say what it was given."""
    listed, work, *arguments = sys.argv[1:]
    with open(listed, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    top, given = os.path.join(work, "files"), list[str]()
    for name in names:
        with open(name, "rb") as content:
            text = as_text(content.read())
        if text is None:
            continue
        place = os.path.join(top, name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        # No links: the tool follows none that leads out of the folder that it looks at.
        with open(place, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        given.append(name)
    os.makedirs(top, exist_ok=True)
    os.chdir(top)
    sys.argv = ["detect_secrets", *arguments, *(f"./{name}" for name in given)]
    said = io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(said):
        try:
            runpy.run_module("detect_secrets", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = end.code
    if code:
        sys.exit(code if isinstance(code, int) else str(code))
    counts = {"looked_at": len(given), "no_text": len(names) - len(given)}
    json.dump({**json.loads(said.getvalue()), **counts}, sys.stdout)


def as_text(content: bytes) -> str | None:
    """The text of a file, whatever its encoding; ``None`` where it is no text."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


if __name__ == "__main__":
    main()
