from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.documents import document, session_document
from orchestrator.models.money import Usage
from orchestrator.models.quality_gates import Finding, GateState, QualityGate

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_values_of_ours_become_json() -> None:
    assert json.loads(document({"usage": Usage(input_tokens=1), "at": Path("/x")})) == {
        "usage": {
            "input_tokens": 1,
            "output_tokens": None,
            "cached_tokens": None,
            "cost_usd": None,
            "model": None,
        },
        "at": "/x",
    }


def test_a_name_that_is_no_utf_8_is_shown_as_what_it_is() -> None:
    gate = QualityGate(
        name="lint",
        state=GateState.FAIL,
        threshold=0.0,
        direction="at most",
        findings=(Finding("m", file="a\udcff.py"),),
    )
    assert json.loads(document(gate))["findings"][0]["file"] == "a\\udcff.py"
    given = {"\udcff": ("\udcff", 1, None, Path("/\udcff")), "b": True, "gate": gate}
    read = json.loads(document(given))
    assert (read["\\udcff"], read["b"], read["gate"]["name"]) == (["\\udcff", 1, None, "/\\udcff"], True, "lint")


def test_a_session_says_where_its_record_lies(story: Story) -> None:
    found = json.loads(session_document(story.session, story.folder, exit_code=3))

    assert found["journal"] == str(story.folder.journal_file)
    assert found["report"] is None
    assert found["exit_code"] == 3
    assert found["status"] == "running"
