"""Runs the same commands in each folder of a list, one after the other; prints one JSON object of what they said.

``python orchestrate_each.py LIST COMMANDS``, where ``COMMANDS`` is a list of command lines in JSON.  All of them are
run, whatever an earlier one ended with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def main() -> None:
    """Go through the folders; a command that cannot be started ended with 127."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        folders = file.read().split("\n")[:-1]
    commands: list[list[str]] = json.loads(sys.argv[2])
    rows = [{"folder": folder, "runs": [_run(argv, folder) for argv in commands]} for folder in folders]
    json.dump({"rows": rows}, sys.stdout)


def _run(argv: list[str], folder: str) -> dict[str, object]:
    place = os.path.join(os.getcwd(), folder)
    try:
        done = subprocess.run(argv, cwd=place, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        return {"code": 127, "out": "", "err": f"{argv[0]}: {error.strerror}"}
    texts = {"out": done.stdout, "err": done.stderr}
    return {"code": done.returncode, **{name: text.decode("utf-8", "replace") for name, text in texts.items()}}


if __name__ == "__main__":
    main()
