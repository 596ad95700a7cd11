"""Hold the process that keeps a shim ready, and have it hand one over for each attempt."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.sandbox.control_groups import remove_groups
from orchestrator.sandbox.kernel_limits import LimitGroups
from orchestrator.shim.document_pipe import receive, send

ANSWER_WITHIN_S = 5.0
"""A shim that is ready answers in less than a millisecond; after this time the shim is started without the standby."""
ENDED_WITHIN_S = 5.0
GROUPS_WITHIN_S = 2.0
_LOCALE = ("LANG", "LC_ALL", "LC_CTYPE")


class ShimStandby:
    """The standby of one session (``orchestrator.shim.standby``).

    Args:
        shim: the shim's file.
        log: where its interpreter's own words go.
        kept: descriptors that every shim holds.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, shim: Path, *, log: Path, kept: Sequence[int], environ: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(shim), "--standby", *map(str, (theirs.fileno(), *kept))],
                stdin=subprocess.DEVNULL,
                stdout=opened,
                stderr=opened,
                # Nothing of the user's: what a worker is given comes with its attempt.
                env={name: environ[name] for name in _LOCALE if name in environ},
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is for the coordinator
                pass_fds=(theirs.fileno(), *kept),
            )
        except OSError:
            ours.close()
            raise
        finally:
            os.close(opened)
            theirs.close()
        self._socket: socket.socket | None = ours
        self._ready: list[LimitGroups] = []
        self._waiting: LimitGroups | None = None

    @property
    def needs_groups(self) -> bool:
        """Whether it is there and has no shim ready."""
        return self._socket is not None and self._waiting is None

    def make_ready(self, groups: LimitGroups) -> None:
        """Have a shim made ready whose worker stands in these groups; they go at the end if nobody takes it."""
        self._waiting = groups
        if self._say({"groups": groups.paths}):
            self._ready.append(groups)

    def take_groups(self) -> LimitGroups | None:
        """The groups in which a worker stands already, for the attempt that is prepared now; may run in any thread."""
        try:
            return self._ready.pop()
        except IndexError:
            return None

    def hand_over(self, spec: Path, environment: Mapping[str, str], groups: Sequence[str]) -> tuple[int, int] | None:
        """Let a shim begin an attempt; its pid and its start, or ``None`` where it must be started by itself."""
        if not self._say({"spec": str(spec), "environment": dict(environment), "groups": list(groups)}):
            return None
        answer = self._hear()
        if answer is None or not answer["pid"]:
            return None
        if self._waiting is not None and self._waiting.paths == list(groups):
            self._waiting = None
        return int(answer["pid"]), int(answer["start_ticks"])

    def _say(self, message: Mapping[str, object]) -> bool:
        if self._socket is not None and send(self._socket.fileno(), message):
            return True
        self._give_up()
        return False

    def _hear(self) -> Mapping[str, Any] | None:
        if self._socket is not None:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            answer = receive(self._socket.fileno()) if poll.poll(ANSWER_WITHIN_S * 1000) else None
            if answer is not None:
                return answer
        self._give_up()
        return None

    def _give_up(self) -> None:
        """It is gone, or does not answer: what it was asked for may still come, and finds its record claimed."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._process.kill()

    def close(self) -> None:
        """End it, and what waits in vain, and see both gone."""
        self._ready.clear()
        if self._socket is not None:
            send(self._socket.fileno(), {"dismissed": True})
            self._socket.close()
            self._socket = None
        try:
            self._process.wait(ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._waiting is not None:
            remove_groups(map(Path, self._waiting.paths), seconds=GROUPS_WITHIN_S)
            self._waiting = None
