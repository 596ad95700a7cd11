"""Real workers under real shims: started, followed, ended."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.identity import WorkerId
from orchestrator.models.launch import StopStep
from orchestrator.models.workers import ExitRecord
from orchestrator.workers.records import encode, replace_file

if TYPE_CHECKING:
    from orchestrator.workers.crew import Crew
    from tests.workers.conftest import Stage

W = WorkerId("w1")
ROOT = Path(__file__).resolve().parents[2]
ESCAPEES = ("grandchild", "plain", "grandchild", "setsid", "grandchild", "double", "grandchild", "stopped")
SHORT = (StopStep("TERM", 0.2),)


async def ended(crew: Crew) -> ExitRecord:
    with anyio.fail_after(15):
        return await crew.wait_exited(W)


def proof_of(stage: Stage) -> str:
    return "empty pid namespace" if stage.backend == "bubblewrap" else "empty sub-reaper walk"


def escaped(stage: Stage, shim: int) -> list[int]:
    """Wait until all escapees are there; returns every process of the tree."""
    for kind in ("plain", "setsid", "double", "stopped", "ready"):
        stage.wait_said(kind)
    tree = stage.tree(shim)
    assert len(tree) >= 5
    return [row.pid for row in tree]


async def test_raw_output_arrives_byte_for_byte_in_private_files(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "raw", "300", "err", "oops", "exit", "7")
    record = await ended(crew)
    stdout, stderr = stage.layout.stdout(W), stage.layout.stderr(W)
    assert stdout.read_bytes() == bytes(range(256)) * 300
    assert stderr.read_bytes() == b"oops\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (stdout, stderr)] == [0o600, 0o600]
    assert (record.code, record.stdout_end, record.stderr_end, record.stopped_by) == (7, 76800, 5, "itself")
    assert record.proof == proof_of(stage)
    assert crew.running() == frozenset()


async def test_a_flood_is_written_whole(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "flood", "20000", "exit", "0")
    record = await ended(crew)
    expected = b"".join(f"line {number} {'x' * 200}\n".encode() for number in range(20000))
    assert stage.layout.stdout(W).read_bytes() == expected
    assert record.stdout_end == len(expected)


async def test_the_prompt_reaches_standard_input_whole_and_then_ends(stage: Stage) -> None:
    crew = stage.crew()
    prompt = "größer ✓\n" * 200_000
    stage.start(crew, "echo", "exit", "0", stdin=prompt)
    await ended(crew)
    assert stage.layout.stdout(W).read_text() == prompt


async def test_every_attempt_appends_and_says_where_it_began(stage: Stage) -> None:
    crew = stage.crew()
    for attempt in (1, 2):
        stage.start(crew, "say", f"attempt {attempt}", "exit", "0", attempt=attempt)
        await ended(crew)
    assert stage.said() == "attempt 1\nattempt 2\n"
    record = json.loads((stage.layout.workers_dir / "w1.2.json").read_text())
    assert (record["stdout"]["start"], record["exit"]["stdout_end"]) == (10, 20)


async def test_an_attempt_is_performed_once(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "say", "once", "exit", "0")
    await ended(crew)
    again = stage.crew()
    stage.start(again, "say", "twice", "exit", "0")
    record = await ended(again)
    assert stage.said() == "once\n"
    assert record.code == 0  # of the first one


async def test_a_graceful_stop_reaches_the_agent_itself_and_its_exit_code_comes_through(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "on-term", "3", "hang")
    stage.wait_said("ready")
    crew.stop(W, because="a test")
    record = await ended(crew)
    assert "caught 15" in stage.said()
    assert (record.code, record.stopped_by, record.proof) == (3, "stop", proof_of(stage))
    assert "a test" in record.note


async def test_the_ladder_is_climbed_down_step_by_step(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "on-term", "4", "python", "import signal; signal.signal(15, signal.SIG_IGN)", "hang",
                ladder=(StopStep("TERM", 0.2), StopStep("INT", 5.0)))  # fmt: skip
    stage.wait_said("ready")
    crew.stop(W, because="a test")
    record = await ended(crew)
    assert "caught 2" in stage.said()
    assert record.code == 4


@pytest.mark.slow
async def test_a_stop_ends_what_ignores_signals_and_what_has_escaped(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "ignore-term", *ESCAPEES, "hang", ladder=SHORT)
    tree = escaped(stage, started.shim.pid)
    crew.stop(W, because="a test")
    record = await ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert (record.stopped_by, record.proof) == ("stop", proof_of(stage))


async def test_a_kill_ends_the_tree_at_once(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "ignore-term", *ESCAPEES, "hang", ladder=(StopStep("TERM", 60.0),))
    tree = escaped(stage, started.shim.pid)
    crew.kill(W)
    record = await ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert record.proof == proof_of(stage)


@pytest.mark.slow
async def test_what_an_agent_leaves_behind_when_it_ends_is_ended_too(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "grandchild", "setsid", "grandchild", "double", "python",
                          "import time; time.sleep(0.3)", "exit", "5")  # fmt: skip
    stage.wait_said("double")
    tree = [row.pid for row in stage.tree(started.shim.pid)]
    record = await ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert (record.code, record.stopped_by, record.proof) == (5, "itself", proof_of(stage))
    if stage.backend == "none":
        assert "2 of its processes outlived it" in record.note


@pytest.mark.slow
async def test_nothing_is_left_when_the_shim_is_killed(stage: Stage) -> None:
    if stage.backend == "none":
        pytest.skip("that is what the sandbox is for")
    crew = stage.crew()
    started = stage.start(crew, "ignore-term", *ESCAPEES, "hang")
    tree = escaped(stage, started.shim.pid)
    os.kill(started.shim.pid, signal.SIGKILL)
    record = await ended(crew)
    assert [pid for pid in tree if stage.is_alive(pid)] == []
    assert (record.code, record.stopped_by, record.proof) == (None, "shim lost", "empty pid namespace")


async def test_a_stop_asked_of_the_shim_by_signal_is_a_clean_stop(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "on-term", "6", "hang")
    stage.wait_said("ready")
    os.kill(started.shim.pid, signal.SIGTERM)
    assert (await ended(crew)).code == 6


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
        tree = escaped(stage, shim)
        coordinator.kill()
    if grace_s:
        # Somebody may still take over: the tree is alive until the grace is over.
        assert all(stage.is_alive(pid) for pid in tree)
    stage.until(lambda: not any(stage.is_alive(pid) for pid in [*tree, shim]), 15)
    record = json.loads((stage.layout.workers_dir / "w1.1.json").read_text())["exit"]
    assert (record["stopped_by"], record["proof"]) == ("orphaned", proof_of(stage))


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def grows(path: Path) -> bool:
    """Whether a file that gets a byte every millisecond or two grows while we watch."""
    before = size(path)
    for _ in range(50):
        await anyio.sleep(0.01)
        if size(path) != before:
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("how", ["count", "fork"])
async def test_a_frozen_tree_stands_still_and_a_thawed_one_goes_on(stage: Stage, how: str) -> None:
    crew = stage.crew()
    counter = stage.target / "counter"
    words = ("count", str(counter)) if how == "count" else ("fork", str(counter), "hang")
    started = stage.start(crew, *words)
    stage.wait_said("ready")
    stage.until(lambda: size(counter) > 5)
    record = stage.layout.workers_dir / "w1.1.json"
    crew.freeze(W)
    stage.until(lambda: json.loads(record.read_text())["frozen"])
    assert not await grows(counter)
    crew.thaw(W)
    stage.until(lambda: not json.loads(record.read_text())["frozen"])
    assert await grows(counter)
    assert json.loads(record.read_text())["commands_done"] == 2
    crew.freeze(W)
    stage.until(lambda: json.loads(record.read_text())["frozen"])
    crew.kill(W)
    await ended(crew)
    assert not stage.is_alive(started.shim.pid)


async def test_a_frozen_worker_can_be_stopped_gracefully(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "on-term", "3", "hang")
    stage.wait_said("ready")
    crew.freeze(W)
    crew.stop(W, because="a test")
    assert (await ended(crew)).code == 3


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
    note = (await ended(crew)).note
    assert "command 3 could not be read" in note
    assert json.loads(record.read_text())["commands_done"] == 4


async def test_a_new_attempt_does_not_perform_the_old_ones_commands(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "hang")
    stage.wait_said("ready")
    crew.kill(W)
    await ended(crew)
    stage.start(crew, "say", "second", "exit", "0", attempt=2)
    assert (await ended(crew)).code == 0


async def test_another_coordinator_adopts_a_running_worker_and_hears_of_its_end(stage: Stage) -> None:
    first, second = stage.crew(), stage.crew()
    started = stage.start(first, "on-term", "9", "hang")
    stage.wait_said("ready")
    adopted = second.adopt(W, 1)
    assert adopted is not None
    assert adopted.shim == started.shim
    assert adopted.argv == started.argv
    second.stop(W, because="adopted")
    record = await ended(second)
    assert (record.code, record.proof) == (9, proof_of(stage))
    assert second.exit_of(W, 1) == await ended(first)
    assert stage.crew().adopt(W, 1) is None


async def test_a_recycled_pid_is_neither_adopted_nor_signalled(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "exit", "0")
    await ended(crew)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        record = stage.layout.workers_dir / "w1.1.json"
        value = json.loads(record.read_text())
        value["shim"]["pid"] = bystander.pid
        value["exit"] = None
        record.write_text(json.dumps(value))
        assert crew.adopt(W, 1) is None
        lost = crew.exit_of(W, 1)
        assert lost is not None
        assert lost.stopped_by == "shim lost"
        assert bystander.poll() is None
        bystander.kill()


async def test_a_worker_sees_only_its_allowed_environment(stage: Stage) -> None:
    stage = replace(stage, environ={**stage.environ, "FAKE_KEY": "mine", "OTHER_KEY": "not mine", "LANG": "C.UTF-8"})
    crew = stage.crew()
    stage.start(crew, "environment", "exit", "0")
    await ended(crew)
    seen = stage.said()
    assert "'FAKE_KEY', 'mine'" in seen
    assert "OTHER_KEY" not in seen
    assert "'LANG', 'C.UTF-8'" in seen


def test_no_secret_is_written_into_what_the_shim_is_told(stage: Stage) -> None:
    stage.environ = {**stage.environ, "FAKE_KEY": "canary-7f3a"}
    crew = stage.crew()
    stage.start(crew, "exit", "0")
    stage.until(lambda: crew.exit_of(W, 1))
    files = [path for path in stage.session.rglob("*") if path.is_file()]
    assert [path for path in files if b"canary-7f3a" in path.read_bytes()] == []


def test_an_executable_that_is_missing_is_said_so(stage: Stage) -> None:
    with pytest.raises(EnvironmentUnfit, match="cannot find"):
        stage.start(stage.crew(), "/nonexistent/agent")


async def test_a_tree_is_measured(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "grandchild", "setsid", "python", "while True: pass")
    stage.wait_said("setsid")
    assert crew.sample(W) is not None
    await anyio.sleep(0.3)
    sample = crew.sample(W)
    assert sample is not None
    assert sample.cpu_percent > 10
    assert 1 < sample.memory_mib < 200
    assert sample.processes == (4 if stage.backend == "bubblewrap" else 2)
    crew.kill(W)
    await ended(crew)
    assert crew.sample(W) is None


async def test_a_shim_is_small(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "hang")
    stage.wait_said("ready")
    status = Path(f"/proc/{started.shim.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    assert resident <= 10 * 1024
    crew.kill(W)
    await ended(crew)
