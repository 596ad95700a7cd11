from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.gates.gate import LIST, PROJECT, TOOLS, Command, ToolRun, Unmeasured
from orchestrator.gates.lint_findings import GATE
from orchestrator.measurement.tool_environment import ToolEnvironment
from orchestrator.measurement.tool_runs import ToolRunner, filled
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.layers import Bench, open_layer

pytestmark = pytest.mark.slow

HONEST = """#!/bin/sh
[ "$1" = --version ] && { echo "ruff 1.2.3"; exit 0; }
sleep 0.2; cat "$1"; pwd
"""


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[ToolRunner]:
    for name in ("project", "scratch", "settings", "tools/bin"):
        (tmp_path / name).mkdir(parents=True)
    environ = {"PATH": os.environ["PATH"]}
    policy = SandboxConfig(name="default", readable=(tmp_path / "tools",))
    bench = Bench(policy, "bubblewrap", environ, tmp_path / "scratch", (), tmp_path / "settings")
    async with open_layer(tmp_path / "project", bench) as layer:
        yield ToolRunner(layer, ToolEnvironment(tmp_path / "tools", {"ruff": "1.2.3"}), tmp_path / "tools")


def tool(runner: ToolRunner, text: str) -> None:
    path = runner.tools.programs / "ruff"
    path.write_text(text)
    path.chmod(0o755)


COMMAND = Command((f"{TOOLS}/ruff", LIST), ("a.py", "b c.py"))


async def test_a_tool_gets_its_list_and_stands_in_the_project(tmp_path: Path) -> None:
    async with opened(tmp_path) as runner:
        tool(runner, HONEST)
        measured = await runner.measure(GATE, COMMAND)
        assert isinstance(measured.outcome, ToolRun)
        assert measured.outcome.stdout.decode() == f"a.py\nb c.py\n{runner.layer.at}\n"
        assert measured.version == "1.2.3"
        assert measured.duration_s is not None
        assert list(runner.layer.bench.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "missing or does not start"),
        (HONEST.replace("1.2.3", "1.2.4"), "says that it is 'ruff 1.2.4', and 1.2.3 is what was installed"),
        (HONEST.replace("exit 0", "exit 3"), "missing or does not start"),
        (HONEST.replace("cat", "kill -KILL $$; cat"), "was ended by signal 9"),
        (HONEST.replace("cat", "exit 127; cat"), "could not be started"),
        (HONEST.replace("sleep 0.2", "sleep 60"), "it took longer than 2 s"),
        (HONEST.replace("sleep 0.2", ":").replace("{ echo", "{ sleep 1; echo"), "it cannot have looked"),
    ],
    ids=["missing", "older", "sick", "killed", "gone", "endless", "too fast"],
)
async def test_what_cannot_be_believed_is_not_measured(tmp_path: Path, text: str, why: str) -> None:
    async with opened(tmp_path) as runner:
        if text:
            tool(runner, text)
        measured = await runner.measure(GATE, replace(COMMAND, within_s=2.0))
        assert isinstance(measured.outcome, Unmeasured)
        assert re.search(why, measured.outcome.reason), measured.outcome.reason


async def test_a_tool_that_needs_the_network_is_not_run_without_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as runner:
        runner.is_offline = True
        measured = await runner.measure(GATE, replace(COMMAND, needs_network=True))
        assert measured.outcome == Unmeasured("ruff needs the network, and --offline says to use none")


async def test_nothing_of_the_users_environment_reaches_a_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUFF_CONFIG", "/mine")
    async with opened(tmp_path) as runner:
        tool(runner, HONEST.replace('cat "$1"', "env"))
        measured = await runner.measure(GATE, COMMAND)
        assert isinstance(measured.outcome, ToolRun)
        assert b"RUFF_CONFIG" not in measured.outcome.stdout


def test_marks_are_filled_in() -> None:
    assert filled(f"--at={PROJECT}/x", {PROJECT: "/there"}) == "--at=/there/x"
