from __future__ import annotations

import pytest

from orchestrator.models.effects import Outcome
from orchestrator.models.entries import SessionClosed
from orchestrator.server.ended_sessions import LOG_NAME, let_go_on
from orchestrator.server.problems import Refusal
from tests.server.conftest import Stage


async def test_what_cannot_go_on_is_refused_in_the_words_of_the_coordinator(stage: Stage) -> None:
    stage.take(SessionClosed(Outcome.DONE, "all of it"))
    stage.release_workers()
    (stage.folder.path / LOG_NAME).write_text("said by an earlier one\n")
    with pytest.raises(Refusal, match=r"does not go on: .*is done: all of it"):
        await let_go_on(stage.folder)
    assert "said by an earlier one" in (stage.folder.path / LOG_NAME).read_text()
