"""What the shim does on its own account: reaps, obeys, ends what is orphaned, writes the exit record."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.sandbox.control_groups import own_group
from orchestrator.shim.attempt_records import encode, replace_file

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")
ROOT = Path(__file__).resolve().parents[2]
ESCAPEES = ("grandchild", "plain", "grandchild", "setsid", "grandchild", "double", "grandchild", "stopped")


async def test_raw_output_arrives_byte_for_byte_in_private_files(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "raw", "300", "err", "oops", "exit", "7")
    record = await stage.ended(crew)
    stdout, stderr = stage.layout.stdout(W), stage.layout.stderr(W)
    assert stdout.read_bytes() == bytes(range(256)) * 300
    assert stderr.read_bytes() == b"oops\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (stdout, stderr)] == [0o600, 0o600]
    assert (record.code, record.stdout_end, record.stderr_end, record.stopped_by) == (7, 76800, 5, "itself")
    assert record.proof == stage.proof
    assert crew.running() == frozenset()


async def test_a_flood_is_written_whole(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "flood", "20000", "exit", "0")
    record = await stage.ended(crew)
    expected = b"".join(f"line {number} {'x' * 200}\n".encode() for number in range(20000))
    assert stage.layout.stdout(W).read_bytes() == expected
    assert record.stdout_end == len(expected)


async def test_every_attempt_appends_and_says_where_it_began(stage: Stage) -> None:
    crew = stage.crew()
    for attempt in (1, 2):
        stage.start(crew, "say", f"attempt {attempt}", "exit", "0", attempt=attempt)
        await stage.ended(crew)
    assert stage.said() == "attempt 1\nattempt 2\n"
    record = json.loads((stage.layout.workers_dir / "w1.2.json").read_text())
    assert (record["stdout"]["start"], record["exit"]["stdout_end"]) == (10, 20)


async def test_an_attempt_is_performed_once(stage: Stage) -> None:
    first, second = stage.crew(), stage.crew()
    started = stage.start(first, "say", "once", "hang")
    stage.wait_said("once")
    assert stage.start(second, "say", "twice", "exit", "0").shim == started.shim
    first.kill(W)
    assert await stage.ended(second) == await stage.ended(first)
    third = stage.crew()
    stage.start(third, "say", "three times", "exit", "0")
    assert await stage.ended(third) == await stage.ended(first)
    assert stage.said() == "once\nready\n"


@pytest.mark.slow
async def test_what_an_agent_leaves_behind_when_it_ends_is_ended_too(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "grandchild", "setsid", "grandchild", "double", "python",
                          "import time; time.sleep(0.3)", "exit", "5")  # fmt: skip
    stage.wait_said("double")
    tree = [row.pid for row in stage.tree(started.shim.pid)]
    record = await stage.ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert (record.code, record.stopped_by, record.proof) == (5, "itself", stage.proof)
    if stage.backend == "none":
        assert "2 of its processes outlived it" in record.note


@pytest.mark.slow
async def test_nothing_is_left_when_the_shim_is_killed(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "ignore-term", *ESCAPEES, "hang")
    tree = stage.escaped(started.shim.pid)
    os.kill(started.shim.pid, signal.SIGKILL)
    record = await stage.ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    # With neither namespace nor group they can be found, but it cannot be proven that these were all.
    proof = {"bubblewrap": "empty pid namespace", "none": "cgroup empty" if own_group() else "none"}[stage.backend]
    assert (record.code, record.stopped_by, record.proof) == (None, "shim lost", proof)


async def test_a_stop_asked_of_the_shim_by_signal_is_a_clean_stop(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "on-term", "6", "hang")
    stage.wait_said("ready")
    os.kill(started.shim.pid, signal.SIGTERM)
    assert (await stage.ended(crew)).code == 6


@pytest.mark.slow
@pytest.mark.parametrize("grace_s", [0, 1])
def test_nothing_is_left_when_the_coordinator_is_killed(stage: Stage, grace_s: int) -> None:
    words = ("ignore-term", *ESCAPEES, "hang")
    command = [sys.executable, str(Path(__file__).with_name("coordinating.py")), str(stage.folder), stage.backend]
    with subprocess.Popen(
        [*command, str(grace_s), *words], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as coordinator:
        assert coordinator.stdout is not None
        shim = int(coordinator.stdout.readline())
        tree = stage.escaped(shim)
        killed = time.monotonic()
        coordinator.kill()
    stage.until(lambda: not all(stage.is_alive(pid) for pid in tree))
    # Somebody might have taken over: the tree was alive until the grace was over.
    assert time.monotonic() - killed >= grace_s
    stage.until(lambda: not any(stage.is_alive(pid) for pid in [*tree, shim]))
    record = json.loads((stage.layout.workers_dir / "w1.1.json").read_text())["exit"]
    assert (record["stopped_by"], record["proof"]) == ("orphaned", stage.proof)


async def test_commands_are_performed_once_and_in_order(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "hang")
    stage.wait_said("ready")
    record = stage.layout.workers_dir / "w1.1.json"
    control = stage.layout.control_dir / W
    replace_file(str(control / "0002.json"), encode({"command": "thaw"}))
    replace_file(str(control / "0001.json"), encode({"command": "freeze"}))
    (control / "0003.json").write_text("{half")
    os.kill(started.shim.pid, signal.SIGUSR1)
    stage.until(lambda: json.loads(record.read_text())["commands_done"] == 3)
    assert json.loads(record.read_text())["frozen"] is False
    replace_file(str(control / "0002.json"), encode({"command": "freeze"}))
    os.kill(started.shim.pid, signal.SIGUSR1)
    crew.kill(W)
    note = (await stage.ended(crew)).note
    assert "command 3 could not be read" in note
    assert json.loads(record.read_text())["commands_done"] == 4


async def test_a_new_attempt_does_not_perform_the_old_ones_commands(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "hang")
    stage.wait_said("ready")
    crew.kill(W)
    await stage.ended(crew)
    stage.start(crew, "say", "second", "exit", "0", attempt=2)
    assert (await stage.ended(crew)).code == 0
