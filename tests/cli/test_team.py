"""Who works is chosen by the task or by ``--team``; it is the first thing said, and it stands in the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_no_change import ANSWER, turn
from tests.faults.conftest import Program, program

__all__ = ["program"]
pytestmark = pytest.mark.slow

QUESTION = "Which modules does this project have?"


@pytest.fixture
def target(program: Program) -> Path:
    return program.target(files={"shop.py": "def shop(): ...\n"})


def test_a_question_is_answered_and_nobody_writes(program: Program, target: Path) -> None:
    program.agent("claude", turn(ANSWER, does=f"echo x >{target}/new.txt"))
    ran = program.run(target, task=QUESTION)
    assert ran.code == 0, ran.text
    assert not (target / "new.txt").exists()
    first = ran.err.splitlines()[0]
    assert first.startswith(
        'team answer: it asks for an answer, and for no change ("which modules"); otherwise --team '
    )
    assert "if a change was wanted: the same command again with --team change" in ran.out
    opened = json.loads((program.session() / "session.json").read_text())
    assert (opened["team"], opened["no_change"]) == ("answer", True)
    assert "which modules" in opened["team_because"]
    shown = program.orchestrate("show", "--json").json()
    assert shown["team"]["name"] == "answer"
    assert program.orchestrate("replay").code == 0


def test_by_name_a_change_is_made_whatever_the_task_says(program: Program, target: Path) -> None:
    program.claude(f"echo x >{target}/new.txt")
    ran = program.run(target, "--team", "change", "--json", task=QUESTION)
    assert (target / "new.txt").exists(), ran.text
    assert ran.err.splitlines()[0] == "team change, as asked (--team)"
    assert ran.json()["team"] == {"name": "change", "because": "as asked"}


def test_where_nobody_else_is_there_one_works_alone_and_that_is_said(program: Program, target: Path) -> None:
    program.claude(f"echo x >{target}/new.txt")
    ran = program.run(target, "--json", task="Add new.txt")
    assert (target / "new.txt").exists(), ran.text
    said = 'it asks for a change ("add"), and claude is the only agent that can be used'
    assert ran.err.splitlines()[0] == f"team solo: {said}; otherwise --team change or --team answer"
    assert ran.json()["team"] == {"name": "solo", "because": said}


def test_two_teams_at_once_and_one_there_is_not_are_refused(program: Program, target: Path) -> None:
    for options in (("--no-change", "--team", "solo"), ("--team", "nobody")):
        ran = program.run(target, *options)
        assert ran.code == 2
        assert options[-1] in ran.err
    assert not list(program.workspace.iterdir())
