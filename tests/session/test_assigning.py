from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import StartWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play


def test_the_implementer_alone_may_write_the_target(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.finishes("gemini")
    design, change = (effect.assignment for effect in p.wanted(StartWorker))
    assert p.session.options.target not in design.writable
    assert p.session.options.target in change.writable
    assert design.scratch in change.readable
