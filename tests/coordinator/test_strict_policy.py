"""The real CLIs inside the policies that list hosts: a proven sandbox, and one way out that leads to their model."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from orchestrator.errors import ExitCode
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import JournalEntry, NetworkRefused, SessionOpened, WorkerStarted
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from tests.coordinator.conftest import FAKES
from tests.sandbox.table import ORDINARY, ROOT, interpreter, trial_folder

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = [pytest.mark.slow]


def check_sandboxes(entries: Sequence[JournalEntry], *, stand_ins: bool) -> None:
    """Every CLI was what it was to be, and every worker stood in a proven box."""
    (opened,) = (entry.body for entry in entries if isinstance(entry.body, SessionOpened))
    assert {found.stand_in for found in opened.found} == {stand_ins}
    around = {entry.body.sandbox for entry in entries if isinstance(entry.body, WorkerStarted)}
    assert around
    assert all("listed hosts only" in text and "proven" in text for text in around), around


@pytest.mark.parametrize("stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real)])
async def test_a_rehearsal_is_finished_inside_strict(stage: Stage, stand_ins: bool) -> None:
    stage.stand_ins = stand_ins
    result = await stage.run("default", sandbox=load_sandbox_policy("strict"))
    assert result.exit_code is ExitCode.DONE, result.reason
    check_sandboxes(stage.journal(result), stand_ins=stand_ins)


@pytest.mark.parametrize("policy", ["default", "strict"])
@pytest.mark.parametrize("stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real)])
def test_an_ordinary_user_finishes_a_rehearsal_without_a_refusal(
    policy: str, stand_ins: bool, not_proven: Callable[[str], NoReturn]
) -> None:
    number = ORDINARY if os.geteuid() == 0 else None
    with trial_folder() as folder:
        try:
            python = interpreter(number)
        except LookupError as problem:
            not_proven(str(problem))
        if not stand_ins:
            # Linked, not copied: they take more than half a gigabyte.
            shutil.copytree(default_cache() / "clis", folder / "cache/orchestrate/clis", copy_function=os.link)
        (folder / "target").mkdir()
        (folder / "target" / "notes.txt").write_text("notes\n")
        for path in (folder, folder / "target", *folder.glob("cache/**/*.lock")):
            os.chown(path, -1 if number is None else number, -1)
        words = ("--rehearse", "Add a form", "--sandbox", policy, "--no-dashboard", "--no-interactive")
        places = ("--target", str(folder / "target"), "--workspace", str(folder / "workspace"))
        ran = subprocess.run(
            [python, "-m", "orchestrator", *words, *places, *(["--stand-ins"] if stand_ins else [])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            user=number,
            group=number,
            extra_groups=None if number is None else [],
            env={
                **{"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
                **{"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(sys.path[1:])},
            },
        )
        assert ran.returncode == ExitCode.DONE, ran.stderr[-2000:]
        assert "was refused" not in ran.stderr
        (journal,) = (folder / "workspace").glob("*/journal.jsonl")
        check_sandboxes(list(read_journal(journal)), stand_ins=stand_ins)
        assert {path.stat().st_uid for path in (journal, Path(journal.parent, "session.json"))} == {
            os.geteuid() if number is None else number
        }


async def test_a_gateway_on_this_machine_is_the_model_and_its_neighbour_is_not(stage: Stage) -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    gateway, neighbour = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(2)]
    port, other = (server.sockets[0].getsockname()[1] for server in (gateway, neighbour))
    stage.variables["ANTHROPIC_BASE_URL"] = f"http://localhost:{port}/llm"
    sandbox = replace(load_sandbox_policy("default"), readable=(FAKES,))
    async with gateway, neighbour:
        act = f"""
            import os, socket, urllib.request
            urllib.request.urlopen(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages").read()
            host, port = os.environ["HTTP_PROXY"].split("//")[1].split(":")
            asking = socket.create_connection((host, int(port)))
            asking.sendall(b"CONNECT 127.0.0.1:{other} HTTP/1.1\\r\\n\\r\\n")
            assert b"403" in asking.recv(100)
        """
        result = await stage.run_claude(act, sandbox=sandbox)
    assert [head.split(b" ")[1] for head in heard] == [b"/llm/v1/messages"]
    refused = [entry.body.port for entry in stage.journal(result) if isinstance(entry.body, NetworkRefused)]
    assert set(refused) == {other}
    assert any(f"--allow-host 127.0.0.1:{other}" in warning for warning in result.state.warnings)
