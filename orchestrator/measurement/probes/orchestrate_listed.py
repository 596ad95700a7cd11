"""Runs a module as ``python -m`` does, with the names in a list as its last arguments: a command line is too short.

``python orchestrate_listed.py MODULE LIST [ARGUMENT]...``
"""

from __future__ import annotations

import runpy
import sys


def main() -> None:
    """Put the names behind the arguments, and become the module."""
    module, listed, *arguments = sys.argv[1:]
    with open(listed, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    sys.argv = [module, *arguments, *(f"./{name}" for name in names)]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
