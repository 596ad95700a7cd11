"""What a project's code is run with again and again: no run sees another, and nothing may write what measures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.measurement.workbench import Workbench, open_workbench
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy

pytestmark = pytest.mark.slow


def workbench(target: Path, environ: Mapping[str, str] = os.environ) -> AbstractAsyncContextManager[Workbench]:
    policy = load_sandbox_policy("default")
    return open_workbench(target, what="trials", sandbox=policy, environ=environ, cache=default_cache())


async def test_files_are_given_to_one_run_and_taken_away(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    async with workbench(tmp_path) as at:
        async with at.given({"a.py": "x = '\udcff'\n"}, without=["a.py", "b.py"]) as folder:
            plan = json.loads((folder / "plan.json").read_bytes().decode("utf-8", "surrogateescape"))
            assert plan["remove"] == ["b.py"], "what is given is not taken away"
            assert Path(plan["files"]["a.py"]).read_bytes() == b"x = '\xff'\n"
            assert at.placing(folder, tmp_path)[-2:] == (str(folder / "plan.json"), str(tmp_path))
        assert not folder.exists()
        assert "ORCHESTRATOR_WORKSPACE" not in at.environ
    assert not at.placed.exists()


def change(probes: Path) -> None:
    program = probes / "orchestrate_placed.py"
    program.write_bytes(program.read_bytes() + b"\n")


def add(probes: Path) -> None:
    (probes / "sitecustomize.py").write_text("")


def remove(probes: Path) -> None:
    (probes / "orchestrate_placed.py").unlink()


@pytest.mark.parametrize("write", [change, add, remove])
async def test_nothing_is_believed_where_our_programs_were_written(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    async def use() -> None:
        async with workbench(tmp_path) as at:
            write(at.probes)

    with pytest.raises(EnvironmentUnfit, match="what measures was written while trials ran"):
        await use()


async def test_without_an_interpreter_it_is_said_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit) as refused:
        async with workbench(tmp_path, {"PATH": str(tmp_path)}):
            pass
    assert refused.value.hint == "name an interpreter: --python .venv/bin/python"
