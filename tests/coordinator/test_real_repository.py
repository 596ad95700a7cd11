"""What the real CLIs do with git inside the sandbox arrives in the user's repository, whatever their own tools add."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import ExitCode
from orchestrator.models.entries import SessionOpened
from orchestrator.models.identity import AgentName
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy

if TYPE_CHECKING:
    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.coordinator.conftest import Stage

pytestmark = [pytest.mark.slow]

ME = "-c user.name=me -c user.email=me@example.org"
SCENARIO = f"""
name = "repository"

[[turn]]
role = "designer"

[[turn.step]]
say = "A commit, a branch with another, a merge of it, and a stash."

[[turn]]
role = "implementer"

[[turn.step]]
write = {{ path = "{{target}}/a.txt", text = "first\\n" }}

[[turn.step]]
run = "cd {{target}} && git add a.txt && git {ME} commit -qm 'first of the agent'"

[[turn.step]]
run = "cd {{target}} && git switch -qc feature && echo side >b.txt && git add b.txt && git {ME} commit -qm side"

[[turn.step]]
run = "cd {{target}} && git switch -q main && git {ME} merge -q --no-ff -m merged feature"

[[turn.step]]
run = "cd {{target}} && echo stashed >a.txt && git {ME} stash -q && echo kept >c.txt"

[[turn.step]]
say = "All of it stands."
"""


def git(folder: Path, *words: str) -> str:
    """What git says to the user, outside any sandbox."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def make_repository(session: Session, entry: JournalEntry) -> None:
    """A rehearsal's copy of the target has no repository; it gets one before anybody works there."""
    if isinstance(entry.body, SessionOpened):
        git(session.options.target, "init", "-q", "-b", "main")
        git(session.options.target, "add", "-A")
        git(session.options.target, *ME.split(), "commit", "-qm", "of the user")


@pytest.mark.parametrize("policy", ["default", "strict"])
@pytest.mark.parametrize(
    "stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real, id="real")]
)
@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
@pytest.mark.usefixtures("git")
async def test_commits_branches_merges_and_stashes_of_a_cli_arrive(
    stage: Stage, agent: str, stand_ins: bool, policy: str
) -> None:
    stage.stand_ins = stand_ins
    stage.watch = make_repository
    result = await stage.run(SCENARIO, sandbox=load_sandbox_policy(policy), agents=(AgentName(agent),))
    assert result.exit_code is ExitCode.DONE, result.reason
    target = result.state.options.target
    assert git(target, "log", "-1", "--format=%s") == "merged\n"
    subjects = sorted(git(target, "log", "--format=%s").splitlines())
    assert subjects == ["first of the agent", "merged", "of the user", "side"]
    assert git(target, "branch", "--format=%(refname:short)").splitlines() == ["feature", "main"]
    assert git(target, "rev-list", "--merges", "--count", "main") == "1\n"
    assert git(target, "show", "stash@{0}:a.txt") == "stashed\n"
    assert git(target, "status", "--porcelain") == "?? c.txt\n"
    assert git(target, "fsck", "--strict", "--no-dangling") == ""
