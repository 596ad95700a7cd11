"""What the looks at a large target cost, beside git's own status of it: the first, which records all, and the next.

    python -m benchmarks.large_target [FILES]

By default 100,000 small files in 1,000 folders, all of them committed.  CPU counts, and disk: on a busy machine the
seconds on the clock say little.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import ForeignFolder
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.repository import find_repository
from orchestrator.snapshots.uncommitted import state_of

FILES: Final = 100_000
IN_FOLDER: Final = 100


def make_target(folder: Path, files: int) -> None:
    """A repository with so many files, each with content of its own."""
    for number in range(files):
        place = folder / f"part{number // (10 * IN_FOLDER)}" / f"module{number // IN_FOLDER}" / f"file{number}.py"
        if number % IN_FOLDER == 0:
            place.parent.mkdir(parents=True)
        place.write_text(f"x = {number}\n" * 20)
    # Git would tidy up by itself, in the background, while the looks are measured.
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        subprocess.run([*git, *words], cwd=folder, check=True)


def measured(name: str, act: Callable[[], object]) -> None:
    """Do something and print what it took, with all the processes that it started."""
    began, before = time.monotonic(), os.times()
    act()
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    print(f"{name:<45} {cpu:7.2f} s CPU  {time.monotonic() - began:7.2f} s")


def main(arguments: Sequence[str]) -> int:
    files = int(arguments[0]) if arguments else FILES
    with tempfile.TemporaryDirectory(prefix="orchestrate-large-") as name:
        target, kept = Path(name).resolve() / "target", Path(name) / "snapshots"
        target.mkdir()
        make_target(target, files)
        print(f"{files:,} files")
        for _ in range(2):
            measured("git status", partial(subprocess.run, ["git", "status", "--short"], cwd=target, check=True))
        repository = find_repository(target)
        assert repository is not None
        measured("uncommitted work", partial(state_of, repository, os.environ, git="git"))
        snapshots = Snapshots(kept, target)
        measured("first look", partial(snapshots.record, "begin"))
        measured("next look", partial(snapshots.record, "next"))
        moment = snapshots.moment("begin")
        assert moment is not None
        measured("writing it down again", partial(snapshots.check_out, moment, Path(name) / "out"))
        print(f"disk of the snapshots: {ForeignFolder(kept).allocated_bytes() / 2**20:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
