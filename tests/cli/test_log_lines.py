from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.cli.agent_colours import agent_colour
from orchestrator.cli.log_lines import LogChoice, LogFormat, LogWriter, is_meant
from orchestrator.models import events
from orchestrator.models.events import EventType
from orchestrator.narration.notices import Topic, Weight

if TYPE_CHECKING:
    from tests.cli.conftest import Story


EVERYTHING, PLAIN = LogChoice(), LogFormat()


def written(
    story: Story, choice: LogChoice = EVERYTHING, format_: LogFormat = PLAIN, last: int | None = None
) -> Sequence[str]:
    writer = LogWriter(choice, format_, last)
    for entry in story.entries:
        writer.take(entry)
    return list(writer.lines())


@pytest.fixture
def told(story: Story) -> Story:
    story.started("gemini")
    story.said("gemini", events.Reasoned("perhaps the parser"), events.Said("I look around"))
    story.said("gemini", events.ToolCalled("Shell", "1", "pytest -q"))
    story.said("gemini", events.Reported("half of it", progress=50), type_=EventType.MILESTONE)
    return story


def test_thoughts_are_left_out_until_they_are_wanted(told: Story) -> None:
    assert not any("perhaps the parser" in line for line in written(told))
    assert any("thinks: perhaps the parser" in line for line in written(told, LogChoice(thoughts=True)))


@pytest.mark.parametrize(
    ("choice", "shown", "hidden"),
    [
        pytest.param(LogChoice(topics=frozenset({Topic.MILESTONE})), "half of it", "pytest -q", id="a type"),
        pytest.param(LogChoice(least=Weight.IMPORTANT), "half of it", "I look around", id="what is important"),
        pytest.param(LogChoice(pattern=re.compile("PYTEST", re.I)), "pytest -q", "half of it", id="a pattern"),
        pytest.param(LogChoice(agent="gemini"), "pytest -q", "plan (tier 1)", id="an agent"),
    ],
)
def test_only_what_was_chosen_is_shown(told: Story, choice: LogChoice, shown: str, hidden: str) -> None:
    lines = written(told, choice)

    assert any(shown in line for line in lines)
    assert not any(hidden in line for line in lines)


def test_nothing_from_before_the_wanted_time_is_shown(told: Story) -> None:
    assert written(told, LogChoice(since=told.at + timedelta(seconds=1))) == []
    assert len(written(told, LogChoice(since=told.at))) >= 1


def test_the_last_ones_are_kept_and_what_comes_later_is_shown_whole(told: Story) -> None:
    writer = LogWriter(LogChoice(), LogFormat(), last=1)
    for entry in told.entries:
        writer.take(entry)
    first = list(writer.lines())
    for _ in range(3):
        told.said("gemini", events.Said("once more"))
        writer.take(told.entries[-1])

    assert len(first) == 1
    assert len(list(writer.lines())) == 3


def test_a_line_of_json_holds_the_whole_text_and_what_it_is(told: Story) -> None:
    told.said("gemini", events.Said("long " * 900 + "\x1b[31m"))

    last = json.loads(written(told, format_=LogFormat(as_json=True))[-1])

    assert last["text"] == "long " * 900 + "\x1b[31m"
    assert (last["worker"], last["agent"], last["type"], last["source"]) == ("gemini", "gemini", "progress", "said")
    assert last["weight"] == "detail"


def test_times_can_count_from_the_start(told: Story) -> None:
    lines = written(told, LogChoice(pattern=re.compile("pytest")), LogFormat(since_start=True))

    assert re.match(r" +0:0\d gemini +Shell: pytest -q", lines[0])


def test_colours_mark_the_worker_and_leave_the_words_alone(told: Story) -> None:
    (line,) = written(told, LogChoice(pattern=re.compile("pytest")), LogFormat(colours=True))

    assert f"\x1b[38;5;{agent_colour('gemini')}m" in line
    assert re.sub(r"\x1b\[[0-9;]*m", "", line) == written(told, LogChoice(pattern=re.compile("pytest")))[0]


@pytest.mark.parametrize(
    ("worker", "agent", "meant"),
    [
        ("claude", "claude", True),
        ("claude-2", "claude", True),
        ("claudette", "claude", False),
        ("a-codex", "codex", True),
    ],
)
def test_an_agents_name_means_the_workers_named_after_it(worker: str, agent: str, meant: bool) -> None:
    assert is_meant(worker, agent) is meant


def test_a_banner_of_several_lines_is_one_and_trouble_stands_for_itself(story: Story) -> None:
    story.started("gemini")
    banner = ("Loaded cached credentials.", "Welcome!", "Tips:", "1. Ask")
    for line in (*banner, "Error: no such model"):
        story.said("gemini", events.Unrecognised(line, "stderr"), type_=EventType.STATUS)

    lines = [line for line in written(story) if "stderr" in line]
    assert len(lines) == 2
    assert lines[0].endswith(
        "stderr: Loaded cached credentials. … and 3 more lines that are no records (orchestrate logs --raw)"
    )
    assert lines[1].endswith("stderr: Error: no such model")
    assert len([line for line in written(story, format_=LogFormat(as_json=True)) if "stderr" in line]) == 5
