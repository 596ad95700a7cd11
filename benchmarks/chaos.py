"""The long chaos run: ``python benchmarks/chaos.py [KILLS] [SEED] [SESSIONS AT ONCE] [KILLS OF EACH TEAM [TEAM …]]``.

As root, or within ``unshare -Urm``, every third session runs on a small disk that is filled.
With a fourth figure, sessions of every pattern of a plan are played, and follow-ups on some that were done
(``orchestrate continue``), until so many processes were killed of each; names behind it play these alone.
Prints what ``docs/chaos.md`` quotes; ends with 1 if anything was lost, doubled or left behind.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.chaos.campaign import CHANGE, FOLLOW_UP, FOLLOWED_UP, run_campaign
from tests.chaos.teams import TEAMS


def main(kills: int = 500, seed: int = 20261121, at_once: int = 1, each: int = 0, *, names: Sequence[str] = ()) -> int:
    """Run it in a folder of its own, which is kept if anything went wrong."""
    every = tuple(names) or (*TEAMS, *(f"{FOLLOW_UP} {team}" for team in FOLLOWED_UP))
    folder = Path(tempfile.mkdtemp(prefix="orchestrate-chaos-"))
    disks = os.geteuid() == 0
    figures = run_campaign(
        folder,
        seed=seed,
        kills=kills,
        disks=disks,
        at_once=at_once,
        played=every if each else (CHANGE,),
        each=each,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(f"seed {seed}\n{figures}")
    if figures.problems:
        print(f"kept: {folder}")
    return int(bool(figures.problems))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:5]), names=sys.argv[5:]))
