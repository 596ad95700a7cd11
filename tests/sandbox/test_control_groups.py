"""Control groups, where this machine lets us have them."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from orchestrator.files.temporary import marked_prefix, own_mark
from orchestrator.models.identity import WorkerId
from orchestrator.sandbox.control_groups import (
    end_group,
    make_group,
    own_group,
    remove_abandoned_groups,
    remove_group,
    remove_groups,
)

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")


@pytest.fixture
def parent(not_proven: Callable[[str], NoReturn]) -> Path:
    found = own_group()
    if found is None:
        not_proven("no control group of version 2 may be made here")
    return found


def test_a_group_is_made_and_removed(parent: Path) -> None:
    group = make_group(parent, "w1")
    assert group is not None
    assert (group / "cgroup.procs").read_text() == ""
    remove_group(group)
    assert not group.exists()


def test_where_none_can_be_made_there_is_none(tmp_path: Path) -> None:
    assert make_group(tmp_path / "missing", "w1") is None
    assert make_group(tmp_path, "w1") is None
    assert list(tmp_path.iterdir()) == []


async def test_a_worker_lives_in_its_group_is_frozen_with_it_and_leaves_none_behind(stage: Stage, parent: Path) -> None:
    crew = stage.crew()
    stage.start(crew, "grandchild", "setsid", "hang")
    stage.wait_said("setsid")
    group = Path(json.loads((stage.layout.workers_dir / "w1.1.spec").read_text())["cgroup"])
    assert len((group / "cgroup.procs").read_text().split()) == (4 if stage.backend == "bubblewrap" else 2)
    crew.freeze(W)
    stage.until(lambda: "frozen 1" in (group / "cgroup.events").read_text())
    crew.thaw(W)
    stage.until(lambda: "frozen 0" in (group / "cgroup.events").read_text())
    crew.freeze(W)
    crew.kill(W)
    assert (await stage.ended(crew)).proof == stage.proof
    assert not group.exists()


def test_a_group_is_ended_with_all_its_members(parent: Path) -> None:
    group = make_group(parent, "w1")
    assert group is not None
    with subprocess.Popen(["sleep", "60"]) as child:
        (group / "cgroup.procs").write_text(str(child.pid))
        assert end_group(group, 10)
        assert child.wait(10) == -signal.SIGKILL
    assert not group.exists()
    assert not end_group(group, 1)


def test_empty_groups_are_removed_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "inner").mkdir(parents=True)
    assert remove_groups([tmp_path / "empty", tmp_path / "gone"])
    assert not remove_groups([tmp_path / "full"])
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_only_groups_of_dead_makers_that_no_shim_will_use_are_removed(tmp_path: Path) -> None:
    namespace, pid, started = own_mark().split(".")
    dead = f"{namespace}.{pid}.{int(started) + 1}"
    for name in (f"orchestrate-w-{dead}-a", f"orchestrate-w-{dead}-b", f"{marked_prefix('w')}c", "orchestrate-w-d"):
        (tmp_path / name).mkdir()
    (tmp_path / f"orchestrate-w-{dead}-b" / "member").mkdir()
    kept = tmp_path / f"orchestrate-w-{dead}-kept"
    kept.mkdir()
    assert remove_abandoned_groups([tmp_path, tmp_path / "gone"], kept=[kept]) == 1
    assert not (tmp_path / f"orchestrate-w-{dead}-a").exists()
    assert len(list(tmp_path.iterdir())) == 4
