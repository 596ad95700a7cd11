from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.journal.reader import read_journal
from orchestrator.session.fold import fold, step
from orchestrator.session.session_text import session_of, text_of
from tests.session.test_any_inputs import ACTS, PLAN, World
from tests.session.test_recorded_results import FOLDED, JOURNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.models.entries import JournalEntry
    from orchestrator.session.state import Session
    from tests.session.conftest import Play


def random_entries(seed: int) -> Sequence[JournalEntry]:
    """A session in which anything happens: without a plan of its own, with one, and watched."""
    chance = Random(seed)
    options: Sequence[dict[str, Any]] = ({}, {"plan": PLAN}, {"watch_rules": 1, "feedback": True, "interactive": True})
    world = World(seed, "claude", "codex", "gemini", **options[seed % len(options)])
    for _ in range(60):
        world.go_on(chance.choice(ACTS), chance.randint(0, 120))
    world.wind_up()
    return world.play.entries


def recorded_entries(name: str) -> Sequence[JournalEntry]:
    return list(read_journal(JOURNALS / f"{name}.jsonl"))


@pytest.mark.parametrize(
    "entries",
    [
        *(pytest.param(lambda name=name: recorded_entries(name), id=name) for name in FOLDED),
        *(pytest.param(lambda seed=seed: random_entries(seed), id=f"random {seed}") for seed in range(6)),
    ],
)
def test_a_session_that_was_written_down_goes_on_as_if_it_had_not_been(
    entries: Callable[[], Sequence[JournalEntry]],
) -> None:
    told = entries()
    sessions: list[Session] = []
    for entry in told:
        sessions.append(step(sessions[-1] if sessions else None, entry)[0])
    for session in sessions[::2]:
        read = session_of(text_of(session))
        assert read == session
        assert text_of(read) == text_of(session), "in the same order"
    for cut in range(0, len(told) - 1, len(told) // 5 + 1):
        read = session_of(text_of(sessions[cut]))
        for _, after, _ in fold(read, told[cut + 1 :]):
            read = after
        assert text_of(read) == text_of(sessions[-1])


def test_what_a_text_cannot_hold_is_refused(play: Callable[..., Play]) -> None:
    session = play().session
    session.options.templates["odd"] = object()  # type: ignore[index]  # what nobody should do

    with pytest.raises(TypeError, match=r"builtins\.object"):
        text_of(session)


@pytest.mark.parametrize("name", ["os:PathLike", "orchestrator.session.fold:fold", "subprocess:Popen", "builtins:dict"])
def test_only_classes_of_a_session_are_made(play: Callable[..., Play], name: str) -> None:
    data: dict[str, Any] = json.loads(text_of(play().session))
    data["classes"][0] = name

    with pytest.raises(ValueError, match="no session"):
        session_of(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"classes":[],"session":{"0":[]}}', '{"classes":[],"session":3}'])
def test_a_text_that_is_no_session_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no session|Expecting"):
        session_of(text)
