from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.store.log_records import LOG_RECORD, ConfigurationDeleted, checked_id


@pytest.mark.parametrize("given", ["a", "comp_release-001.v2", "x" * 120])
def test_an_id_names_a_file_of_its_own(given: str) -> None:
    assert checked_id(given) == given


@pytest.mark.parametrize("given", ["", "../x", "a/b", "a..b", ".a", "a.", "a.json", "x" * 121, "a\0", "ä", 3, None])
def test_what_could_lead_elsewhere_is_no_id_and_is_said_in_short(given: object) -> None:
    with pytest.raises(ValueError, match="is no id of a configuration") as refused:
        checked_id(given)
    assert len(str(refused.value)) < 300


def test_a_line_is_held_against_what_its_values_can_be() -> None:
    line = '{"at":"2026-11-30T00:00:00Z","body":{"kind":"deleted","store":"/s","configuration":"%s"},"format":1}'
    read = LOG_RECORD.validate_json(line % "a").body
    assert isinstance(read, ConfigurationDeleted)
    assert read.configuration == "a"
    with pytest.raises(ValidationError, match="is no id"):
        LOG_RECORD.validate_json(line % "../a")
