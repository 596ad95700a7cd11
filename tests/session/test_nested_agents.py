from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import AnswerGuard
from orchestrator.models.entries import GuardAsked
from orchestrator.models.events import ToolCalled
from orchestrator.models.identity import WorkerId
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.nested_agents import count_agent
from orchestrator.session.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")


@pytest.mark.parametrize(("policy", "runs"), [("default", True), ("strict", False)])
def test_another_agent_is_counted_and_said_and_refused_where_the_policy_says_so(
    play: Callable[..., Play], policy: str, runs: bool
) -> None:
    p = play("claude", sandbox=load_sandbox_policy(policy), interactive=True, sandbox_backend="bubblewrap")
    p.start("claude")
    for number in range(3):
        p.take(GuardAsked(CLAUDE, f"r{number}", "executable", ("codex", "exec", "do it"), "/t"))
    p.take(GuardAsked(CLAUDE, "v", "executable", ("codex", "--version"), "/t"))
    assert [effect.run for effect in p.wanted(AnswerGuard)] == [runs, runs, runs, True]
    (worker,) = summarise(p.session).workers
    assert worker.agents_started == {"codex": 3}
    said = [text for text in p.session.warnings if "another agent" in text and "refused `" not in text]
    assert len(said) == 1


def test_it_is_said_at_the_first_time_and_the_tenth(play: Callable[..., Play]) -> None:
    from orchestrator.session.draft import Draft

    p = play("claude")
    p.start("claude")
    assert p.session.now is not None
    draft = Draft(p.session, p.session.now, n=p.session.n + 1)
    for _ in range(12):
        count_agent(draft, CLAUDE, "gemini", refused=False)
    assert len(draft.session.warnings) - len(p.session.warnings) == 2
    assert draft.detail(CLAUDE).agents_started == {"gemini": 12}


@pytest.mark.parametrize(
    ("command", "counted"),
    [
        pytest.param("node node_modules/@openai/codex/bin/codex.js exec x", {"codex": 1}, id="a file of its package"),
        pytest.param("python3 -m aider --message x", {"aider": 1}, id="a module"),
        pytest.param("codex exec x", {}, id="what its guard counts"),
    ],
)
def test_an_agent_that_no_guard_stands_in_front_of_is_counted_by_the_stream(
    play: Callable[..., Play], command: str, counted: dict[str, int]
) -> None:
    p = play("claude", sandbox=load_sandbox_policy("default"), interactive=True, sandbox_backend="bubblewrap")
    p.start("claude")
    p.says("claude", ToolCalled("Bash", "t1", command, command=command))
    (worker,) = summarise(p.session).workers
    assert worker.agents_started == counted
