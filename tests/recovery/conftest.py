from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.models.events import AgentEvent, EventType, Payload
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment, Role


@pytest.fixture
def assignment() -> Assignment:
    """An implementer that was given the target and one folder besides."""
    return Assignment(
        worker=WorkerId("claude"),
        agent=AgentName("claude"),
        role=Role.IMPLEMENTER,
        prompt="Do it",
        target=Path("/project"),
        scratch=Path("/session/scratch/claude"),
        home=Path("/session/homes/claude"),
        readable=(Path("/docs"),),
        writable=(Path("/session/scratch/claude"), Path("/project")),
        resume="conversation-1",
    )


@pytest.fixture
def event() -> Callable[[Payload], AgentEvent]:
    def make(payload: Payload) -> AgentEvent:
        return AgentEvent(EventType.ERROR, AgentName("claude"), datetime(2026, 11, 21, tzinfo=UTC), payload)

    return make
