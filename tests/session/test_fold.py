from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import CloseSession, Outcome, StartWorker, StopWorker
from orchestrator.models.entries import AgentOutput, Command, JournalEntry, SessionClosed, UserCommand
from orchestrator.models.escalation import conditions_of
from orchestrator.models.events import (
    AgentEvent,
    EventType,
    Reasoned,
    Reported,
    Said,
    ToolCalled,
    ToolReturned,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.money import Usage
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.fold import fold, step
from tests.session.test_any_inputs import ACTS, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.session.state import Session
    from tests.session.conftest import Play


def test_a_journal_begins_with_the_opening_of_its_session(play: Callable[..., Play]) -> None:
    entry = JournalEntry(1, play().at, UserCommand(Command.STOP, by="test"))
    with pytest.raises(ValueError, match="begins with session_opened"):
        step(None, entry)


def test_steps_start_one_after_another_and_a_finished_task_is_done(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    assert [effect.worker for effect in p.wanted(StartWorker)] == ["gemini"]
    p.finishes("gemini", text="a design")
    assert [effect.worker for effect in p.wanted(StartWorker)] == ["gemini", "claude"]
    assert "a design" in p.last(StartWorker)[1].assignment.prompt
    p.finishes("claude", "signup.py")
    p.snapshot("signup.py")
    assert "+ one line" in p.last(StartWorker)[1].assignment.prompt
    p.reviews("codex", "approved")
    p.done()
    name, close = p.last(CloseSession)
    assert (close.outcome, p.session.workers[WorkerId("claude")].status) == (Outcome.DONE, WorkerStatus.DONE)
    p.take(SessionClosed(close.outcome, close.reason, name))
    assert p.session.closed is not None
    assert p.session.effects_open == {}


def test_a_worker_that_starts_into_an_ending_session_is_stopped(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.take(UserCommand(Command.STOP, by="terminal"))
    assert p.wanted(CloseSession) == []
    p.start("gemini")
    assert p.last(StopWorker)[1].worker == WorkerId("gemini")


def test_output_of_an_earlier_attempt_changes_nothing(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    before = p.session
    entry = p.entries[-1]
    assert entry.body.kind == "effect_intended" or entry.n == before.n
    assert p.says("gemini") == ()
    assert replace(p.session, n=before.n, now=before.now, last_heard=before.last_heard).plan == before.plan


SAID = (
    Said("one\ntwo"),
    Said("three"),
    Reasoned("hm"),
    ToolCalled("Read", "t1", "a.py"),
    ToolReturned("t1", ok=True, text="x"),
    ToolReturned("t1", ok=False, text="y"),
    ToolCalled("Bash", "t2", "ls", command="rm -rf /"),
    UsageReported(Usage(input_tokens=5, output_tokens=7)),
    Reported("half", progress=50.0),
    Unrecognised("a line"),
)


CONDITIONS = (
    "failed_tool_share > 0.1 for 5s: notice",
    "tokens_without_progress > 20 for 10s: ask_person",
    "antipatterns > 0: require_review",
)
WATCHED = {"watch_rules": 1, "escalations": conditions_of(CONDITIONS)}


@pytest.mark.parametrize("seed", range(6))
def test_a_run_of_entries_is_folded_as_one_after_the_other(seed: int) -> None:
    world, random = World(seed, "gemini", "claude", "codex", interactive=True, **WATCHED), Random(seed)
    for _ in range(40):
        world.go_on(random.choice(ACTS), random.randint(0, 120))
        for worker in random.choices(
            sorted(world.alive), k=8 if world.alive and world.play.session.closed is None else 0
        ):
            world.play.says(worker, random.choice(SAID))
    entries = world.play.entries
    assert sum(type(entry.body) is AgentOutput for entry in entries) > 10
    session: Session | None = None
    alone = []
    for entry in entries:
        session, wanted = step(session, entry)
        alone.append((repr(session), wanted))
    together = [(entry, repr(after), after, wanted) for entry, after, wanted in fold(None, iter(entries))]
    assert [entry for entry, *_ in together] == entries
    assert [wanted for *_, wanted in together] == [wanted for _, wanted in alone]
    for (entry, shown, after, _), (expected, _) in zip(together, alone, strict=True):
        assert after.n >= entry.n
        assert after.n > entry.n or shown == expected  # of a run the last one alone shows its own state
    assert together[-1][1] == alone[-1][0]
    assert len({id(after) for _, _, after, _ in together}) < len(entries)


def test_what_a_run_began_with_stays_as_it_is(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    before, shown = p.session, repr(p.session)
    event = AgentEvent(EventType.PROGRESS, AgentName("gemini"), p.at, Said("hello"))
    body = AgentOutput(WorkerId("gemini"), 1, "stdout", 0, 9, (event,))
    folded = list(fold(before, [JournalEntry(before.n + n, p.at, body) for n in (1, 2, 3)]))
    assert [after.n for _, after, _ in folded] == [before.n + 3] * 3
    assert repr(before) == shown


def test_many_entries_are_refused_as_one_is() -> None:
    world = World(1, "claude")
    with pytest.raises(ValueError, match="begins with session_opened"):
        list(fold(None, world.play.entries[1:]))


def test_of_a_long_run_the_first_are_had_before_the_last_is_read(play: Callable[..., Play]) -> None:
    p = play("gemini", "claude", "codex")
    p.start("gemini")
    event = AgentEvent(EventType.PROGRESS, AgentName("gemini"), p.at, Said("hello"))
    body = AgentOutput(WorkerId("gemini"), 1, "stdout", 0, 9, (event,))
    entries = iter([JournalEntry(p.session.n + 1 + i, p.at, body) for i in range(2_500)])
    next(fold(p.session, entries))
    assert sum(1 for _ in entries) > 1_000
