from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from orchestrator.store.composition_view import Composition, view_of
from orchestrator.store.log_records import CallerRecorded, ConfigurationSaved, LogRecord
from orchestrator.store.view_files import edit_of, file_text

SAVED = ConfigurationSaved("/s", "a", "t", ({"role": "x"},), "parallel", {"g": 1}, ("one",), "2026-11-30T00:00:00")


def composition() -> Composition:
    bodies = (SAVED, CallerRecorded("/s", "a", True, 50.0))
    found = view_of(LogRecord(datetime(2026, 11, 30, tzinfo=UTC), body) for body in bodies).find("/s", "a")
    assert found is not None
    return found


def changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(file_text(composition())), **changes}).encode()


def test_a_file_holds_the_specifications_fields_and_who_wrote_it() -> None:
    found = json.loads(file_text(composition()))
    assert (found["id"], found["usage_count"], found["success_rate"]) == ("a", 1, 1.0)
    assert edit_of(file_text(composition()).encode(), composition()) is None


def test_another_layout_of_the_same_is_no_edit() -> None:
    found = json.loads(file_text(composition()))
    assert edit_of(json.dumps(found, indent=7, sort_keys=True).encode(), composition()) is None


def test_an_edit_is_told_apart_from_damage() -> None:
    taken = edit_of(changed(tags=["two"]), composition())
    assert taken is not None
    assert taken.taken is not None
    assert (taken.taken.tags, taken.taken.source, taken.refused) == (("two",), "edit", ())
    both = edit_of(changed(tags=["two"], usage_count=7), composition())
    assert both is not None
    assert both.taken is not None
    assert len(both.refused) == 1
    damaged = edit_of(changed(tags="two"), composition())
    assert damaged is not None
    assert damaged.damaged is not None


def test_without_the_word_on_who_wrote_it_the_file_is_held_against_the_log() -> None:
    found = json.loads(file_text(composition()))
    del found["view"]
    edit = edit_of(json.dumps(found).encode(), composition())
    assert edit is not None
    assert (edit.taken, edit.refused, edit.damaged) == (None, (), None)
