"""Whole sessions of made-up agents while tuning is on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.settings.user_places import state_folder
from orchestrator.store.tuning_log import TuningLog
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.tuning_events import Assigned, Claimed, Resulted, SessionResult
from tests.faults.conftest import Program, program

__all__ = ["program"]
pytestmark = pytest.mark.slow


def first_entry(program: Program, session: str) -> Any:
    with (program.workspace / session / "journal.jsonl").open("rb") as file:
        return json.loads(file.readline())["body"]["options"]


def test_a_session_opens_with_what_is_in_force_and_a_trial_and_tells_what_came_of_it(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.claude(f"echo b >{target}/a.txt")
    log = TuningLog(state_folder(program.environ))
    assert program.orchestrate("tune", "on").code == 0
    known = SessionResult("", True, 2.0, 1.0, 3.0, 3.0, 0.3)
    log.act(lambda tuning: [Claimed("trial-1", "silence_s", 900, 600, 60.0, 52.0, 60, "")])
    values = {**BASELINE, "silence_s": 600}
    for number in range(31):
        result = Resulted(replace(known, session=f"h{number}"))
        log.act(lambda tuning, result=result: [Assigned(result.result.session, values), result])  # type: ignore[misc]  # a default

    for _ in range(2):
        program.run(target)

    assigned = [one for one in log.events() if isinstance(one, Assigned) and one.folder]
    assert {one.arm for one in assigned} == {"incumbent", "candidate"}
    for one in assigned:
        options = first_entry(program, one.session)
        assert options["tuning"]["values"] == {**BASELINE, **one.values}
        assert (options["tuning"]["trial"], options["tuning"]["pair"]) == (one.trial, 1)
        assert options["silence_s"] == {**BASELINE, **one.values}["silence_s"]
        assert options["consensus_frequency"] == {**BASELINE, **one.values}["consensus_frequency"]
        assert Path(one.folder).name == one.session
    told = {one.result.session for one in log.events() if isinstance(one, Resulted)}
    assert {one.session for one in assigned} <= told
    shown = program.orchestrate("tune", "explain", assigned[0].trial)
    assert "2 sessions; 2 of them derived again from their journals" in shown.out, shown.text
    assert "DIFFERS" not in shown.out


def test_what_is_at_stake_stands_in_journal_and_report_and_is_replayed(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.claude(f"echo b >{target}/a.txt")
    ran = program.run(target, "--criticality", "high")
    (session,) = [one.name for one in program.workspace.iterdir() if (one / "journal.jsonl").exists()]
    options = first_entry(program, session)
    assert (options["criticality"], options["silence_s"], options["gate_margin"]) == ("high", 600, 5)
    assert [one["threshold"] for one in options["escalations"]] == [0.6, 1_000_000, 1]
    assert "silence_s 600 s" in options["criticality_because"], ran.text
    assert "criticality high (as asked: " in (program.workspace / session / "report.md").read_text()
    assert program.orchestrate("replay", session).code == 0
