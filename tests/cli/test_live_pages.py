from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from orchestrator.cli.decision_desk import DeskLine
from orchestrator.cli.live_pages import agent_page, change_page, help_page, page, tree_page
from orchestrator.cli.terminal_notices import terminal_notices
from orchestrator.models import events
from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_one_agent_shows_what_it_said_and_did(story: Story) -> None:
    story.started("gemini")
    story.said("gemini", events.Said("I read the parser."), events.ToolCalled("Shell", "1", "cat a.py"))
    kept = [notice for entry in story.entries for notice in terminal_notices(entry) if notice.worker == "gemini"]

    lines = agent_page(story.session, WorkerId("gemini"), kept, story.at, 80)

    assert lines[0].plain.startswith("gemini  model unknown  running")
    assert any("I read the parser." in line.plain for line in lines)
    assert all(line.cell_len <= 80 for line in lines)


def test_the_tree_has_a_line_for_each_agent(story: Story) -> None:
    story.started("gemini")

    lines = [line.plain for line in tree_page(story.session, story.at, 80)]

    assert "plan: 3 agents, one after the other" in lines[0]
    assert lines[1].startswith("running      ├─ gemini designs")
    assert lines[3].startswith("waiting      └─ codex reviews")


def test_a_page_longer_than_the_screen_says_where_it_stands() -> None:
    lines = change_page([DeskLine("added", f"+{number}") for number in range(30)])
    console = Console(file=io.StringIO(), width=60, color_system=None)
    console.print(page("a change", lines, above=5, width=60, height=10))
    drawn = console.file.getvalue().splitlines()  # type: ignore[attr-defined] # the file is ours

    assert drawn[0] == "a change   5 above, 17 below"
    assert drawn[1:] == [f"+{number}" for number in range(5, 13)]


@pytest.mark.parametrize("width", [36, 80, 200])
def test_every_key_is_explained_however_narrow_the_terminal_is(width: int) -> None:
    lines = [line.plain for line in help_page(width, ["dashboard: http://127.0.0.1:8000/"])]

    assert max(map(len, lines)) <= width
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "][:6] == list("prdlta")
    assert lines[-1].endswith("http://127.0.0.1:8000/")
    assert len(lines) == 12 or width < 80
