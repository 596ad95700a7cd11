from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.safety import CommandFilter
from orchestrator.safety.path_scope import WorkerPaths
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy

GROUPS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "corpus.toml").read_text())["group"]
CONFIG = load_sandbox_policy("default")
TARGET, SCRATCH, HOME = Path("/project"), Path("/session/scratch/w"), Path("/session/homes/w")
ASSIGNMENT = Assignment(
    *(WorkerId("w"), AgentName("claude"), Role.IMPLEMENTER),
    prompt="",
    target=TARGET,
    scratch=SCRATCH,
    home=HOME,
    readable=(TARGET,),
    writable=(SCRATCH, TARGET),
)
GUARD = CommandFilter.of(CONFIG, WorkerPaths.of(CONFIG, ASSIGNMENT))


def cases() -> Iterator[Any]:
    for group in GROUPS:
        for command in group["commands"]:
            # Commands are written down before the rules for them: until these come, a group names what has none.
            waits = command in group.get("not_yet", ())
            marks = [pytest.mark.xfail(strict=True, reason="no rule yet")] if waits else []
            name = command.replace("\n", " ")[:60]
            yield pytest.param(command, group["says"], group.get("rule"), id=name, marks=marks)


@pytest.mark.parametrize(("command", "says", "rule"), list(cases()))
def test_every_command_of_the_corpus_is_decided_rightly(command: str, says: str, rule: str | None) -> None:
    verdict = GUARD.judge(command)
    assert verdict.decision == says, verdict
    assert rule in (None, verdict.rule)


def test_the_corpus_is_large_half_of_it_harmless_and_nothing_stands_in_it_twice() -> None:
    commands = [command for group in GROUPS for command in group["commands"]]
    harmless = [command for group in GROUPS if group["says"] == "allow" for command in group["commands"]]
    assert len(commands) == len(set(commands))
    assert len(commands) >= 600
    assert len(harmless) >= 300
