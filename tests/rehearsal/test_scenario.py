from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit, InvalidFile
from orchestrator.rehearsal.scenario import SCENARIOS, find_scenario, load_scenario

GOOD = """\
name = "sample"
sandbox = "open"

[launch_without]
gemini = ["--include-directories"]

[[turn]]
agent = "claude"

[[turn.step]]
say = "I begin."

[[turn.step]]
write = { path = "{target}/a.txt", text = "a" }

[[turn]]
role = "reviewer"
review = "*-milestone"
repeat = true

[[turn.step]]
[turn.step.reply]
verdict = "approved"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_is_read_whole(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, GOOD))
    assert scenario.sandbox == "open"
    assert scenario.launch_without == {"gemini": ("--include-directories",)}
    first, second = scenario.turn
    assert [step.is_call for step in first.step] == [False, True]
    assert second.repeat
    assert second.step[0].reply == {"verdict": "approved"}


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_ours_is_valid_and_named_like_its_file(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.name == path.stem
    assert scenario.about
    assert find_scenario(path.stem) == path


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param('name = "x"\nabout = [', 2, "", id="not TOML"),
        pytest.param('name = "x"\nabuot = "y"\n', 2, "abuot", id="unknown key at the top"),
        pytest.param('about = "no name"\n', None, "name: Field required", id="no name"),
        pytest.param('name = "x"\nsandbox = "closed"\n', 2, "sandbox", id="wrong value"),
        pytest.param('name = "x"\n[[turn]]\nrepeat = true\n', 2, "a turn needs agent", id="a turn for nobody"),
        pytest.param(
            'name = "x"\n[[turn]]\nagent = "a"\n[[turn]]\nagent = "b"\nrepeat = 7\n',
            6,
            "turn.1.repeat",
            id="second turn",
        ),
        pytest.param(
            'name = "x"\n[[turn]]\nagent = "a"\n[[turn.step]]\nsay = "1"\n[[turn]]\nagent = "b"\n'
            '[[turn.step]]\nsay = "2"\n[[turn.step]]\nsay = "3"\nrun = "4"\n',
            10,
            "exactly one of",
            id="second step of the second turn",
        ),
        pytest.param(
            'name = "x"\n[[turn]]\nagent = "a"\n[[turn.step]]\nstatus = 200\n',
            5,
            "turn.0.step.0.status",
            id="not an error",
        ),
        pytest.param(
            'name = "x"\n[[turn]]\nagent = "a"\n[[turn.step]]\nwrite = { path = "a", txt = "b" }\n',
            5,
            "txt",
            id="inside an inline table",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_reason(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InvalidFile) as caught:
        load_scenario(path)
    assert caught.value.line == line
    assert reason in caught.value.reason
    assert str(path) in str(caught.value)


def test_a_scenario_that_is_not_there_is_an_invalid_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no such scenario"):
        load_scenario(tmp_path / "none.toml")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(EnvironmentUnfit) as caught:
        find_scenario("defualt")
    assert "default" in (caught.value.hint or "")
