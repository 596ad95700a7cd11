from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

WATCH_WITHOUT_INOTIFY = """
import sys; from pathlib import Path
import anyio
from orchestrator.files.folder_watch import file_changes
async def main(folder):
    async with file_changes([folder]) as changes:
        assert await anext(changes) is None
        (folder / "claude.jsonl").write_text("x")
        with anyio.fail_after(60):
            async for names in changes:
                if names and folder / "claude.jsonl" in names:
                    return print(type(changes).__name__, "told", flush=True)
anyio.run(main, Path(sys.argv[1]))
"""
NO_INSTANCES = "echo 0 > /proc/sys/user/max_inotify_instances"


ADD_A_FOLDER_TOO_MANY = """
import sys; from pathlib import Path
import anyio
from orchestrator.files.folder_watch import file_changes
async def main(folder):
    more = folder / "more"; more.mkdir()
    async with file_changes([folder]) as changes:
        changes.add(more)
        (more / "events.jsonl").write_text("x")
        with anyio.fail_after(60):
            for _ in range(3):
                assert await anext(changes) is None
            return print(type(changes).__name__, "told", flush=True)
anyio.run(main, Path(sys.argv[1]))
"""
ONE_WATCH = "echo 1 > /proc/sys/user/max_inotify_watches"


def can_use_up_inotify() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and not subprocess.run([unshare, "-Ur", "sh", "-c", NO_INSTANCES]).returncode


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "script", "told"),
    [
        pytest.param(NO_INSTANCES, WATCH_WITHOUT_INOTIFY, "WatchfilesChanges told\n", id="no instances from the start"),
        pytest.param(ONE_WATCH, ADD_A_FOLDER_TOO_MANY, "InotifyChanges told\n", id="no watches later on"),
    ],
)
def test_changes_are_told_by_looking_where_inotify_is_used_up(
    tmp_path: Path, limit: str, script: str, told: str, not_proven: Callable[[str], NoReturn]
) -> None:
    if not can_use_up_inotify():
        not_proven("no user namespace to use up inotify's instances in")
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", f'{limit} && exec "$0" -c "$1" "$2"', sys.executable, script, tmp_path],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == told, done.stderr
