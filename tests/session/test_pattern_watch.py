"""The queries of antipatterns run while the session runs: told once, with evidence, and derived again by a replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.journal.reader import read_journal
from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.effects import MeasureWork, TakeSnapshot
from orchestrator.models.entries import (
    JOURNAL_ENTRY,
    Command,
    JournalEntry,
    SessionOpened,
    SnapshotTaken,
    UserCommand,
    WorkerStarted,
    WorkMeasured,
)
from orchestrator.models.events import EventType, Said, ToolCalled, ToolReturned, TurnEnded, UsageReported
from orchestrator.models.facts import AntipatternFound
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.options import EarlierTime
from orchestrator.narration.notices import Weight, notices
from orchestrator.prompts import load_templates
from orchestrator.session.fold import step
from orchestrator.session.pattern_watch import time_shares
from orchestrator.session.replaying import replay
from orchestrator.session.state import Session
from orchestrator.tuning.review_measures import ReviewMeasure
from tests.session.conftest import START, Play
from tests.tuning.test_behaviours import crew

JOURNALS = Path(__file__).resolve().parents[1] / "recordings" / "journals"
TEAM = ("gemini", "claude", "codex")


def found(p: Play, name: str) -> list[AntipatternFound]:
    return [one for one in p.wanted(AntipatternFound) if one.name == name]


def repeats(p: Play, worker: str, times: int, text: str = "x") -> None:
    for _ in range(times):
        p.says(worker, ToolCalled("shell", "1", "ls", command="ls"))
        p.says(worker, ToolReturned("1", ok=True, text=text))


def test_what_is_found_is_told_once_and_derived_again() -> None:
    p = Play(*TEAM, watch_rules=1)
    p.start("gemini")
    repeats(p, "gemini", 9)
    (one,) = p.wanted(AntipatternFound)
    assert (one.name, one.worker) == ("step repetition", "gemini")
    for number in one.entries:
        assert b'"kind":"tool_called"' in JOURNAL_ENTRY.dump_json(p.entries[number - 1])
    assert p.session.watch.found == (one,)
    assert replay(p.entries).session.watch == p.session.watch
    said = [notice for entry in p.entries for notice in notices(entry) if notice.source == "antipattern_found"]
    (notice,) = said
    assert notice.weight is Weight.IMPORTANT
    assert notice.text.startswith("step repetition: gemini made the same call 4 times")
    assert notice.text.endswith(f"(entries {', '.join(map(str, one.entries))})")


def test_a_journal_from_before_there_were_any_replays_as_it_is() -> None:
    p = Play(*TEAM)
    p.start("gemini")
    repeats(p, "gemini", 9)
    assert not p.wanted(AntipatternFound)


@pytest.mark.parametrize("times", [2, 3, 4])
def test_work_that_goes_back_and_forth_is_told_as_soon_as_it_is_a_cycle(times: int) -> None:
    p = Play(*TEAM, watch_rules=1, interactive=True, max_review_rounds=9)
    p.finishes("gemini")
    for number in range(1, times + 1):
        p.finishes("claude", "a.py")
        p.snapshot("a.py")
        p.start("codex")
        p.says("codex", TurnEnded(ok=True, subtype="success", reply={"verdict": "perhaps"}), kind=EventType.STATUS)
        p.exits("codex")
        p.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
        assert not found(p, "handoff cycle") or number > 2
    p.start("claude")
    (one,) = found(p, "handoff cycle")
    assert one.summary == "the work of claude was sent back 2 times and begun again each time"


def milestones(p: Play, verdicts: list[tuple[str, str]], lines: int) -> None:
    """The implementer reports so many milestones, and the others answer each."""

    for number, (first, second) in enumerate(verdicts, start=1):
        p.reports("claude", EventType.MILESTONE, f"step {number} is done")
        name, _ = p.last(TakeSnapshot)
        p.take(SnapshotTaken("+", ("a.py",), lines, 0, name))
        panel = [worker for worker in p.session.workers if worker.startswith(f"review-{number:03}")]
        for worker, verdict in zip(panel, (first, second), strict=True):
            p.reviews(worker, verdict)


FINE = ("approved", "approved")


def begun(**options: Any) -> Play:
    p = Play(*TEAM, watch_rules=1, interactive=True, max_review_rounds=9, **options)
    p.finishes("gemini")
    p.start("claude")
    return p


@pytest.mark.parametrize(
    ("count", "lines"),
    [
        (3, 1),
        (3, 20),
        (4, 7),
        (5, 2),
        (6, 5),
    ],
)
def test_many_reviews_of_a_small_change_are_told_at_the_third(count: int, lines: int) -> None:
    p = begun()
    milestones(p, [FINE] * count, lines)
    (one,) = found(p, "excessive rounds on a small change")
    assert one.summary == f"3 reviews over a change of {lines} lines"
    assert len(one.entries) == 3


@pytest.mark.parametrize(("count", "lines"), [(1, 1), (2, 1), (2, 20), (3, 0), (3, 21), (5, 400)])
def test_few_reviews_or_a_large_change_are_not_told(count: int, lines: int) -> None:
    p = begun()
    milestones(p, [FINE] * count, lines)
    assert not p.wanted(AntipatternFound)


@pytest.mark.parametrize(
    ("written", "left", "is_found"),
    [
        *((60, 20, True), (300, 100, True), (90, 30, True), (60, 0, True), (1000, 1, True)),
        *((59, 0, False), (60, 21, False), (90, 31, False), (100, 100, False), (500, 400, False)),
    ],
)
def test_rework_is_told_when_the_change_is_measured(written: int, left: int, is_found: bool) -> None:

    p = begun()
    p.works("claude")
    p.exits("claude")
    name, _ = p.last(MeasureWork)
    p.take(WorkMeasured(WorkerId("claude"), ("a.py",), written, 0, (), name))
    p.take(ChangeMeasured(files=("a.py",), insertions=left))
    assert bool(found(p, "rework")) is is_found


def test_texts_and_figures_leave_the_watch_as_it_is() -> None:
    p = begun()
    before = p.session
    p.says("claude", Said("I look at the parser now."))
    p.says("claude", UsageReported(Usage(input_tokens=1)))
    assert p.session.watch is before.watch
    assert p.session.details[WorkerId("claude")].trace is before.details[WorkerId("claude")].trace


# That of format 1 is lines of many kinds, and not one session.
@pytest.mark.parametrize(
    "name", sorted(path.name for path in JOURNALS.glob("*.jsonl") if path.name != "format-1.jsonl")
)
def test_nothing_is_found_in_a_clean_journal_while_it_is_written(name: str) -> None:

    session: Session | None = None
    for entry in read_journal(JOURNALS / name):
        if isinstance(entry.body, SessionOpened):
            known = entry.body.options
            options = replace(known, watch_rules=1, templates={**load_templates(None), **known.templates})
            entry = replace(entry, body=replace(entry.body, options=options))
        session, wanted = step(session, entry)
        assert not [one for one in wanted if isinstance(one, AntipatternFound)]


CLAUDE = AgentName("claude")


@pytest.mark.parametrize(("sessions", "mostly"), [(5, 5), (8, 5), (10, 6)])
def test_a_bottleneck_of_earlier_sessions_is_told_at_the_opening_and_once(sessions: int, mostly: int) -> None:
    p = played_through(earlier=(EarlierTime(CLAUDE, sessions, mostly),))
    (one,) = found(p, "bottleneck")
    said = f"claude ran for 70% of the time or more in {mostly} of its {sessions} sessions on this project"
    assert one.words == f"bottleneck: {said}"
    assert p.entries[1].body.kind in ("told", "effect_intended")
    assert replay(p.entries).session.watch.found == (one,)


def test_the_session_that_makes_it_a_bottleneck_tells_it_at_its_own_end() -> None:
    p = played_through(earlier=(EarlierTime(CLAUDE, 4, 4),), claude_s=900)
    (one,) = found(p, "bottleneck")
    assert one.summary.endswith("in 5 of its 5 sessions on this project")
    assert p.session.watch.found == (one,)
    assert time_shares(p.session)[CLAUDE] > 0.9


@pytest.mark.parametrize(
    ("options", "claude_s"),
    [
        ({"earlier": (EarlierTime(CLAUDE, 4, 4),)}, 0),  # it ran for little of this one
        ({"earlier": (EarlierTime(CLAUDE, 3, 3),)}, 900),  # four sessions are too few
        ({"earlier": (EarlierTime(CLAUDE, 9, 5),)}, 0),  # it is one in fewer than six of ten
        ({"earlier": (EarlierTime(AgentName("cursor"), 9, 9),)}, 0),  # it takes no part in this one
        ({"earlier": (EarlierTime(CLAUDE, 9, 9),), "agents": (CLAUDE,)}, 0),  # it works alone
        ({"earlier": (EarlierTime(CLAUDE, 9, 9),), "watch_rules": 0}, 900),  # as before there were any
        ({}, 900),
    ],
)
def test_what_is_no_bottleneck_is_not_told(options: dict[str, Any], claude_s: float) -> None:
    assert not found(played_through(claude_s=claude_s, **options), "bottleneck")


def played_through(*, claude_s: float = 0, **options: Any) -> Play:
    """A session of all three in which claude works for so long, up to the measurement of what it left."""
    p = Play(*TEAM, **{"watch_rules": 1, **options})
    if "gemini" in p.session.workers:
        p.finishes("gemini")
        p.start("claude")
        p.later(claude_s)
        p.works("claude")
        p.exits("claude")
        p.measures("claude", "a.py")
        p.take(ChangeMeasured(("a.py",), 1, 0))
    return p


@pytest.mark.parametrize("rules", [0, 1])
def test_nobody_is_stopped_for_it(play: Callable[..., Play], rules: int) -> None:
    p = play(*TEAM, watch_rules=rules)
    p.start("gemini")
    repeats(p, "gemini", 9)
    decided = [(name, one) for name, one in p.effects if not isinstance(one, AntipatternFound)]
    assert [one.kind for _, one in decided if one.kind in ("stop_worker", "freeze_worker", "ask_person")] == []


def back(entry: int, about: str = "", action: str = "pause_and_clarify") -> ReviewMeasure:
    return ReviewMeasure(1.0, action, (), entry, about, "final")


def lived(reviews: list[ReviewMeasure], starts: list[tuple[int, str]]) -> list[str]:
    """What a session tells in which these reviews were decided, and these workers were started."""
    session, told = crew([worker for _, worker in starts]), list[str]()
    for place, what in sorted([*((one.entry, one) for one in reviews), *starts], key=lambda one: one[0]):
        if isinstance(what, ReviewMeasure):
            session.watch = replace(session.watch, reviews=(*session.watch.reviews, what))
            continue
        body = WorkerStarted(WorkerId(str(what)), 1, ("cli",), ProcessIdentity(100, 1), "bubblewrap")
        session, wanted = step(session, JournalEntry(place, START, body))
        told += [one.name for one in wanted if isinstance(one, AntipatternFound)]
    return told


@pytest.mark.parametrize(
    ("reviews", "starts"),
    [
        ([back(10), back(20)], [(5, "claude"), (12, "claude"), (22, "claude")]),
        ([back(10, "claude"), back(20, "claude")], [(12, "claude"), (22, "claude")]),
        ([back(10), back(20), back(30)], [(11, "claude"), (21, "claude"), (31, "claude")]),
        ([back(10), back(15, action="continue"), back(20)], [(12, "claude"), (22, "claude")]),
        ([back(10), back(20)], [(11, "review-002-codex"), (12, "claude"), (21, "review-003-codex"), (22, "claude")]),
    ],
)
def test_every_cycle_of_handoffs_is_told_once(reviews: list[ReviewMeasure], starts: list[tuple[int, str]]) -> None:
    assert lived(reviews, starts) == ["handoff cycle"]


@pytest.mark.parametrize(
    ("reviews", "starts"),
    [
        ([back(10)], [(5, "claude"), (12, "claude")]),
        ([], [(number, "claude") for number in range(1, 9)]),
        ([back(10, action="log_warning"), back(20, action="log_warning")], [(12, "claude"), (22, "claude")]),
        ([back(10), back(20)], [(5, "claude"), (12, "claude")]),
        ([back(10), back(20)], [(12, "review-002-codex"), (22, "review-003-codex")]),
        ([back(10, "claude"), back(20, "gemini")], [(12, "claude"), (22, "gemini")]),
    ],
)
def test_one_return_a_restart_or_a_warning_is_not_told(
    reviews: list[ReviewMeasure], starts: list[tuple[int, str]]
) -> None:
    assert lived(reviews, starts) == []


@pytest.mark.parametrize(
    ("verdicts", "is_told"),
    [
        *((one, True) for one in (["caa"] * 5, ["caa"] * 3 + ["aaa"] * 2, ["caaa"] * 6, ["baa"] * 5, ["acc"] * 5)),
        *((one, False) for one in (["caa"] * 4, ["ca"] * 20, ["caa", "aca", "aac"] * 5, ["cba"] * 9, ["ccaa"] * 9)),
    ],
)
def test_who_mostly_stands_alone_in_the_session_is_told_once(verdicts: list[str], is_told: bool) -> None:
    words, agents = {"a": "approved", "c": "concerns", "b": "blocker"}, ("gemini", "claude", "codex", "opencode")
    p = begun()
    panels = [tuple(zip(agents, (words[one] for one in panel), strict=False)) for panel in verdicts]
    p.session.watch.reviews = tuple(
        ReviewMeasure(1.0, "continue", panel, place, "", "milestone") for place, panel in enumerate(panels, start=1)
    )
    milestones(p, [FINE], 400)
    told = found(p, "lone dissenter")
    assert len(told) == is_told
    assert all(one.summary.startswith("gemini stood alone") for one in told)
