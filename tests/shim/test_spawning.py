"""How the worker's own process begins its life."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.shim.processes import RESERVED_SIGNALS, RT_SIGACTION
from orchestrator.shim.spawning import open_output

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")


async def test_it_begins_in_the_right_folder_with_no_signal_blocked_or_ignored(stage: Stage) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as under nohup, or in the background of a script
    try:
        crew = stage.crew()
        stage.start(crew, "/bin/sh", "-c", "pwd; grep Sig /proc/self/status; ls /proc/self/fd | wc -l")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (await stage.ended(crew)).code == 0
    lines = stage.said().splitlines()
    assert lines[0] == str(stage.target)
    masks = dict(line.split(":\t") for line in lines[1:] if line.startswith("Sig"))
    assert (int(masks["SigBlk"], 16), int(masks["SigIgn"], 16)) == (0, 0)
    assert lines[-1] == "4"  # its three streams, and the listing's own


async def test_signals_of_the_c_library_that_came_to_us_ignored_are_not_ignored_in_a_worker(stage: Stage) -> None:
    """posix_spawn of glibc starts its children so; the program may have been started by it, on any Python."""
    with reserved_signals_ignored():
        crew = stage.crew()
        stage.start(crew, "/bin/sh", "-c", "grep SigIgn /proc/self/status")
    assert (await stage.ended(crew)).code == 0
    assert int(stage.said().split()[1], 16) == 0


@contextmanager
def reserved_signals_ignored() -> Iterator[None]:
    """Ignore them by the system call, since the C library refuses."""
    syscall, number = ctypes.CDLL(None, use_errno=True).syscall, RT_SIGACTION[os.uname().machine]
    before = {reserved: ctypes.create_string_buffer(32) for reserved in RESERVED_SIGNALS}
    ignore = (1).to_bytes(8, sys.byteorder) + bytes(24)
    for reserved, kept in before.items():
        assert syscall(number, reserved, ignore, kept, 8) == 0
    try:
        yield
    finally:
        for reserved, kept in before.items():
            assert syscall(number, reserved, kept, None, 8) == 0


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=oct)
async def test_files_it_makes_have_the_permissions_that_the_user_gives_files(stage: Stage, umask: int) -> None:
    before = os.umask(umask)
    try:
        crew = stage.crew()
        stage.start(crew, "/bin/sh", "-c", "umask; touch made")
    finally:
        os.umask(before)
    await stage.ended(crew)
    assert stage.said() == f"{umask:04o}\n"
    assert stat.S_IMODE((stage.target / "made").stat().st_mode) == 0o666 & ~umask


async def test_it_is_in_a_session_of_its_own_apart_from_the_shims(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "hang")
    stage.wait_said("ready")
    leaders = {
        Path(f"/proc/{row.pid}/stat").read_text().rsplit(")", 1)[1].split()[3] for row in stage.tree(started.shim.pid)
    }
    crew.kill(W)
    await stage.ended(crew)
    assert leaders - {str(started.shim.pid)}


async def test_a_program_that_cannot_be_executed_is_said_so_on_its_standard_error(stage: Stage) -> None:
    broken = stage.target / "broken"
    broken.write_text("#!/nonexistent/interpreter\n")
    broken.chmod(0o755)
    crew = stage.crew()
    stage.start(crew, str(broken))
    record = await stage.ended(crew)
    assert record.code not in (0, None)
    assert str(broken) in stage.layout.stderr(W).read_text()


async def test_the_pids_it_reports_are_the_sandboxs_own(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "hang")
    stage.wait_said("ready")
    record = json.loads((stage.layout.workers_dir / "w1.1.json").read_text())
    tree = {row.pid: row.parent for row in stage.tree(started.shim.pid)}
    assert tree[record["child"]["pid"]] == started.shim.pid
    if stage.backend == "bubblewrap":
        assert tree[record["namespace_init"]["pid"]] == record["child"]["pid"]
    else:
        assert record["namespace_init"] is None
    crew.kill(W)
    await stage.ended(crew)


def test_an_output_file_is_private_appended_to_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before")
    descriptor, size = open_output(str(tmp_path / "out"))
    os.write(descriptor, b" after")
    os.close(descriptor)
    assert size == 6
    assert (tmp_path / "out").read_text() == "before after"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        open_output(str(tmp_path / "link"))
