"""Host jobs: real programs in real boxes, and what they see there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import anyio
import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.sandbox.host_jobs import HostJob, HostJobs
from tests.workers.conftest import until

KNOCK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=60) as there:
        print(there.recv(100).decode())
except OSError as problem:
    print(type(problem).__name__)
"""


@pytest.fixture
def jobs(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> HostJobs:
    if find_bubblewrap(os.environ) is None:
        not_proven("there is no bubblewrap to run errands in")
    root = tmp_path.resolve()
    home = root / "home"
    (home / ".config").mkdir(parents=True)
    (home / ".netrc").write_text("a credential")
    (home / ".config" / "other").write_text("another")
    (root / "session").mkdir()
    (root / "session" / "record").write_text("ours")
    mine = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environ = {**mine, "HOME": str(home), "FAR_TOKEN": "token", "NEAR_TOKEN": "none of its business"}
    return HostJobs(root / "session" / "box", (root / "session",), environ)


@pytest.fixture
async def greeter() -> AsyncIterator[int]:
    """A server on loopback that greets whoever comes; its port."""

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])


async def test_it_sees_its_folder_and_its_credentials_and_nothing_else_of_ours(jobs: HostJobs) -> None:
    folder = jobs.place.parent / "work"
    record, home = jobs.place.parent / "record", jobs.environ["HOME"]
    script = (
        f"cat ~/.netrc; echo; env | grep TOKEN; cat {record} {home}/.netrc {home}/.config/other ~/.config/other; pwd"
    )
    ran = await jobs.run(HostJob(("sh", "-c", script), folder, credentials=("~/.netrc", "FAR_TOKEN", "~/.none")))
    assert ran.text.splitlines() == ["a credential", "FAR_TOKEN=token", str(folder)]
    assert ran.stderr.count(b"No such file") == 4


async def test_without_credentials_it_has_none(jobs: HostJobs) -> None:
    ran = await jobs.run(HostJob(("sh", "-c", "ls -A ~; env | grep TOKEN"), jobs.place.parent / "work"))
    assert ".netrc" not in ran.text
    assert "TOKEN" not in ran.text


async def test_it_reaches_the_one_host_and_port_and_no_other(jobs: HostJobs, greeter: int) -> None:
    folder = jobs.place.parent / "work"
    script = f"{KNOCK}\nsys.argv[2] = sys.argv[3]\n{KNOCK}"
    words = ("python3", "-c", script, "localhost", str(greeter), str(greeter + 1))
    ran = await jobs.run(HostJob(words, folder, host="localhost", port=greeter, within_s=60))
    assert ran.text.split() == ["hello", "ConnectionRefusedError"]


async def test_a_host_is_reached_by_its_name_at_its_own_port(jobs: HostJobs) -> None:
    """Nobody has that name, so the door opens and nothing stands behind it."""
    words = ("python3", "-c", KNOCK, "far.invalid", "443")
    ran = await jobs.run(HostJob(words, jobs.place.parent / "work", host="far.invalid", port=443, within_s=60))
    assert ran.text.strip() in ("", "ConnectionResetError")


@pytest.mark.parametrize("is_web", [True, False])
async def test_the_users_own_proxy_is_gone_through_by_what_speaks_http(jobs: HostJobs, is_web: bool) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        behind = replace(jobs, environ={**jobs.environ, "HTTPS_PROXY": f"http://127.0.0.1:{port}", "NO_PROXY": ""})
        words = ("python3", "-c", KNOCK, "far.invalid", "443")
        job = HostJob(words, jobs.place.parent / "work", host="far.invalid", port=443, is_web=is_web, within_s=60)
        ran = await behind.run(job)
    assert (ran.text.strip() == "hello") == is_web
    assert [head.split(b"\r\n")[0] for head in asked] == [b"CONNECT far.invalid:443 HTTP/1.1"] * is_web


async def test_without_a_host_it_has_no_network(jobs: HostJobs, greeter: int) -> None:
    words = ("python3", "-c", KNOCK, "127.0.0.1", str(greeter))
    ran = await jobs.run(HostJob(words, jobs.place.parent / "work", within_s=60))
    assert ran.text.strip() in ("ConnectionRefusedError", "OSError")


async def test_the_agents_socket_of_ssh_is_shown_where_it_is_named(jobs: HostJobs) -> None:
    path = jobs.place.parent.parent / "agent"
    environ = {**jobs.environ, "SSH_AUTH_SOCK": str(path)}
    script = (
        "import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ['SSH_AUTH_SOCK']); print('there')"
    )
    job = HostJob(("python3", "-c", script), jobs.place.parent / "work", credentials=("SSH_AUTH_SOCK",))
    async with await asyncio.start_unix_server(lambda _, writer: writer.close(), path):
        assert (await replace(jobs, environ=environ).run(job)).text == "there\n"
        assert (await replace(jobs, environ=environ).run(replace(job, credentials=()))).code == 1


async def test_what_takes_too_long_is_ended_with_all_it_started(jobs: HostJobs) -> None:
    folder = jobs.place.parent / "work"
    # Its time goes by while nothing of ours runs; so it has begun by then, however long that takes here.
    asyncio.get_running_loop().call_later(0.1, until, (folder / "begun").exists)
    ran = await jobs.run(HostJob(("sh", "-c", "sleep 60 & echo begun >begun; wait"), folder, within_s=0.3))
    assert ran.code is None
    assert ran.problem == "it took too long"
    assert (folder / "begun").exists()


async def test_a_caller_that_is_cancelled_leaves_nothing_behind(jobs: HostJobs, greeter: int) -> None:
    job = HostJob(("sleep", "60"), jobs.place.parent / "work", host="localhost", port=greeter)
    with anyio.move_on_after(0.3) as scope:
        await jobs.run(job)
    assert scope.cancelled_caught


async def test_it_reads_what_it_is_given_and_its_last_words_are_kept(jobs: HostJobs) -> None:
    folder = jobs.place.parent / "work"
    assert (await jobs.run(HostJob(("cat",), folder, stdin=b"x" * 100_000))).stdout == b"x" * 100_000
    failed = await jobs.run(HostJob(("sh", "-c", "echo first >&2; echo why >&2; exit 3"), folder))
    assert (failed.code, failed.problem) == (3, "first / why")
    silent = await jobs.run(HostJob(("false",), folder))
    assert silent.problem == "it ended with 1"


async def test_a_program_that_is_not_there_is_said_to_be(jobs: HostJobs) -> None:
    with pytest.raises(EnvironmentUnfit, match="no-such-program is needed"):
        await jobs.run(HostJob(("no-such-program",), jobs.place.parent / "work"))
