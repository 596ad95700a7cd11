"""The table of obeyed files, tried: listed programs run what is planted, but not what a session took."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.safety.obeyed_files import obeyed_files
from orchestrator.sandbox.proof import prove_backend
from orchestrator.shim.obeyed_rules import Rules
from tests.sandbox.escaping import policy
from tests.sandbox.obeyed_trials import TRIALS, Place, Trial, alone, available, in_session, without_sandbox
from tests.sandbox.table import DOCUMENT

MOST_WITHOUT = 3
"""Programs that may be missing before the trials say nothing about the table."""


def test_a_trial_plants_the_file_that_its_row_speaks_of() -> None:
    patterns = [row.pattern for row in obeyed_files()]
    rules = Rules([row.model_dump() for row in obeyed_files()])
    for trial in TRIALS:
        *folders, name = trial.path.split("/")
        found = rules.of_file(folders, name)
        for at, folder in enumerate(folders):
            found += rules.of_folder(folders[:at], folder)
        assert trial.pattern in {patterns[number] for number in found}, trial
    assert len({trial.pattern for trial in TRIALS}) == len(TRIALS)


def test_the_table_and_the_trials_are_long_enough() -> None:
    rows = obeyed_files()
    tried = {row.program for row in rows if row.pattern in {trial.pattern for trial in TRIALS}}
    assert len(rows) >= 80
    assert len({row.program for row in rows}) >= 25
    assert all(row.source.startswith(("https://", "docs/")) for row in rows)
    assert len(TRIALS) >= 60
    assert len(tried) >= 25


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_is_planted_where_nothing_holds_it_runs(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> None:
    trials = [trial for trial in TRIALS if available(trial)]
    ran = without_sandbox(tmp_path, trials)
    assert [trial.pattern for trial in trials if trial.pattern not in ran] == []
    missing = sorted({trial.program for trial in TRIALS if not available(trial)})
    if len(missing) > MOST_WITHOUT:
        not_proven(f"files that programs obey: {', '.join(missing)} are not installed")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["default", "strict"])
def test_what_an_agent_plants_is_taken_or_named_first(
    name: str, tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    if not prove_backend(policy(name, "bubblewrap"), os.environ).works:
        not_proven("bubblewrap does not work here")
    found = in_session(alone(tmp_path), TRIALS, policy=name)
    assert found.ran == []
    assert found.wrong == []
    assert found.unnamed == []
    assert len(found.held) + len(found.warned) == len(TRIALS)


def test_a_place_lays_down_what_was_there_and_what_is_planted(tmp_path: Path) -> None:
    trial = Trial("x", "sh", {"d/x": "#!/bin/sh\ntouch {flag}\n"}, "./d/x", before={"d/x": "old\n"}, setup="touch made")
    place = Place(tmp_path, [trial])
    place.fill()
    assert (place.of(0) / "d" / "x").read_text() == "old\n"
    assert (place.of(0) / "made").exists()
    assert not place.call(0)
    place.shell(place.target, place.script())
    assert place.planted(0)["d/x"] == (place.of(0) / "d" / "x").read_text()
    assert place.call(0)


def test_the_page_has_every_row_and_says_which_were_tried() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    tried = {trial.pattern for trial in TRIALS}
    for row in obeyed_files():
        line = next((line for line in lines if line.startswith(f"| `{row.pattern}` | {row.program} |")), "")
        assert line, row.pattern
        assert ("by documentation only" in line) is (row.pattern not in tried), line
        assert f"| {row.do} |" in line
