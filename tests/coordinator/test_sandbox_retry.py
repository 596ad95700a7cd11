"""A sandbox that could not be put around a worker once is tried again; an agent is not given up for that."""

from __future__ import annotations

from pathlib import Path

from orchestrator.sandbox.bubblewrap import find_bubblewrap
from tests.faults.conftest import SYSTEM_PATH, Program

from tests.faults.conftest import program as program  # isort: skip

CHANGES = "echo x >new.txt"


def flaky(program: Program, *, times: int) -> Path:
    """Put a ``bwrap`` first in the path that fails so many times before it starts a worker; counts its failures."""
    real, count = find_bubblewrap({"PATH": SYSTEM_PATH}), program.root / "failures"
    count.write_text("", encoding="utf-8")
    path = program.root / "agents" / "bwrap"
    # Only workers are started with its word about itself.
    path.write_text(
        f"""#!/bin/sh
case " $* " in *" --info-fd "*)
    if [ "$(wc -c <{count})" -lt {times} ]; then
        printf x >>{count}
        echo "bwrap: Can't find source path /some/where: No such file or directory" >&2
        exit 1
    fi ;;
esac
exec {real} "$@"
""",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return count


def test_a_sandbox_that_fails_once_costs_no_agent(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.claude(CHANGES)
    count = flaky(program, times=1)
    ran = program.run(target, "--no-baseline")
    assert ran.code == 0, ran.text
    assert count.read_text() == "x"
    assert "its sandbox could not be set up" in ran.text
    assert (target / "new.txt").exists()


def test_a_sandbox_that_keeps_failing_is_named_and_the_agent_is_lost(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.claude(CHANGES)
    count = flaky(program, times=100)
    ran = program.run(target, "--no-baseline")
    assert ran.code == 3, ran.text
    assert count.read_text() == "xx"
    assert "Can't find source path" in ran.out
