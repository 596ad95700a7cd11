"""Talk to the rehearsal's model over HTTP, keep the conversation on disk, and do what the model says."""

from __future__ import annotations

import atexit
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_LOOKS_S = 0.1


class HttpError(Exception):
    """The model answered with an error."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def message(self) -> str:
        try:
            return str(json.loads(self.body)["error"]["message"])
        except (ValueError, KeyError, TypeError):
            return self.body

    @property
    def reason(self) -> str:
        return http.client.responses.get(self.status, "Unknown")


class ConnectionLost(Exception):
    """The model cannot be reached, or went away in mid-answer (``begun``)."""

    def __init__(self, text: str, *, begun: bool) -> None:
        super().__init__(text)
        self.begun = begun


class Stopped(BaseException):
    """A signal asked us to stop.  Not an ``Exception``, so that no retry swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop_on(*numbers: int) -> None:
    """Turn these signals into :class:`Stopped` wherever we are, within a tenth of a second."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    for number in numbers:
        signal.signal(number, stop)
    # A signal that comes just before a read begins is only noted: Python would look at it once the read returns, which
    # it does not where the model never answers.  The clock interrupts any wait, and what was noted is looked at.
    signal.signal(signal.SIGALRM, lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, _LOOKS_S, _LOOKS_S)
    # An interpreter that ends gives signals their own meaning back, which for this one is death.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)


def emit(record: Mapping[str, Any]) -> None:
    """One line of the CLI's stream."""
    sys.stdout.write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One line of the CLI's stderr."""
    print(text, file=sys.stderr, flush=True)


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """POST and yield what comes back: every event of a stream, or the one JSON object.

    Raises:
        HttpError: The status is not 200.
        ConnectionLost: No connection, or it broke.
    """
    begun = False
    connection, target = _connect(url)
    try:
        fields = {"content-type": "application/json", "host": urlsplit(url).netloc, **headers}
        connection.request("POST", target, json.dumps(body).encode(), fields)
        response = connection.getresponse()
        if response.status != 200:
            text = response.read().decode("utf-8", "replace")
            raise HttpError(response.status, text, {k.lower(): v for k, v in response.getheaders()})
        begun = True
        if "event-stream" not in (response.getheader("content-type") or ""):
            yield json.loads(response.read())
            return
        for line in response:
            if line.startswith(b"data:"):
                yield json.loads(line[5:])
        if response.length or (response.chunked and not response.isclosed()):
            raise ConnectionLost("terminated", begun=True)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionLost(str(error), begun=begun) from error
    finally:
        connection.close()


def _connect(url: str) -> tuple[http.client.HTTPConnection, str]:
    """A connection, through the environment's proxy if there is one, and the target to ask for."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    proxy = os.environ.get("http_proxy") or os.environ.get("HTTP_PROXY")
    spared = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")
    if proxy and parts.hostname not in ("127.0.0.1", "localhost", *spared):
        through = urlsplit(proxy)
        return http.client.HTTPConnection(through.hostname or "", through.port), url
    return http.client.HTTPConnection(parts.hostname or "", parts.port), path


class Conversation:
    """The messages of a conversation so far and its running totals, kept in a file in the CLI's home."""

    def __init__(self, folder: Path, reference: str) -> None:
        self.reference = reference
        self._file = folder / f"{reference}.json"
        self.messages: list[Any] = []
        self.totals: dict[str, float] = {}

    @property
    def exists(self) -> bool:
        return self._file.is_file()

    def load(self) -> None:
        saved = json.loads(self._file.read_text(encoding="utf-8"))
        self.messages, self.totals = saved["messages"], saved["totals"]

    def save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # By rename: a kill in the middle of a write must leave the conversation as it was.
        fresh = self._file.with_suffix(".tmp")
        fresh.write_text(json.dumps({"messages": self.messages, "totals": self.totals}), encoding="utf-8")
        fresh.replace(self._file)

    def say(self, *messages: Any) -> None:
        """Add to the conversation and keep it: a stop at any moment must leave something to resume."""
        self.messages += messages
        self.save()

    def add(self, name: str, amount: float) -> None:
        self.totals[name] = self.totals.get(name, 0) + amount


def inside(path: str, folders: Sequence[str]) -> bool:
    """Whether the path, links resolved, lies in one of the folders."""
    real = os.path.realpath(path)
    return any(os.path.commonpath([real, os.path.realpath(folder)]) == os.path.realpath(folder) for folder in folders)


def write_file(path: str, text: str) -> str:
    """Write; returns what went wrong, in the system's words, or an empty string."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return f"{error.strerror}: {path}"
    return ""


def read_file(path: str) -> tuple[str, str]:
    """The text, and what went wrong in the system's words."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(), ""
    except OSError as error:
        return "", f"{error.strerror}: {path}"


def run_command(command: str, timeout_s: float = 120.0) -> tuple[int, str]:
    """Run in a shell of its own session, as the real CLIs do; returns exit code and joined output."""
    with subprocess.Popen(
        ["/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        except Stopped:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output.decode("utf-8", "replace")


def prompt_of(words: Sequence[str]) -> tuple[str, str]:
    """The prompt of the command line and the text of standard input, which is read only where it is not a terminal."""
    typed = " ".join(words)
    return typed, "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
