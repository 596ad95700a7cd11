from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.identity import WorkerId
from tests.coordinator.exactness import assert_exact
from tests.coordinator.killing import killed_at, resume, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coordinator.killing import Killing

TWO_TURNS = """
name = "two turns"

[[turn]]
role = "implementer"

[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }

[[turn.step]]
usage = { input = 4000, output = 500, cached = 1000 }

[[turn.step]]
say = "hello.txt stands."

[[turn]]
role = "implementer"

[[turn.step]]
run = "sleep 0.3"

[[turn.step]]
usage = { input = 3000, output = 200, cached = 2000 }

[[turn.step]]
say = "It still stands."
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "again"),
    [
        pytest.param("codex", False, id="codex, between its turns"),
        pytest.param("codex", True, id="codex, and in the second"),
        pytest.param("claude", True, id="claude, and in the second"),
    ],
)
def test_what_a_conversation_has_consumed_is_counted_once_whoever_coordinates(
    killing: Killing, agent: str, *, again: bool
) -> None:
    """The coordinator is killed between two turns of one conversation, whose second states the figures of both."""
    killing.agents = (agent,)
    folder = killing.until(f"worker_exited {agent}", scenario=TWO_TURNS)
    drop_command(SessionFolder(folder), UserCommand(Command.RESTART, by="test", worker=WorkerId(agent)))
    if again:
        with run("resume", folder) as process:
            killed_at(process, f"agent_output {agent}")
    assert resume(folder).startswith("ended done")
    session = assert_exact(folder)
    worker = session.workers[WorkerId(agent)]
    assert worker.attempt == 2
    assert session.details[worker.id].current.conversation_asked == worker.conversation
    usage = worker.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == stated(folder / f"{agent}.jsonl")


def stated(raw: Path) -> tuple[int, int, int]:
    """Tokens read afresh, cached and written over the whole conversation, as the CLI itself says at the end."""
    last = json.loads(raw.read_text().splitlines()[-1])
    if "modelUsage" in last:
        [total] = last["modelUsage"].values()
        return total["inputTokens"], total["cacheReadInputTokens"], total["outputTokens"]
    total = last["usage"]
    cached = total["cached_input_tokens"]
    return total["input_tokens"] - cached, cached, total["output_tokens"]
