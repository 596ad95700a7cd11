from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import FreezeWorker, Outcome, StopWorker, ThawWorker
from orchestrator.models.entries import Command, CoordinatorResumed, StorageShort, UserCommand
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.models.workers import WorkerStatus
from orchestrator.session.replaying import replay
from orchestrator.session.storage_limits import size_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

MIB = 1024**2
GROWN = StorageShort("size", used=70 * MIB, free=9000 * MIB, bound=64 * MIB)
FULL = StorageShort("disk", used=5 * MIB, free=0, bound=64 * MIB)
CLAUDE = WorkerId("claude")


def test_a_session_that_has_grown_too_large_freezes_everybody_and_asks(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True, max_session_bytes=64 * MIB)
    told.start("claude")
    told.take(GROWN)
    assert [frozen.worker for frozen in told.wanted(FreezeWorker)] == [CLAUDE]
    assert told.session.workers[CLAUDE].status is WorkerStatus.FROZEN
    (asked,) = told.wanted(PersonAsked)
    assert "grown to 70 MiB, and 64 MiB is the most" in asked.question.text
    assert told.session.ending is None


def test_the_answer_lets_everybody_run_on_and_the_files_grow_by_as_much_again(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True, max_session_bytes=64 * MIB)
    told.start("claude")
    told.take(GROWN)
    told.take(UserCommand(Command.ANSWER, by="terminal", text="go on"))
    assert [thawed.worker for thawed in told.wanted(ThawWorker)] == [CLAUDE]
    assert told.session.storage.question is None
    assert told.session.storage.allowed == 134 * MIB
    assert replay(told.entries).session == told.session


def test_it_is_asked_once_however_often_it_is_measured(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True)
    told.start("claude")
    told.take(FULL)
    told.take(FULL)
    assert len(told.wanted(PersonAsked)) == 1


def test_without_a_person_everybody_is_frozen_then_stopped_and_the_session_can_be_resumed(
    play: Callable[..., Play],
) -> None:
    told = play("claude")
    told.start("claude")
    told.take(GROWN)
    kinds = [effect.kind for _, effect in told.effects if isinstance(effect, FreezeWorker | StopWorker)]
    assert kinds == ["freeze_worker", "stop_worker"]
    assert told.session.ending is not None
    assert told.session.ending.outcome is Outcome.NEEDS_PERSON
    told.done()
    told.exits("claude", by="stop")
    told.take(CoordinatorResumed(7))
    told.take(UserCommand(Command.ANSWER, by="orchestrate resume", text="go on"))
    assert told.session.storage.question is None
    told.start("claude")
    assert told.session.workers[CLAUDE].status is WorkerStatus.RUNNING


def test_a_full_disk_is_said_to_have_lost_what_could_not_be_written(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True)
    told.start("claude")
    told.take(FULL)
    assert any("claude: lost output: the disk was full" in warning for warning in told.session.warnings)


def test_a_disk_that_only_runs_low_has_lost_nothing(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True)
    told.start("claude")
    told.take(StorageShort("disk", used=5 * MIB, free=30 * MIB, bound=64 * MIB))
    assert not any("lost output" in warning for warning in told.session.warnings)


def test_a_worker_that_starts_while_the_question_is_open_is_frozen_too(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True)
    told.take(FULL)
    told.start("claude")
    assert told.session.workers[CLAUDE].status is WorkerStatus.FROZEN


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"), (2 * 1024**3, "2 GiB")],
)
def test_sizes_are_said_in_binary_units(count: int, words: str) -> None:
    assert size_words(count) == words


def test_a_worker_that_takes_too_much_is_stopped_alone(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True)
    told.start("claude")
    greedy = StorageShort("worker", used=3000 * MIB, free=9000 * MIB, bound=1536 * MIB, worker=CLAUDE)
    told.take(greedy)
    told.take(greedy)
    assert [stopped.worker for stopped in told.wanted(StopWorker)] == [CLAUDE]
    assert told.wanted(FreezeWorker) == []
    assert told.session.storage.question is None
    assert "grown to 2.9 GiB, and 1.5 GiB is the most for one worker" in told.session.workers[CLAUDE].why
    assert replay(told.entries).session == told.session


def test_a_full_disk_of_the_target_is_named(play: Callable[..., Play]) -> None:
    told = play("claude", interactive=True)
    told.start("claude")
    told.take(StorageShort("disk", used=MIB, free=MIB, bound=64 * MIB, place="/elsewhere/project"))
    (asked,) = told.wanted(PersonAsked)
    assert asked.question.text.startswith("the disk of /elsewhere/project has 1 MiB left")
