from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role
from orchestrator.safety.roles import WRITES_TARGET, readable_roots, writable_roots

TARGET, SCRATCH = Path("/project"), Path("/scratch")
CONFIG = SandboxConfig(name="test", readable=(Path("/docs"),), writable=(Path("/cache"),))


@pytest.mark.parametrize(
    ("role", "writes"),
    [
        pytest.param(Role.DESIGNER, (SCRATCH,), id="a designer writes in its scratch folder"),
        pytest.param(Role.IMPLEMENTER, (SCRATCH, TARGET, Path("/cache")), id="an implementer in the target too"),
        pytest.param(Role.REVIEWER, (SCRATCH,), id="a reviewer in its scratch folder"),
    ],
)
def test_a_role_may_write(role: Role, writes: tuple[Path, ...]) -> None:
    assert writable_roots(role, target=TARGET, scratch=SCRATCH, config=CONFIG) == writes


def test_nobody_writes_a_target_that_the_policy_only_reads() -> None:
    config = replace(CONFIG, target="read")
    assert TARGET not in writable_roots(Role.IMPLEMENTER, target=TARGET, scratch=SCRATCH, config=config)


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_the_target_and_what_it_may_write(role: Role) -> None:
    readable = readable_roots(role, target=TARGET, scratch=SCRATCH, config=CONFIG)
    assert {TARGET, Path("/docs")} <= set(readable)
    assert set(writable_roots(role, target=TARGET, scratch=SCRATCH, config=CONFIG)) <= set(readable)


def test_every_role_stands_in_the_table() -> None:
    assert set(WRITES_TARGET) == set(Role)
