from __future__ import annotations

import pytest

from orchestrator.errors import JournalDamaged
from orchestrator.journal.folder import SessionFolder
from orchestrator.server.dependencies import session_of, worker_named
from orchestrator.server.follower import Follower
from orchestrator.server.problems import Refusal
from tests.server.conftest import Stage


def test_a_follower_without_a_session_has_none_to_give(stage: Stage) -> None:
    with pytest.raises(JournalDamaged, match="no journal entry"):
        session_of(Follower(SessionFolder(stage.folder.path)))


def test_a_worker_is_named_as_the_session_knows_it(stage: Stage) -> None:
    follower = Follower(stage.folder)
    follower.session = stage.session
    assert worker_named(follower, "gemini") == "gemini"
    with pytest.raises(Refusal, match="has no worker 'nobody'"):
        worker_named(follower, "nobody")
