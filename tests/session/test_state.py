from __future__ import annotations

import ast
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

import orchestrator
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerState
from orchestrator.session.state import Approvals, Assessment, Attempt, Session, Storage, WorkerDetail, copied
from tests.session.test_any_inputs import ACTS, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

PACKAGE = Path(orchestrator.__file__).parent
STATE = (Session, Assessment, Approvals, Storage, WorkerState, WorkerDetail, Attempt)


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


@pytest.mark.parametrize("kind", STATE, ids=lambda kind: kind.__name__)
def test_a_misspelt_field_is_refused(play: Callable[..., Play], kind: type) -> None:
    p = play("claude")
    worker, detail = p.session.workers[WorkerId("claude")], p.session.details[WorkerId("claude")]
    ours = (p.session, p.session.assessment, p.session.approvals, p.session.storage, worker, detail, detail.current)
    (one,) = (one for one in ours if type(one) is kind)
    assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError, match="misspelt"):
        one.misspelt = True  # type: ignore[union-attr]  # mypy sees it, too


def test_a_copy_is_another_object_with_the_same_values() -> None:
    attempt = Attempt(failure="no room", holds=frozenset({"q1"}))
    other = copied(attempt)
    assert other == attempt
    other.failure = None
    assert attempt.failure == "no room"
    assert replace(other, failure="no room") == attempt


@pytest.mark.parametrize("seed", range(4))
def test_a_session_that_was_given_to_the_fold_stays_as_it_is(seed: int) -> None:
    world, random = World(seed, "gemini", "claude", "codex", interactive=True), Random(seed)
    seen: list[tuple[Session, str]] = []
    for _ in range(60):
        seen.append((world.play.session, repr(world.play.session)))
        world.go_on(random.choice(ACTS), random.randint(0, 120))
    assert len({text for _, text in seen}) > 10
    assert all(repr(session) == text for session, text in seen)


def assigned_attributes(path: Path) -> set[tuple[int, str]]:
    """Attributes that a module assigns to or deletes on something other than ``self``."""
    return {
        (node.lineno, node.attr)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }


def test_nobody_but_the_fold_writes_the_state() -> None:
    names = {each.name for kind in STATE for each in fields(kind)}
    readers = [path for path in PACKAGE.rglob("*.py") if path.is_relative_to(PACKAGE) and path.parent.name != "session"]
    written = {
        f"{path.relative_to(PACKAGE)}:{line} {attribute}"
        for path in readers
        if "session.state import" in (text := path.read_text()) or "WorkerState" in text
        for line, attribute in assigned_attributes(path)
        if attribute in names
    }
    assert written == set()
