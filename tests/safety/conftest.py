from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role


@pytest.fixture
def config() -> SandboxConfig:
    """The default policy, with a folder hidden inside one that may be read."""
    return SandboxConfig(name="test", readable=(Path("/docs"),), hidden=(Path("/docs/private"), Path("/project/.env")))


@pytest.fixture
def assignment() -> Assignment:
    return Assignment(
        worker=WorkerId("claude"),
        agent=AgentName("claude"),
        role=Role.IMPLEMENTER,
        prompt="Do it",
        target=Path("/project"),
        scratch=Path("/session/scratch/claude"),
        home=Path("/session/homes/claude"),
        readable=(Path("/session/scratch/gemini"),),
        writable=(Path("/session/scratch/claude"), Path("/project")),
    )
