"""Tell which bubblewrap can lay a throw-away layer over a folder: 0.11 and later can, Debian's 0.8 cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from orchestrator.sandbox.bubblewrap import bubblewraps

TRY_WITHIN_S = 20.0
"""A trial takes a hundredth of a second; a machine that is busy for long is not taken for one that cannot."""


def find_overlay_bubblewrap(environ: Mapping[str, str], folder: Path) -> Path | None:
    """Find the first bubblewrap that can lay ``--overlay-src``/``--tmp-overlay`` over ``folder``.

    It is tried, once a process and folder: the program must know the words, the kernel must allow the mount to a
    user namespace, and the folder's own file system must serve as a lower layer.

    Returns:
        ``None`` where none can.
    """
    return next((bwrap for bwrap in bubblewraps(environ) if _can_lay_over(bwrap, folder.resolve())), None)


@lru_cache(maxsize=64)
def _can_lay_over(bwrap: Path, folder: Path) -> bool:
    try:
        if b"tmp-overlay" not in bwrap.read_bytes():
            return False
        tried = subprocess.run(
            [
                *(str(bwrap), "--unshare-user", "--unshare-pid", "--die-with-parent", "--ro-bind", "/", "/"),
                *("--overlay-src", str(folder), "--tmp-overlay", str(folder), "--", "/bin/sh", "-c", ":"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            # As tests run in it: what is preloaded here may not start in there.
            env={},
            timeout=TRY_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0
