"""What a sandbox is asked for follows from a worker's assignment."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.sandbox.layout import SandboxRequest


@pytest.mark.parametrize("role", Role)
def test_only_an_implementer_is_there_to_change_the_target(role: Role) -> None:
    target, scratch, home, more = map(Path, ("/t", "/s/scratch/w", "/s/homes/w", "/data"))
    assignment = Assignment(
        WorkerId("w"), AgentName("claude"), role, "", target, scratch, home, readable=(more,), writable=(scratch,)
    )
    asked = SandboxRequest.of(assignment)
    assert (asked.target, asked.scratch, asked.home) == (target, scratch, home)
    assert (asked.readable, asked.writable) == ((more,), (scratch,))
    assert asked.changes_target is (role is Role.IMPLEMENTER)
