"""Real workers under real shims: started, adopted, followed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.time_limits import off_loop
from orchestrator.models.identity import ProcessIdentity, WorkerId
from orchestrator.models.launch import LaunchSpec
from tests.workers.conftest import CHILD, agent

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")


async def test_the_prompt_reaches_standard_input_whole_and_then_ends(stage: Stage) -> None:
    crew = stage.crew()
    prompt = "größer ✓\n" * 200_000
    stage.start(crew, "echo", "exit", "0", stdin=prompt)
    await stage.ended(crew)
    assert stage.layout.stdout(W).read_text() == prompt


async def test_an_attempt_that_was_prepared_in_a_thread_is_started_as_it_stands(stage: Stage) -> None:
    crew, cli = stage.crew(), agent(environment=("FAKE_KEY",))
    spec = LaunchSpec(argv=(sys.executable, str(CHILD), "echo", "exit", "0"), cwd=stage.target, stdin="hello\n")
    prepare = partial(crew.prepare, stage.assignment(), 1, agent=cli, spec=spec)
    crew.admit(stage.assignment(), cli)
    prepared = await off_loop(prepare, within_s=120)
    assert crew.running() == frozenset(), "nothing runs before it is started"
    started = crew.start(stage.assignment(), 1, agent=cli, spec=spec, prepared=prepared)
    stage.shims.append(started.shim.pid)
    await stage.ended(crew)
    assert stage.layout.stdout(W).read_text() == "hello\n"
    assert crew.prepare(stage.assignment(), 1, agent=cli, spec=spec) is None, "it was begun before"


async def test_another_coordinator_adopts_a_running_worker_and_hears_of_its_end(stage: Stage) -> None:
    first, second = stage.crew(), stage.crew()
    started = stage.start(first, "on-term", "9", "hang")
    stage.wait_said("ready")
    second.adopt(W, 1, started.shim)
    second.stop(W, because="adopted")
    record = await stage.ended(second)
    assert (record.code, record.proof) == (9, stage.proof)
    assert await stage.ended(first) == record
    third = stage.crew()
    third.adopt(W, 1, started.shim)
    assert await stage.ended(third) == record, "also who comes when all is over hears how it ended"


async def test_a_shim_that_died_before_it_wrote_anything_down_is_an_end_like_any_other(stage: Stage) -> None:
    crew = stage.crew()
    started = stage.start(crew, "exit", "0")
    await stage.ended(crew)
    record = stage.layout.workers_dir / "w1.1.json"
    for left in ("", None):
        record.write_text(left) if left is not None else record.unlink()
        later = stage.crew()
        later.adopt(W, 1, started.shim)
        assert (await stage.ended(later)).stopped_by == "shim lost"


async def test_a_recycled_pid_is_neither_adopted_nor_signalled(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "exit", "0")
    await stage.ended(crew)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        record = stage.layout.workers_dir / "w1.1.json"
        value = json.loads(record.read_text())
        value["shim"]["pid"] = bystander.pid
        value["exit"] = None
        record.write_text(json.dumps(value))
        later = stage.crew()
        later.adopt(W, 1, ProcessIdentity(**value["shim"]))
        later.kill(W)
        assert (await stage.ended(later)).stopped_by == "shim lost"
        assert bystander.poll() is None
        bystander.kill()


async def test_a_command_that_overtakes_the_shims_start_is_performed_and_harms_nothing(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "exit", "0")
    crew.freeze(W)
    crew.thaw(W)
    record = await stage.ended(crew)
    assert (record.code, record.stopped_by) == (0, "itself")
    written = json.loads((stage.layout.workers_dir / "w1.1.json").read_text())
    assert written["commands_done"] == 2


async def test_a_worker_sees_only_its_allowed_environment(stage: Stage) -> None:
    stage = replace(stage, environ={**stage.environ, "FAKE_KEY": "mine", "OTHER_KEY": "not mine", "LANG": "C.UTF-8"})
    crew = stage.crew()
    stage.start(crew, "environment", "exit", "0")
    await stage.ended(crew)
    seen = stage.said()
    assert "'FAKE_KEY', 'mine'" in seen
    assert "OTHER_KEY" not in seen
    assert "'LANG', 'C.UTF-8'" in seen


def test_no_secret_is_written_into_what_the_shim_is_told(stage: Stage) -> None:
    stage.environ = {**stage.environ, "FAKE_KEY": "canary-7f3a"}
    crew = stage.crew()
    stage.start(crew, "exit", "0")
    stage.wait_exit()
    files = [path for path in stage.session.rglob("*") if path.is_file()]
    assert [path for path in files if b"canary-7f3a" in path.read_bytes()] == []


def test_a_missing_executable_is_named(stage: Stage) -> None:
    with pytest.raises(EnvironmentUnfit, match="cannot find"):
        stage.start(stage.crew(), "/nonexistent/agent")
