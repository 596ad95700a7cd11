"""One writer a target: the second hears who works there, whatever the path, the workspace or the user's settings."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from .conftest import Program

WITHIN_S = 120.0
# The first agent says that it has begun, and works until it is told to finish; a later one finishes at once.
WAITS = """
if mkdir begun; then
    echo first >first.txt
    n=0; while [ ! -e finish ] && [ $n -lt 2400 ]; do sleep 0.05; n=$((n + 1)); done
    echo done >>first.txt
else
    echo second >second.txt
fi
"""


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.02)


def words(target: Path, *options: str) -> tuple[str, ...]:
    chosen = ("--agents", "claude", "--target", str(target), "--no-dashboard", "--no-interactive")
    return ("run", "do it", *chosen, *options)


@pytest.fixture
def shop(program: Program) -> Iterator[Path]:
    """A target in which a session's agent is at work; it finishes with the test at the latest."""
    target = program.target("projects/shop", files={"form.py": "one\n", "part/inside.py": "x\n"})
    program.claude(WAITS)
    program.start(*words(target))
    wait_for(target / "begun")
    wait_for(target / "first.txt")
    yield target
    (target / "finish").touch()
    for process in program.running:
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=WITHIN_S)


@pytest.mark.fault("A11")
def test_the_second_session_is_told_who_works_there_and_does_not_start(program: Program, shop: Path) -> None:
    first = program.session().name
    ran = program.run(shop)
    assert ran.code == 2, ran.text
    assert first in ran.text
    assert str(program.running[0].pid) in ran.text
    assert str(program.workspace) in ran.text
    assert not (shop / "second.txt").exists()
    assert [path.name for path in program.workspace.iterdir() if (path / "session.json").exists()] == [first]
    (shop / "finish").touch()
    program.running[0].communicate(timeout=WITHIN_S)
    assert program.running[0].returncode in (0, 3)
    assert program.run(shop).code != 2


@pytest.mark.fault("A11")
@pytest.mark.parametrize("way", ["a link", "one below", "one above", "another workspace", "another home"])
def test_it_is_the_same_target_by_whatever_way(program: Program, shop: Path, way: str) -> None:
    target, options = shop, []
    if way == "a link":
        target = program.root / "by another name"
        target.symlink_to(shop)
    elif way == "one below":
        target = shop / "part"
    elif way == "one above":
        target = shop.parent
    elif way == "another workspace":
        options = ["--workspace", str(program.root / "another")]
    else:
        (program.root / "another home").mkdir()
        for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            program.environ[name] = str(program.root / "another home")
    # An agent that is let in there has nothing to wait for.
    (target / "begun").mkdir(exist_ok=True)
    ran = program.run(target, *options)
    assert ran.code == 2, ran.text
    assert "works in the target" in ran.text


@pytest.mark.fault("A11")
def test_a_target_is_taken_as_long_as_workers_of_a_dead_session_live(program: Program, shop: Path) -> None:
    program.running[0].send_signal(signal.SIGKILL)
    program.running[0].communicate(timeout=WITHIN_S)
    ran = program.run(shop, "--workspace", str(program.root / "another"))
    assert ran.code == 2, ran.text
    assert not (shop / "second.txt").exists()


@pytest.mark.fault("A11")
def test_a_resumed_session_takes_its_target_again(program: Program, shop: Path) -> None:
    program.running[0].send_signal(signal.SIGKILL)
    program.running[0].communicate(timeout=WITHIN_S)
    resumed = program.start("resume", program.session().name, "--no-dashboard", "--no-interactive")
    journal = program.session() / "journal.jsonl"
    deadline = time.monotonic() + WITHIN_S
    while '"coordinator_resumed"' not in journal.read_text("utf-8", "replace"):
        assert time.monotonic() < deadline
        assert resumed.poll() is None, resumed.communicate()
        time.sleep(0.05)
    ran = program.run(shop, "--workspace", str(program.root / "another"))
    assert ran.code == 2, ran.text
    assert str(resumed.pid) in ran.text


@pytest.mark.fault("A11")
def test_what_changed_while_no_agent_ran_is_no_agents(program: Program) -> None:
    target = program.target(files={"form.py": "one\n"})
    program.claude(WAITS)
    first = program.start(*words(target))
    wait_for(target / "first.txt")
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=WITHIN_S)
    (target / "mine.txt").write_text("the user's own\n")
    program.orchestrate("resume", program.session().name, "--no-dashboard", "--no-interactive")
    report: Any = program.report()
    by_agents = {name for worker in report["workers"] for name in worker["files"]}
    assert "mine.txt" not in by_agents
    assert "not by an agent" in (program.session() / "report.md").read_text("utf-8")
    assert {"first.txt", "second.txt"} <= by_agents, json.dumps(report["workers"])
