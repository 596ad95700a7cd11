from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.cli.compare import table
from tests.cli.conftest import Story


def test_two_sessions_stand_side_by_side(story: Story, workspace: Path, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()
    name = str(story.folder.id)

    ran = orchestrate("compare", name)
    told = json.loads(orchestrate("compare", name, name, "--json").out)["sessions"]

    assert ran.code == 0
    assert "state         waits for you" in ran.out
    assert "questions     0 answered, 1 open" in ran.out
    assert [one["id"] for one in told] == [name, name]
    assert told[0]["changed"] == "not measured"
    assert orchestrate("compare", "20260101-000000-0000").code == 2


def test_what_differs_is_marked_and_long_words_are_cut() -> None:
    lines = table(["a", "b"], [{"time": "0:01", "task": "x" * 90}, {"time": "0:02", "task": "x" * 90}], 60)

    assert lines[1].startswith("time        * 0:01 ")
    assert lines[2].startswith("task          xxx")
    assert all(len(line) <= 60 for line in lines)
