from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PACKAGE = Path(__file__).parents[2]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``orchestrate serve``; it is ended when the test is."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", "serve", "--workspace", str(tmp_path / "w"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"dashboard: (\S+)", line):
            return found[1]
    raise AssertionError("no address was said")


def is_healthy(url: str) -> bool:
    with urllib.request.urlopen(url.partition("?")[0] + "health", timeout=60) as answer:  # noqa: S310 - loopback
        return bool(answer.status == 200)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_within_a_second_or_the_time_it_takes_to_start(
    serve: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    begun = time.monotonic()
    process = serve("--port", "18471")
    assert is_healthy(address(process))
    sent = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=60) == 0
    # On a busy machine everything takes longer, and starting is more work than ending.
    assert time.monotonic() - sent < max(1.5, sent - begun)


def test_a_taken_port_is_said(serve: Callable[..., subprocess.Popen[str]]) -> None:
    first = address(serve("--port", "18481"))
    port = int(first.split(":")[2].partition("/")[0])
    second = serve("--port", str(port))
    assert second.stdout is not None
    assert f"port {port} is taken" in second.stdout.readline()
    assert is_healthy(address(second))


def test_listening_elsewhere_says_what_it_means(serve: Callable[..., subprocess.Popen[str]]) -> None:
    process = serve("--port", "18491", "--listen", "0.0.0.0")
    assert is_healthy(address(process))
    assert process.stdout is not None
    warning = process.stdout.readline()
    assert "nothing is encrypted" in warning


def test_a_tied_server_ends_with_its_standard_input(serve: Callable[..., subprocess.Popen[str]]) -> None:
    process = serve("--port", "18501", "--tied")
    address(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=60) == 0


def test_a_session_that_does_not_exist_is_bad_usage(serve: Callable[..., subprocess.Popen[str]]) -> None:
    process = serve("--session", "20200101-000000-0000")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "no session '20200101-000000-0000'" in said
