from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.documents import document, session_document
from orchestrator.models.money import Usage

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


def test_a_session_says_where_its_record_lies(story: Story) -> None:
    found = json.loads(session_document(story.session, story.folder, exit_code=3))

    assert found["journal"] == str(story.folder.journal_file)
    assert found["report"] is None
    assert found["exit_code"] == 3
    assert found["status"] == "running"
