"""How many files one opens to follow a line of an agent, or an option: the figures may fall, and rise on purpose only.

A station hands on to a further file (``benchmarks/walks.py``).
"""

from __future__ import annotations

import pytest

from benchmarks.walks import WALKS, option_to_argv, quiet_record, tool_call


@pytest.mark.parametrize(
    ("title", "stations", "files"),
    [
        ("a quiet record", 12, 23),
        ("a milestone that is reviewed", 12, 30),
        ("a guard's question", 14, 25),
        # Seven of them are the reader of shell commands, which is a feature of its own.
        ("a tool call that is judged", 19, 40),
    ],
)
def test_a_line_is_followed_through_few_files(title: str, stations: int, files: int) -> None:
    walk = WALKS[title]()
    assert {"session/fold.py", "journal/writer.py"} <= set(walk.files)
    assert len(walk.stations) <= stations, walk.stations
    assert len(walk.files) <= files, walk.files


def test_what_nobody_asked_for_is_not_run_for_a_quiet_record() -> None:
    assert not [name for name in quiet_record().files if name.startswith(("safety/shell", "review_engine", "recovery"))]


def test_outside_the_reader_of_commands_a_judged_call_has_few_stations() -> None:
    assert len([name for name in tool_call().stations if not name.startswith("safety/")]) <= 12


def test_an_option_is_followed_through_few_files() -> None:
    walk = option_to_argv()
    assert {"cli/run.py", "agents/claude/launching.py"} <= set(walk.naming)
    assert len(walk.naming) <= 6, walk.naming
