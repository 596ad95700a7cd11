from __future__ import annotations

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.snapshots.writers import Writers

CLAUDE, CODEX = WorkerId("claude"), WorkerId("codex")


def look(writers: Writers) -> tuple[WorkerId, ...] | None:
    with writers.looking() as told:
        return told()


def test_each_look_hears_who_could_write_since_the_one_before() -> None:
    writers = Writers()
    assert look(writers) == ()
    writers.begins(CLAUDE)
    assert look(writers) == (CLAUDE,)
    writers.ends(CLAUDE)
    writers.begins(CODEX)
    assert look(writers) == (CLAUDE, CODEX)  # one at the beginning of that time, one at its end
    writers.ends(CODEX)
    assert look(writers) == (CODEX,)
    assert look(writers) == ()


def test_whoever_begins_during_a_look_counts_for_it_and_for_the_next() -> None:
    writers = Writers()
    with writers.looking() as told:
        writers.begins(CLAUDE)
        writers.ends(CLAUDE)
        assert told() == (CLAUDE,)
    assert look(writers) == (CLAUDE,)
    assert look(writers) == ()


def test_what_nobody_saw_is_not_known_once() -> None:
    writers = Writers()
    writers.lost_sight()
    assert look(writers) is None
    assert look(writers) == ()


def test_a_look_that_fails_is_as_if_it_had_not_been() -> None:
    writers = Writers()
    writers.begins(CLAUDE)
    writers.ends(CLAUDE)
    writers.lost_sight()
    with pytest.raises(OSError, match="disk"), writers.looking():
        raise OSError("disk")
    assert look(writers) is None
