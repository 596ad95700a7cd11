"""The short chaos run; the long one is ``benchmarks/chaos.py``."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from orchestrator.coordinator.preflight import survey_machine
from orchestrator.journal.reader import read_journal
from orchestrator.journal.writer import Journal
from orchestrator.models.sandbox import SandboxConfig
from tests.chaos.campaign import run_campaign, tear

pytestmark = pytest.mark.slow
KILLS = 5
GOLDEN = Path(__file__).parent.parent / "recordings" / "journals"


def test_nothing_is_lost_doubled_or_left_behind(tmp_path: Path) -> None:
    sandboxed = survey_machine(SandboxConfig(name="test"), os.environ).sandbox.works
    figures = run_campaign(tmp_path, seed=20261121, kills=KILLS, sandboxes=("default",) if sandboxed else ("open",))
    assert figures.problems == [], str(figures)
    counted = figures.counted
    assert (counted.lost, counted.doubled) == (0, 0)
    assert (counted.leftovers, counted.groups, counted.folders) == (0, 0, 0)
    assert figures.struck.total() == figures.kills >= KILLS
    assert figures.counted.events > 100


def test_a_plan_whose_writers_work_side_by_side_survives_kills(tmp_path: Path) -> None:
    figures = run_campaign(tmp_path, seed=20261130, kills=KILLS, sandboxes=("open",), played=("best_of",))
    assert figures.problems == [], str(figures)
    counted = figures.counted
    assert (counted.lost, counted.doubled, counted.leftovers) == (0, 0, 0)
    assert figures.of_team("best_of") >= KILLS


def test_a_follow_up_survives_kills(tmp_path: Path) -> None:
    figures = run_campaign(tmp_path, seed=20261201, kills=3, sandboxes=("open",), played=("continue change",))
    assert figures.problems == [], str(figures)
    counted = figures.counted
    assert (counted.lost, counted.doubled, counted.leftovers) == (0, 0, 0)
    assert figures.of_team("continue change") >= 3


def test_a_torn_journal_ends_with_the_entry_before(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    golden = next(iter(sorted(GOLDEN.rglob("*.jsonl"))))
    journal.write_bytes(golden.read_bytes())
    whole = list(read_journal(journal))
    tear(journal, random.Random(1))
    assert list(read_journal(journal)) == whole[:-1]
    with Journal(journal) as opened:
        assert opened.last == len(whole) - 1
