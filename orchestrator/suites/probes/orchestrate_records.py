"""Writes what a recorder of ours saw, one JSON object a line; it runs in the project's own interpreter.

It needs nothing but the standard library of Python 3.7 and is no part of the ``orchestrator`` package at run time.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import sys
from typing import Any

FOLDER_VARIABLE = "ORCHESTRATE_REPORT"
COVERAGE_VARIABLE = "ORCHESTRATE_COVERAGE"
"""Three lines where somebody wants to know what the tests run: the folder that coverage.py lies in, the folder for its
records, and the project's."""


class Records:
    """One file of records of this process.

    The variable that names the folder is taken out of the environment by :meth:`hide`, so that runners which tests
    start themselves write no records.
    """

    def __init__(self, folder: str, runner: str) -> None:
        self._process = os.getpid()
        path = os.path.join(folder, f"records-{self._process}-{secrets.token_hex(8)}.jsonl")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._write, self._dumps, self._getpid = os.write, json.dumps, os.getpid
        self.write(start=runner)

    def write(self, **record: object) -> None:
        """Append one record, unless this is a child that a test has forked."""
        if self._getpid() == self._process:
            self._write(self._file, (self._dumps(record) + "\n").encode("utf-8", "backslashreplace"))


def opened(runner: str) -> Records | None:
    """Begin this process's records; ``None`` where nobody asked for any."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Records(folder, runner) if folder else None


def hide(*variables: str) -> None:
    """Take what asks for records out of the environment of whatever is started from now on."""
    for name in (FOLDER_VARIABLE, COVERAGE_VARIABLE, *variables):
        os.environ.pop(name, None)


def _trace() -> Any:
    """Note what this process runs from now on; ``None`` where nobody asked, or where this interpreter is too old.

    It begins before anything of the project is imported, and by no setting of the project's.
    """
    told = os.environ.get(COVERAGE_VARIABLE, "").split("\n")
    if len(told) != 3:
        return None
    tool, records, source = told
    sys.path.insert(0, tool)
    try:
        import coverage  # type: ignore[import-not-found]  # in the folder that was just named
    except Exception:
        return None
    finally:
        sys.path.remove(tool)
    place = os.path.join(records, "record")
    tracer = coverage.Coverage(data_file=place, data_suffix=True, config_file=False, branch=True, source=[source])
    tracer.start()
    process, getpid = os.getpid(), os.getpid

    def end() -> None:
        tracer.stop()
        if getpid() == process:
            tracer.save()

    atexit.register(end)
    return tracer


tracer = _trace()
"""Held for as long as the process runs; ``None`` where nothing is traced."""
