"""Plants every name of git's documentation in every way, under each policy: ``python -m benchmarks.planting [NUMBER]``.

Takes the better part of an hour.  Prints a table: what was tried, what ran without a sandbox, what ran through one, by
root and by an ordinary user.  The control, without a sandbox, is run once, while the others go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tests.sandbox.table import PLANTING, USERS, planted, trial_folder

AT_ONCE: Final = 4
"""Rows."""
LONGEST_S: Final = 7200.0
"""Of one row."""


def row(policy: str, backend: str, user: str, number: int | None) -> Mapping[str, Any]:
    """One row, in a folder of its own; the policy ``-`` is the control."""
    with trial_folder() as folder:
        return planted(policy, backend, user=user, folder=folder, number=number, time_s=LONGEST_S)


def main(words: list[str]) -> int:
    """Try them all, or a number of those that need one file only; 1 if anything ran."""
    number = int(words[0]) if words else None
    users = [user for user in USERS if user != "root" or os.geteuid() == 0]
    worst = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        control = pool.submit(row, "-", "none", users[0], number)
        rows = [(*each, user, pool.submit(row, *each, user, number)) for each in PLANTING for user in users]
        print("| policy | backend | user | tried | ran all the same | taken back, kept or named |")
        print("| --- | --- | --- | --- | --- | --- |")
        for policy, backend, user, waiting in rows:
            found = waiting.result()
            worst = max(worst, len(found["ran"]))
            ran = ": ".join(filter(None, (str(len(found["ran"])), ", ".join(found["ran"]))))
            print(f"| {policy} | {backend} | {user} | {found['tried']} | {ran} | {found['said']} |", flush=True)
        could = control.result()
        print(f"\nRan without a sandbox: {len(could['could'])} of {could['tried']}: {', '.join(could['could'])}.")
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
