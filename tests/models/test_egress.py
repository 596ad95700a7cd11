from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.effects import EffectId, SendOutbound
from orchestrator.models.egress import OutboundArtifact, PackageArtifact, PushArtifact, RefChange
from orchestrator.models.entries import JOURNAL_ENTRY, Body, EffectIntended, JournalEntry, OutboundInspected
from orchestrator.models.identity import WorkerId

CLAUDE, NAME = WorkerId("claude"), EffectId(1, 0)
NEW, OLD = RefChange("refs/heads/main", None, "b" * 40, 1), RefChange("refs/tags/v1", "b" * 40, "b" * 40, 0)


@pytest.mark.parametrize(
    "parcel",
    [PushArtifact("https://e.org/x", (NEW, OLD), ""), PackageArtifact("https://r.org/", "a", "1.0.0", "x", 1, 1)],
)
def test_an_outbound_artifact_is_read_back_as_it_was_written(parcel: OutboundArtifact) -> None:
    bodies: tuple[Body, ...] = (
        OutboundInspected(CLAUDE, "r", NAME, parcel),
        EffectIntended(NAME, SendOutbound(CLAUDE, "r", parcel)),
    )
    for body in bodies:
        entry = JournalEntry(1, datetime(2026, 11, 21, tzinfo=UTC), body)
        assert JOURNAL_ENTRY.validate_json(JOURNAL_ENTRY.dump_json(entry, exclude_none=True)) == entry


def test_a_push_of_what_is_there_is_empty() -> None:
    assert PushArtifact("u", (OLD,), "").is_empty
    assert not PushArtifact("u", (OLD, NEW), "").is_empty
