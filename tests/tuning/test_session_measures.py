from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.models.entries import JOURNAL_ENTRY, Body
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.summary import summarise
from orchestrator.tuning.session_measures import MEASURED, ReviewMeasure, SessionMeasures, measures_of
from tests.session.conftest import Play
from tests.store.conftest import FAILED, PASSED, closed

RECORDED = Path(__file__).resolve().parents[1] / "recordings" / "journals"


def lines_of(played: Play) -> list[bytes]:
    return [JOURNAL_ENTRY.dump_json(entry, exclude_none=True) + b"\n" for entry in played.entries]


def test_every_entry_ends_with_its_kind_and_those_that_are_measured_exist() -> None:
    """Lines are told apart by the last kind in them."""
    kinds = get_args(get_args(Body)[0])
    assert all(fields(kind)[-1].name == "kind" for kind in kinds)
    assert {fields(kind)[-1].default for kind in kinds} >= MEASURED


def test_a_session_is_measured_from_its_lines() -> None:
    played = closed(PASSED, before=[PASSED])
    found = measures_of(lines_of(played))
    summary = summarise(played.session)
    assert (found.session, found.ended, found.entries) == (summary.id, "done", summary.entries)
    assert found.wall_s == summary.elapsed_s
    assert [review.action for review in found.reviews] == [
        str(review.decision.action) for review in summary.reviews if review.decision is not None
    ]
    assert (found.handoffs, found.failed_handoffs, found.questions) == (2, 0, 0)
    assert (found.written, found.left) == (1, 1)
    assert (found.suites_before, found.suites_after) == ({"pytest": "passed"}, {"pytest": "passed"})
    assert found.is_compared
    assert not found.has_regressed
    assert all(worker.status is WorkerStatus.DONE for worker in summary.workers)


def test_a_suite_that_fails_after_and_not_before_is_a_regression() -> None:
    assert measures_of(lines_of(closed(FAILED, before=[PASSED]))).has_regressed
    assert not measures_of(lines_of(closed(FAILED, before=[FAILED]))).has_regressed
    assert not measures_of(lines_of(closed(FAILED))).is_compared


def test_a_session_that_runs_is_measured_as_far_as_it_has_come() -> None:
    lines = lines_of(closed(PASSED))
    found = measures_of([*lines[:-1], lines[-1][:-1]])
    assert (found.ended, found.wall_s, found.entries) == ("", 0.0, len(lines) - 1)


@pytest.mark.parametrize("name", ["format-1", "format-2", "format-2-team", "format-3-team", "format-3-pause"])
def test_journals_of_older_formats_and_of_another_layout_are_measured_the_same(name: str) -> None:
    lines = (RECORDED / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
    found = measures_of(lines)
    assert found.ended
    assert found.entries == len(lines)
    spaced = [json.dumps(json.loads(line), indent=None, separators=(", ", ": ")).encode() + b"\n" for line in lines]
    assert measures_of(spaced) == found


@pytest.mark.parametrize(
    "lines", [[], [b"\n"], [b"{}\n"], [b"no\n"], [b'{"n":1,"at":"x","body":{"kind":"session_opened"}}\n']]
)
def test_what_is_no_journal_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"damaged|opens no session"):
        measures_of(lines)


@pytest.mark.parametrize(
    ("verdicts", "dissent", "alone"),
    [
        ([], False, ""),
        (["approved"], False, ""),
        (["approved", "approved"], False, ""),
        (["approved", "concerns"], True, ""),
        (["approved", "approved", "concerns"], True, "c"),
        (["approved", "concerns", "blocker"], True, ""),
        (["approved", "approved", "concerns", "blocker"], True, ""),
        (["approved", "approved", "concerns", "concerns"], True, ""),
    ],
)
def test_who_stands_alone_stands_against_others_that_agree(verdicts: list[str], dissent: bool, alone: str) -> None:
    review = ReviewMeasure(1.0, "continue", tuple(zip("abcd", verdicts, strict=False)))
    assert (review.is_dissent, review.lone_dissenter) == (dissent, alone)


def test_time_that_nobody_used_is_no_time_of_the_session() -> None:
    found = measures_of(lines_of(closed(PASSED)))
    assert isinstance(found, SessionMeasures)
    away = b'{"n":2,"at":"2026-11-21T17:58:12Z","body":{"pid":1,"away_s":30.0,"kind":"coordinator_resumed"}}\n'
    moved = b'{"n":3,"at":"2026-11-21T17:58:12Z","body":{"seconds":2.0,"kind":"clock_moved"}}\n'
    lines = lines_of(closed(PASSED))
    assert measures_of([lines[0], away, moved, *lines[1:]]).wall_s == found.wall_s - 32.0
