"""Hold what running sessions may still spend, so that others started meanwhile are given only the rest.

Each running session has a file in the user's state folder, locked for as long as its coordinator lives: the kernel lets
go of it whatever ends that, and a file that nobody holds is nobody's.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from orchestrator.value_class import value_class

MOST_BYTES = 65_536


@value_class
class HeldBudget:
    """What one running session may spend, from when its coordinator took it on."""

    project: str
    max_cost_usd: float | None = None
    """``None``: nothing bounds it, so nothing is held."""
    max_tokens: int | None = None


class HeldBudgets:
    """The budgets of all running sessions of one user.

    Args:
        folder: Of their files; made when the first is held.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else look and take while the block runs.  Blocks.

        Raises:
            OSError: The folder cannot be made or locked.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def others(self) -> tuple[HeldBudget, ...]:
        """What running sessions hold; files that nobody holds any more are deleted."""
        found: list[HeldBudget] = []
        for path in sorted(self.folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError):
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    found.append(HeldBudget(**json.loads(os.read(descriptor, MOST_BYTES))))
                else:
                    path.unlink()
                finally:
                    os.close(descriptor)
        return tuple(found)

    @contextmanager
    def hold(self, budget: HeldBudget) -> Iterator[None]:
        """Hold a budget while the block runs.

        Raises:
            OSError: It cannot be written down.
        """
        path = self.folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(descriptor, json.dumps(asdict(budget)).encode())
            yield
        finally:
            with suppress(OSError):
                path.unlink()
            os.close(descriptor)
