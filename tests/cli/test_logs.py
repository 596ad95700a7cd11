from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.cli.logs import TYPES
from orchestrator.models import events
from orchestrator.narration.notices import Topic

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_logs_of_one_agent_leave_the_others_out(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.started("gemini")
    story.said("gemini", events.Said("I look around"))
    story.write()

    assert "I look around" in orchestrate("logs", "gemini").out
    assert "I look around" not in orchestrate("logs", "claude").out
    assert "plan (tier 1)" in orchestrate("logs").out


def test_logs_of_somebody_who_is_not_there_are_an_error_that_says_who_is(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()

    ran = orchestrate("logs", "nobody")

    assert (ran.code, ran.out) == (2, "")
    assert "no worker 'nobody'" in ran.err
    assert "claude, codex, gemini" in ran.err


def test_raw_logs_are_the_agents_bytes_and_say_so(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    (story.folder.path / "claude.jsonl").write_bytes(b'{"a": 1}\nnot json\n')

    ran = orchestrate("logs", "--raw", "claude")

    assert ran.out == '{"a": 1}\nnot json\n'
    assert "unredacted" in ran.err


def test_notices_can_be_chosen_from_the_command_line(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.started("gemini")
    story.said("gemini", events.Said("I look around"))
    story.said("gemini", events.ToolCalled("Shell", "1", "pytest -q"))
    story.write()

    assert orchestrate("logs", "--grep", "PYTEST").out.count("\n") == 1
    assert "I look around" not in orchestrate("logs", "--important").out
    assert orchestrate("logs", "-n", "2").out.splitlines() == orchestrate("logs").out.splitlines()[-2:]
    assert json.loads(orchestrate("logs", "--json", "-n", "1").out)["text"] == "Shell: pytest -q"
    assert "\x1b" not in orchestrate("logs").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--grep", "("), "is no regular expression"),
        (("--since", "yesterday"), "is no time"),
        (("--type", "gossip"), "gossip"),
        (("--raw", "gemini", "--important"), "--raw shows the bytes as they are"),
    ],
)
def test_what_cannot_be_chosen_is_said(
    story: Story, orchestrate: Callable[..., Any], arguments: tuple[str, ...], said: str
) -> None:
    story.write()

    ran = orchestrate("logs", *arguments)

    assert ran.code == 2
    assert said in ran.err


def test_the_types_are_those_that_notices_have() -> None:
    assert set(TYPES) == set(Topic)


@pytest.mark.parametrize("chosen", [[], ["--type", "progress"], ["--json"], ["--relative-time"], ["gemini"]])
def test_the_last_notices_are_those_that_all_of_them_end_with(
    story: Story, orchestrate: Callable[..., Any], chosen: list[str]
) -> None:
    story.started("gemini")
    for number in range(30):
        story.said("gemini", events.Said(f"line {number}"), events.ToolCalled("Shell", str(number), f"make {number}"))
    story.write()

    lines = orchestrate("logs", *chosen).out.splitlines()

    for count in (0, 1, 2, 3, 7, 1000):
        assert (
            orchestrate("logs", "-n", str(count), *chosen).out.splitlines()
            == lines[len(lines) - min(count, len(lines)) :]
        )


def test_the_last_notices_are_told_of_a_journal_that_is_damaged_far_in_front_of_them(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.started("gemini")
    for number in range(9):
        story.said("gemini", events.Said(f"line {number}"))
    story.write()
    lines = story.folder.journal_file.read_bytes().splitlines(keepends=True)
    story.folder.journal_file.write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))

    assert orchestrate("logs", "-n", "2").out.count("\n") == 2
    assert orchestrate("logs").code == 1
