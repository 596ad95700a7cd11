from __future__ import annotations

import pytest

from orchestrator.models.recorded_sentences import (
    ANSWER_LATE,
    CHANGED,
    ENDED_CLEANLY,
    MILESTONE_SPARED,
    NO_MODEL_HEARD,
    NOBODY_HEARD,
    ROUNDS_USED_UP,
    RecordedSentence,
    was_late,
)

AS_IN_OLD_JOURNALS = [
    (MILESTONE_SPARED, {"worker": "claude", "why": "3 in a row"}, "a milestone of claude is not reviewed: 3 in a row"),
    (ROUNDS_USED_UP, {"worker": "a", "done": 10, "cap": 10}, "a has been reviewed 10 times, and 10 is the most"),
    (NOBODY_HEARD, {"minutes": 2.5}, "no event from any worker for 2.5 minutes"),
    (ANSWER_LATE, {}, "it did not answer in time"),
    (ENDED_CLEANLY, {"well": 3, "calls": 4}, "final event clean, 3 of 4 tool calls returned well"),
    (CHANGED, {"files": 1, "more": 2, "less": 3}, "1 files changed (+2 -3)"),
]


@pytest.mark.parametrize(("sentence", "gaps", "text"), AS_IN_OLD_JOURNALS)
def test_a_sentence_is_written_as_old_journals_have_it_and_recognised(
    sentence: RecordedSentence, gaps: dict[str, object], text: str
) -> None:
    assert sentence(**gaps) == text
    assert sentence.is_whole(text)
    assert sentence.begins(f"{text} (3 tries)")
    assert sentence.ends(f"claude asks for another\nreview: {text}")
    assert not sentence.is_whole(f"it said: {text.upper()}")


def test_a_gap_may_hold_several_lines_and_what_looks_like_a_pattern() -> None:
    assert MILESTONE_SPARED.is_whole(MILESTONE_SPARED(worker="a.*(", why="one\ntwo [x] {y}"))
    assert not ROUNDS_USED_UP.is_whole("a has been reviewed often times, and 10 is the most")


@pytest.mark.parametrize(
    ("problem", "late"),
    [
        (ANSWER_LATE(), True),
        (f"{NO_MODEL_HEARD()} (3 tries)", True),
        ("its just-in-time compiler is missing", False),
        ("it answered no JSON: 'not in time'", False),
    ],
)
def test_only_who_was_late_is_late(problem: str, late: bool) -> None:
    assert was_late(problem) is late
