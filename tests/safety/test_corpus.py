from __future__ import annotations

import tomllib
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


@pytest.mark.parametrize("group", GROUPS, ids=[group["about"] for group in GROUPS])
def test_every_command_of_the_corpus_is_decided_rightly(group: dict[str, Any]) -> None:
    verdicts = {command: GUARD.judge(command) for command in group["commands"]}
    wrong = {
        command: verdict
        for command, verdict in verdicts.items()
        if verdict.decision != group["says"] or group.get("rule") not in (None, verdict.rule)
    }
    # Commands are written down before the rules for them: until these come, a group names what has none.
    waiting = set(group.get("not_yet", ()))
    assert {command: verdict for command, verdict in wrong.items() if command not in waiting} == {}
    assert waiting <= wrong.keys(), "take from the group what has its rule now"


def test_the_corpus_is_large_half_of_it_harmless_and_nothing_stands_in_it_twice() -> None:
    commands = [command for group in GROUPS for command in group["commands"]]
    harmless = [command for group in GROUPS if group["says"] == "allow" for command in group["commands"]]
    assert len(commands) == len(set(commands))
    assert len(commands) >= 600
    assert len(harmless) >= 300
