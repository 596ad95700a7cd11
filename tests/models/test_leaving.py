from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.effects import EffectId, Leave
from orchestrator.models.entries import JOURNAL_ENTRY, Body, EffectIntended, JournalEntry, LeavingInspected
from orchestrator.models.identity import WorkerId
from orchestrator.models.leaving import PackageParcel, Parcel, PushParcel, RefChange

CLAUDE, NAME = WorkerId("claude"), EffectId(1, 0)
NEW, OLD = RefChange("refs/heads/main", None, "b" * 40, 1), RefChange("refs/tags/v1", "b" * 40, "b" * 40, 0)


@pytest.mark.parametrize(
    "parcel", [PushParcel("https://e.org/x", (NEW, OLD), ""), PackageParcel("https://r.org/", "a", "1.0.0", "x", 1, 1)]
)
def test_a_parcel_is_read_back_as_it_was_written(parcel: Parcel) -> None:
    bodies: tuple[Body, ...] = (
        LeavingInspected(CLAUDE, "r", NAME, parcel),
        EffectIntended(NAME, Leave(CLAUDE, "r", parcel)),
    )
    for body in bodies:
        entry = JournalEntry(1, datetime(2026, 11, 21, tzinfo=UTC), body)
        assert JOURNAL_ENTRY.validate_json(JOURNAL_ENTRY.dump_json(entry, exclude_none=True)) == entry


def test_a_push_of_what_is_there_is_empty() -> None:
    assert PushParcel("u", (OLD,), "").is_empty
    assert not PushParcel("u", (OLD, NEW), "").is_empty
