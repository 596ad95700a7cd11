"""Kill coordinators and shims while a worker ends: ``python -m benchmarks.last_looks [SESSIONS] [SEED]``.

Prints what ``docs/chaos.md`` quotes; ends with 1 if anything was planted, left running, or is not as it is said to be.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.chaos.last_looks import run_looks


def main(sessions: int = 60, seed: int = 20261201) -> int:
    """Play them in a folder that goes with them."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-last-looks-") as folder:
        looks = run_looks(Path(folder), seed=seed, sessions=sessions, policies=("default", "strict", "landlock"))
    print(f"seed {seed}\n{looks}")
    return int(bool(looks.problems))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
