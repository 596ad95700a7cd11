from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.models.effects import StartWorker
from orchestrator.models.events import EventType

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


def test_the_tasks_a_designer_reports_stand_in_the_implementers_prompt(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    p.reports("gemini", EventType.TASK, "reject an empty address")
    p.reports("gemini", EventType.TASK, "say why in the form")
    p.works("gemini", "validate on the server")
    p.exits("gemini")
    p.measures("gemini")
    prompt = p.last(StartWorker)[1].assignment.prompt
    assert "validate on the server" in prompt
    assert "- reject an empty address\n- say why in the form" in prompt
