"""The shim as a program of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.shim import shim

if TYPE_CHECKING:
    from tests.workers.conftest import Stage

W = WorkerId("w1")


@pytest.mark.parametrize(("ready", "kib"), [(False, 10 * 1024), (True, 4 * 1024)])
async def test_a_shim_is_small(stage: Stage, ready: bool, kib: int) -> None:
    """One that starts by itself holds all of it; one that is forked of the session's standby shares most."""
    crew = stage.crew(ready=ready)
    # The very first one of a checkout compiles its modules, which takes another MiB.
    stage.start(crew, "exit", "0")
    await stage.ended(crew)
    started = stage.start(crew, "hang", attempt=2)
    stage.wait_said("ready")
    sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB$", Path(f"/proc/{started.shim.pid}/smaps_rollup").read_text(), re.M))
    of_its_own = ("Private_Clean", "Private_Dirty") if ready else ("Rss",)
    assert sum(int(sizes[name]) for name in of_its_own) <= kib, sizes
    crew.kill(W)
    await stage.ended(crew)


def test_it_refuses_an_attempt_that_another_shim_has(stage: Stage) -> None:
    crew = stage.crew()
    stage.start(crew, "exit", "0")
    stage.wait_exit()
    spec = stage.layout.workers_dir / "w1.1.spec"
    again = subprocess.run([sys.executable, "-I", "-S", shim.__file__, str(spec)], check=False, timeout=60)
    assert again.returncode == 3


def test_it_loads_nothing_that_costs_time() -> None:
    code = (
        "import sys; sys.path.append(sys.argv[1]); import orchestrator.shim.supervision\n"
        "dear = {'os', 're', 'json', 'signal', 'ctypes', 'typing', 'enum', 'dataclasses', 'pathlib'}\n"
        "print(*sorted(dear & set(sys.modules)))"
    )
    root = str(Path(shim.__file__).parents[2])
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code, root], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
