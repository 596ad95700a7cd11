from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_a_worker_is_alive_until_its_end_is_proven(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    assert p.session.living() == ()
    p.start("gemini")
    assert [worker.id for worker in p.session.living()] == ["gemini"]
    p.works("gemini")
    assert [worker.id for worker in p.session.living()] == ["gemini"]
    p.exits("gemini")
    assert p.session.living() == ()


def test_workers_called_in_for_a_review_are_no_steps_of_the_plan(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    assert p.session.is_main(WorkerId("claude"))
    assert not p.session.is_main(WorkerId("review-001-claude"))
