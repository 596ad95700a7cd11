"""Plants every name of git's documentation in every way, under each policy: ``python -m benchmarks.planting``.

Takes the better part of an hour.  Prints a table: what was tried, what ran without a sandbox, what ran through one.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.sandbox.planting import trial

COLUMNS = (("default", "bubblewrap"), ("strict", "bubblewrap"), ("default", "landlock"), ("strict", "landlock"))


def main(words: list[str]) -> int:
    """Try them all, or a number of those that need one file only; 1 if anything ran."""
    number = int(words[0]) if words else None
    worst = 0
    sys.stdout.write(
        "| policy | backend | tried | ran without a sandbox | ran all the same |\n| --- | --- | --- | --- | --- |\n"
    )
    for policy, backend in COLUMNS:
        with tempfile.TemporaryDirectory(prefix="orchestrate-planting-") as folder:
            found = trial(policy, backend, Path(folder).resolve(), number=number)
        ran, could = found["ran"], found["could"]
        assert isinstance(ran, list)
        assert isinstance(could, list)
        worst = max(worst, len(ran))
        what = f"{len(ran)}: {', '.join(ran)}" if ran else "0"
        sys.stdout.write(f"| {policy} | {backend} | {found['tried']} | {len(could)} | {what} |\n")
        sys.stdout.flush()
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
