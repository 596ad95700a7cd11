"""Each query finds every variant of its case and none of its near misses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import JOURNAL_ENTRY, Command, SessionClosed, UserCommand
from orchestrator.models.events import EventType, TurnEnded
from orchestrator.tuning.antipatterns import Evidence, detect_coordination_antipatterns
from orchestrator.tuning.session_measures import ReviewMeasure, SessionMeasures, measures_of
from tests.session.conftest import Play

AT = datetime(2026, 11, 30, tzinfo=UTC)
JOURNALS = Path(__file__).resolve().parents[1] / "recordings" / "journals"


def session(
    *reviews: ReviewMeasure,
    starts: Sequence[tuple[int, str]] = (),
    left: int | None = 500,
    name: str = "s",
    ran: dict[str, float] | None = None,
    ended: str = "done",
) -> SessionMeasures:
    end = AT + timedelta(seconds=100)
    return SessionMeasures(
        name, AT, end, ended, reviews=reviews, starts=tuple(starts), left=left, ran_s=ran if ran is not None else {}
    )


def back(entry: int, about: str = "", action: str = "pause_and_clarify", trigger: str = "final") -> ReviewMeasure:
    return ReviewMeasure(1.0, action, (), entry, about, trigger)


def panel(verdicts: str, entry: int = 7) -> ReviewMeasure:
    words = {"a": "approved", "c": "concerns", "b": "blocker"}
    told = tuple(zip(("gemini", "claude", "codex", "opencode"), (words[one] for one in verdicts), strict=False))
    return ReviewMeasure(1.0, "continue", told, entry, "", "milestone")


def names(*sessions: SessionMeasures) -> list[str]:
    return [found.name for found in detect_coordination_antipatterns(sessions)]


@pytest.mark.parametrize(
    ("reviews", "starts"),
    [
        ([back(10), back(20)], [(5, "claude"), (12, "claude"), (22, "claude")]),
        ([back(10, "claude"), back(20, "claude")], [(12, "claude"), (22, "claude")]),
        ([back(10), back(20), back(30)], [(11, "claude"), (21, "claude"), (31, "claude")]),
        ([back(10), back(15, action="continue"), back(20)], [(12, "claude"), (22, "claude")]),
        ([back(10), back(20)], [(11, "review-002-codex"), (12, "claude"), (21, "review-003-codex"), (22, "claude")]),
        ([back(10, "claude"), back(20)], [(12, "claude"), (13, "claude"), (22, "claude")]),
    ],
)
def test_work_that_goes_back_and_forth_is_a_cycle(reviews: list[ReviewMeasure], starts: list[tuple[int, str]]) -> None:
    (found,) = detect_coordination_antipatterns([session(*reviews, starts=starts)])
    assert found.name == "handoff cycle"
    assert "claude" in found.summary
    assert found.evidence[0].entries[:2] == (
        10,
        next(entry for entry, worker in starts if entry > 10 and worker == "claude"),
    )


@pytest.mark.parametrize(
    ("reviews", "starts"),
    [
        ([back(10)], [(5, "claude"), (12, "claude")]),
        ([], [(number, "claude") for number in range(9)]),
        ([back(10, action="log_warning"), back(20, action="log_warning")], [(12, "claude"), (22, "claude")]),
        ([back(10), back(20)], [(5, "claude"), (12, "claude")]),
        ([back(10), back(20)], [(12, "review-002-codex"), (22, "review-003-codex")]),
        ([back(10, "claude"), back(20, "gemini")], [(12, "claude"), (22, "gemini")]),
        (
            [back(10, action="stop_and_escalate"), back(20, action="stop_and_escalate")],
            [(12, "claude"), (22, "claude")],
        ),
    ],
)
def test_one_return_a_restart_or_a_warning_is_no_cycle(
    reviews: list[ReviewMeasure], starts: list[tuple[int, str]]
) -> None:
    assert names(session(*reviews, starts=starts)) == []


@pytest.mark.parametrize(
    ("count", "left", "triggers"),
    [
        (3, 1, ["milestone"]),
        (3, 20, ["final"]),
        (4, 5, ["milestone", "blocker"]),
        (9, 2, ["silence"]),
        (3, 7, ["request"]),
    ],
)
def test_many_reviews_of_a_small_change_are_excessive(count: int, left: int, triggers: list[str]) -> None:
    reviews = [back(number, action="continue", trigger=triggers[number % len(triggers)]) for number in range(count)]
    (found,) = detect_coordination_antipatterns([session(*reviews, left=left)])
    assert found.name == "excessive rounds on a small change"
    assert found.evidence == (Evidence("s", tuple(range(count))),)


@pytest.mark.parametrize(
    ("count", "left", "trigger"),
    [(2, 1, "final"), (3, 21, "final"), (3, 0, "final"), (3, None, "final"), (9, 3, "manual"), (9, 400, "milestone")],
)
def test_few_reviews_or_a_large_change_are_not(count: int, left: int | None, trigger: str) -> None:
    reviews = [back(number, action="continue", trigger=trigger) for number in range(count)]
    assert names(session(*reviews, left=left)) == []


@pytest.mark.parametrize(
    "verdicts",
    [
        ["caa"] * 5,
        ["caa", "caa", "caa", "aaa", "aaa"],
        ["baa", "caa", "acc", "caa", "aaa"],
        ["caaa"] * 6,
        ["caa"] * 5 + ["ac"] * 9,
    ],
)
def test_who_mostly_stands_alone_is_named(verdicts: list[str]) -> None:
    sessions = [session(panel(one), name=f"s{number}") for number, one in enumerate(verdicts)]
    (found,) = detect_coordination_antipatterns(sessions)
    assert found.name == "lone dissenter"
    assert found.summary.startswith("gemini stood alone in")
    assert found.evidence[0] == Evidence("s0", (7,))


@pytest.mark.parametrize(
    "verdicts",
    [
        ["caa"] * 4,
        ["ca"] * 20,
        ["caa", "aca", "aac"] * 5,
        ["cba"] * 9,
        ["ccaa"] * 9,
        ["caa", "caa", "aaa", "aaa", "aaa"],
        ["aaa"] * 20,
    ],
)
def test_who_seldom_does_or_stands_against_nobody_who_agrees_is_not(verdicts: list[str]) -> None:
    assert names(*(session(panel(one), name=f"s{number}") for number, one in enumerate(verdicts))) == []


@pytest.mark.parametrize(
    "ran",
    [
        [{"claude": 70.0, "codex": 5.0}] * 5,
        [{"claude": 99.0, "codex": 1.0}] * 6 + [{"claude": 10.0, "codex": 10.0}] * 4,
        [{"claude": 80.0, "codex": 1.0, "gemini": 2.0}] * 5,
        [{"claude": 75.0, "codex": 60.0}] * 7,
        [{"claude": 80.0, "codex": 1.0}] * 5 + [{"gemini": 10.0, "codex": 10.0}] * 20,
    ],
)
def test_who_runs_for_most_of_the_time_in_most_sessions_is_a_bottleneck(ran: list[dict[str, float]]) -> None:
    (found,) = detect_coordination_antipatterns([session(ran=one, name=f"s{n}") for n, one in enumerate(ran)])
    assert (found.name, found.summary.split()[0]) == ("bottleneck", "claude")
    assert found.evidence[0] == Evidence("s0")


@pytest.mark.parametrize(
    "ran",
    [
        [{"claude": 70.0, "codex": 5.0}] * 4,
        [{"claude": 69.0, "codex": 5.0}] * 20,
        [{"claude": 99.0}] * 20,
        [{"claude": 99.0, "codex": 1.0}] * 5 + [{"claude": 10.0, "codex": 10.0}] * 5,
        [{"claude": 80.0, "codex": 1.0}, {"codex": 80.0, "claude": 1.0}] * 5,
        [{}] * 9,
    ],
)
def test_one_agent_alone_or_a_long_session_now_and_then_is_none(ran: list[dict[str, float]]) -> None:
    assert names(*(session(ran=one, name=f"s{n}") for n, one in enumerate(ran))) == []


def test_nothing_is_found_in_sessions_that_run_or_in_clean_journals() -> None:
    running = session(back(10), back(20), starts=[(12, "claude"), (22, "claude")], ended="")
    clean = [measures_of(path.read_bytes().splitlines(keepends=True)) for path in sorted(JOURNALS.glob("*.jsonl"))]
    assert len(clean) >= 5
    assert names(running, *clean) == []


def test_evidence_names_session_and_entries() -> None:
    assert str(Evidence("s", (3, 9))) == "s, entries 3, 9"
    assert str(Evidence("s")) == "s"


def test_a_session_whose_change_is_sent_back_twice_is_found_in_its_own_journal() -> None:
    p = Play("gemini", "claude", "codex", interactive=True, max_review_rounds=5)
    p.finishes("gemini")
    for _ in range(3):
        p.finishes("claude", "a.py")
        p.snapshot("a.py")
        p.start("codex")
        p.says("codex", TurnEnded(ok=True, subtype="success", reply={"verdict": "perhaps"}), kind=EventType.STATUS)
        p.exits("codex")
        p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    p.finishes("claude", "a.py")
    p.take(SessionClosed(Outcome.INTERRUPTED, "enough"))
    lines = [JOURNAL_ENTRY.dump_json(entry, exclude_none=True) + b"\n" for entry in p.entries]
    found = {one.name: one for one in detect_coordination_antipatterns([measures_of(lines)])}
    assert found["handoff cycle"].summary == "the work of claude was sent back 3 times and begun again each time"
    for number in found["handoff cycle"].evidence[0].entries:
        assert lines[number - 1].startswith(b'{"n":%d,' % number)
