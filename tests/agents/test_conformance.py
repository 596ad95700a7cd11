"""Every adapter keeps the contract, and every recording of the real CLIs translates to its golden events."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS, get_agent
from orchestrator.models.events import Denied, TurnEnded
from orchestrator.testing.agents import (
    check_any_record,
    check_assignment_is_obeyed,
    check_evidence,
    check_prompt,
    check_recording,
    check_rules,
    golden,
    missing_parts,
    told,
)

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
FOLDERS = sorted(path.parent for path in RECORDINGS.glob("*/*/meta.json"))

FINAL_RECORDS = {
    *(("result", "claude"), ("result", "gemini"), ("turn.completed", "codex"), ("turn.failed", "codex")),
    *(("step_finish", "opencode"), ("error", "opencode")),
}


def agent_of(folder: Path) -> Agent:
    return get_agent(folder.parent.name.partition("-")[0])


def named(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.fixture(params=AGENTS.values(), ids=lambda agent: agent.name)
def agent(request: pytest.FixtureRequest) -> Agent:
    found: Agent = request.param
    return found


def test_the_prompt_reaches_the_cli_whole_and_never_through_argv(agent: Agent) -> None:
    check_prompt(agent)


def test_an_assignment_is_obeyed_to_the_letter(agent: Agent) -> None:
    check_assignment_is_obeyed(agent)


@pytest.mark.slow
def test_any_json_object_and_any_noise_is_accepted(agent: Agent) -> None:
    check_any_record(agent)


def test_rules_are_named_and_reasoned(agent: Agent) -> None:
    check_rules(agent)


@pytest.mark.slow
def test_every_seen_rule_has_a_recording(agent: Agent) -> None:
    check_evidence(agent, [folder for folder in FOLDERS if agent_of(folder) is agent])


def test_nothing_is_missing_of_any_adapter(agent: Agent) -> None:
    assert not missing_parts(agent, [folder for folder in FOLDERS if agent_of(folder) is agent])


# Each asks one thing of every recording, and says of which it does not hold: a test for each would spend most of its
# time in being one of 1,400.


def test_no_recording_tells_of_the_machine_it_was_made_on() -> None:
    """Where one does: rewrite the paths of the machine to /home/dev in all files of its folder."""
    telling = {}
    for folder in FOLDERS:
        command = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["command"]
        text = (folder / "stdout.jsonl").read_text(encoding="utf-8", errors="replace")
        # Some leave out the first slash of a path.
        places = [place for place in re.findall(r"[\w.~/-]*/target/", text) if "home/dev/" not in place]
        if places or not command.startswith("cd /home/dev/"):
            telling[named(folder)] = (command, places)
    assert telling == {}


def test_every_recording_translates_to_its_golden_events(update_goldens: bool) -> None:
    wrong = []
    for folder in FOLDERS:
        if update_goldens:
            (folder / "events.json").write_text(golden(told(agent_of(folder), folder)), encoding="utf-8")
        try:
            check_recording(agent_of(folder), folder)
        except AssertionError as why:
            wrong.append(str(why))
    assert not wrong, "\n".join(wrong)


def final_records(folder: Path) -> int:
    """How many records of a recording end a turn."""
    name = str(agent_of(folder).name)
    finals = 0
    for line in (folder / "stdout.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and (record.get("type"), name) in FINAL_RECORDS:
            # OpenCode's steps end with the reason; one that called a tool is followed by another.
            part = record.get("part")
            finals += not (isinstance(part, dict) and part.get("reason") == "tool-calls")
    return finals


def test_every_final_record_ends_one_turn() -> None:
    wrong = {}
    for folder in FOLDERS:
        ends = [end for event in told(agent_of(folder), folder) if isinstance(end := event.event.payload, TurnEnded)]
        finals = final_records(folder)
        if len(ends) != finals:
            wrong[named(folder)] = f"{len(ends)} turns end, and {finals} records say so"
        elif json.loads((folder / "meta.json").read_text(encoding="utf-8"))["exit"] > "0" and any(e.ok for e in ends):
            wrong[named(folder)] = "the CLI failed, and a turn of it ends well"
    assert wrong == {}


def test_no_denial_is_told_twice() -> None:
    wrong = {}
    for folder in FOLDERS:
        events = [one.event.payload for one in told(agent_of(folder), folder)]
        denials = [event for event in events if isinstance(event, Denied)]
        counted = sum(event.denials for event in events if isinstance(event, TurnEnded))
        if len(denials) < counted or len({(event.text, event.tool) for event in denials}) != len(denials):
            wrong[named(folder)] = (counted, [(event.text, event.tool) for event in denials])
    assert wrong == {}
