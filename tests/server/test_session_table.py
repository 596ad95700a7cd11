from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.server.session_rows import SessionEntry
from orchestrator.server.session_table import Column, SessionQuery, session_table
from tests.server.conftest import Served, Stage

BEGUN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def entry(number: int, **more: object) -> SessionEntry:
    opened = BEGUN + timedelta(minutes=number)
    plain = SessionEntry(
        f"20261130-12{number:02d}00-0000",
        task=f"Task {number}",
        target="/work",
        agents=("claude",),
        status="done",
        live=False,
        reason="",
        opened_at=opened,
        last_at=opened + timedelta(seconds=number),
        entries=3,
        cost_usd=None,
        total_tokens=None,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # of whatever kind the column has


ALL = [
    entry(3, status="waits_for_you", live=True),
    entry(2, task="Mend the FORM"),
    entry(1, status="failed"),
    entry(0, status="damaged", opened_at=None, last_at=None, task=""),
]
COSTS = {ALL[0].id: None, ALL[1].id: 0.5, ALL[2].id: 2.0, ALL[3].id: None}


def numbers(query: SessionQuery) -> list[int]:
    table = session_table(ALL, query, BEGUN + timedelta(hours=1), lambda one: replace(one, cost_usd=COSTS[one.id]))
    assert (table.total, table.waiting) == (4, 1)
    assert table.states == ("damaged", "done", "failed", "waits_for_you")
    return [int(one.id[11:13]) for one in table.sessions]


@pytest.mark.parametrize(
    ("by", "down", "expected"),
    [
        ("opened_at", True, [3, 2, 1, 0]),
        ("opened_at", False, [0, 1, 2, 3]),
        ("duration", True, [3, 2, 1, 0]),
        ("cost_usd", True, [1, 2, 3, 0]),
        ("cost_usd", False, [2, 1, 3, 0]),
        ("task", False, [0, 2, 1, 3]),
    ],
)
def test_what_is_unknown_stands_last_whichever_way_it_is_ordered(by: Column, down: bool, expected: list[int]) -> None:
    assert numbers(SessionQuery(by=by, down=down)) == expected


def test_it_is_filtered_and_cut() -> None:
    assert numbers(SessionQuery(text=" form ")) == [2]
    assert numbers(SessionQuery(status="failed")) == [1]
    assert numbers(SessionQuery(text="claude", limit=2)) == [3, 2]


def test_only_what_is_shown_is_looked_up_in_reports() -> None:
    asked: list[str] = []

    def filled(one: SessionEntry) -> SessionEntry:
        asked.append(one.id)
        return one

    many = [entry(number % 60) for number in range(500)]
    table = session_table(many, SessionQuery(limit=10), BEGUN, filled)
    assert (len(table.sessions), table.matching, len(asked)) == (10, 500, 10)


async def test_the_route_tells_the_states_and_how_many_there_are(served: Served, stage: Stage) -> None:
    told = await served.get("/api/sessions/table", by="cost_usd", limit=1)
    assert (told["total"], told["matching"], told["states"], told["waiting"]) == (1, 1, ["running"], 0)
    assert told["sessions"][0]["id"] == stage.folder.id
    assert (await served.get("/api/sessions/table", text="no such"))["sessions"] == []
