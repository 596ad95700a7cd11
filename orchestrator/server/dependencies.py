"""Declare the parameters and dependencies that routes share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Query, Request

from orchestrator.errors import JournalDamaged
from orchestrator.models.identity import WorkerId
from orchestrator.server.follower import Follower
from orchestrator.server.problems import Refusal
from orchestrator.server.session_hub import SessionHub
from orchestrator.session.state import Session

WorkerName: TypeAlias = Annotated[str, Path(max_length=100, description="A worker's id, e.g. `claude`.")]
SessionName: TypeAlias = Annotated[
    str | None,
    Query(
        alias="session",
        description="The session meant; without it the one this dashboard was opened for, else the newest live one.",
        max_length=100,
        examples=["20261121-175811-7f3a"],
    ),
]


def hub_of(request: Request) -> SessionHub:
    hub: SessionHub = request.app.state.hub
    return hub


async def follower_meant(request: Request, name: SessionName = None) -> Follower:
    return await hub_of(request).follower(name)


FollowerMeant: TypeAlias = Annotated[Follower, Depends(follower_meant)]


def session_of(follower: Follower) -> Session:
    """The session as it stands.

    Raises:
        JournalDamaged: The session has no journal that can be read.
    """
    if follower.session is None:
        raise follower.problem or JournalDamaged(f"session {follower.folder.id} has no journal entry")
    return follower.session


def worker_named(follower: Follower, worker: str) -> WorkerId:
    """The worker of that name.

    Raises:
        Refusal: The session has none.
    """
    workers = session_of(follower).workers
    if worker not in workers:
        names = ", ".join(workers) or "none yet"
        raise Refusal(404, f"session {follower.folder.id} has no worker {worker!r}", hint=f"its workers: {names}")
    return WorkerId(worker)
