from __future__ import annotations

import itertools
import os
import random
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit, JournalDamaged
from orchestrator.store.tuning_log import TuningLog, caught_up, result_from_journal, results_told
from orchestrator.tuning.parameters import BASELINE, PARAMETERS
from orchestrator.tuning.tuner import Tuning, fold, on_open, on_result
from orchestrator.tuning.tuning_events import (
    Assigned,
    Claimed,
    Resulted,
    RolledBack,
    SessionResult,
    Switched,
    TuningEvent,
)
from tests.store.conftest import PASSED, closed
from tests.store.test_recorder import kept


def claimed(number: int = 1) -> Claimed:
    return Claimed(f"trial-{number}", "max_restarts", 3, 4, 60.0, 52.0, 60, "hash")


def assigned(name: str, tuning: Tuning) -> list[Assigned]:
    return [Assigned(name, dict(tuning.values))]


@pytest.fixture
def tuning_log(tmp_path: Path) -> TuningLog:
    return TuningLog(tmp_path / "state")


def test_before_it_is_switched_on_there_is_nothing(tuning_log: TuningLog) -> None:
    assert not tuning_log.is_there()
    assert list(tuning_log.events()) == []
    assert tuning_log.tuning().values == BASELINE
    assert tuning_log.act(lambda tuning: ()) == []


def test_all_that_follows_from_one_thing_is_one_line(tuning_log: TuningLog) -> None:
    tuning_log.act(lambda tuning: [Switched("on", "person", "s")])
    tuning_log.act(lambda tuning: [claimed()])
    tuning_log.act(lambda tuning: [])
    assert len(tuning_log.path.read_bytes().splitlines()) == 2
    assert tuning_log.tuning().values["max_restarts"] == 4
    assert tuning_log.path.stat().st_mode & 0o777 == 0o600
    assert list(tuning_log.events())[1] == claimed()


def test_of_a_session_s_values_the_line_has_those_that_are_not_at_their_default(tuning_log: TuningLog) -> None:
    tuning_log.act(lambda tuning: [Switched("on", "person", "s"), claimed()])
    (opened,) = tuning_log.act(partial(assigned, "one"))
    assert isinstance(opened, Assigned)
    assert opened.values == {**BASELINE, "max_restarts": 4}, "whoever opens it has them all"
    assert list(tuning_log.events())[-1] == Assigned("one", {"max_restarts": 4})
    result = SessionResult("one", False, 1.0, None, 0.0, 0.0, 0.5)
    tuning_log.act(partial(on_result, result=result))
    for reader in (tuning_log.tuning(), TuningLog(tuning_log.folder).tuning()):
        assert reader.kept["max_restarts"].results == 1, "it ran with what is in force, and so speaks of a fall"


def test_a_decision_that_is_due_is_in_the_line_of_what_made_it_due(tuning_log: TuningLog) -> None:
    tuning_log.act(lambda tuning: [Switched("on", "person", "s"), claimed()])
    for number in range(80):
        name = f"s{number}"
        tuning_log.act(partial(assigned, name))
        result = SessionResult(name, False, 1.0, None, 0.0, 0.0, 0.5)
        written = tuning_log.act(partial(on_result, result=result))
        if any(isinstance(one, RolledBack) for one in written):
            assert [one.kind for one in written] == ["resulted", "rolled_back"]
            return
    raise AssertionError("it was never taken back")


def test_what_cannot_be_followed_tunes_nothing_and_is_said(tuning_log: TuningLog) -> None:
    tuning_log.act(lambda tuning: [Switched("on", "person", "s")])
    whole = tuning_log.path.read_bytes()
    for line, said in ((b"{}\n", "line 2"), (b'{"format":99,"at":"x","events":[]}\n', "newer version")):
        tuning_log.path.write_bytes(whole + line)
        with pytest.raises(JournalDamaged, match=said):
            tuning_log.tuning()
        with pytest.raises(JournalDamaged):
            tuning_log.act(lambda tuning: [claimed()])
        assert tuning_log.path.read_bytes() == whole + line, "nothing is lost"
    tuning_log.path.write_bytes(whole + b'{"at":"2026-')
    assert tuning_log.tuning().state == "on"
    tuning_log.act(lambda tuning: [claimed()])
    assert tuning_log.tuning().values["max_restarts"] == 4
    assert (tuning_log.folder / "tuning.torn").read_bytes() == b'{"at":"2026-\n'


def test_whether_it_is_off_is_known_from_its_last_switch_alone(tuning_log: TuningLog) -> None:
    assert not tuning_log.is_off()
    tuning_log.act(lambda tuning: [Switched("on", "test", "seed")])
    tuning_log.act(lambda tuning: on_open(tuning, "one"))
    assert not tuning_log.is_off()
    tuning_log.act(lambda tuning: [Switched("off", "test")])
    assert tuning_log.is_off()
    with tuning_log.path.open("ab") as file:
        file.write(b'{"at":"2026-01-01T00:00:00Z","events":[{"kind":"switched"')
    assert not tuning_log.is_off(), "what cannot be read is looked at whole"


def noted(seen: list[int], session: str, tuning: Tuning) -> Sequence[TuningEvent]:
    """Note how many sessions have begun, and open one more if it has a name."""
    seen.append(tuning.begun)
    return on_open(tuning, session) if session else ()


def test_who_has_read_it_reads_only_what_came_since_and_all_of_one_that_was_replaced(tuning_log: TuningLog) -> None:
    other = TuningLog(tuning_log.folder)
    tuning_log.act(lambda tuning: [Switched("on", "test", "seed")])
    other.act(lambda tuning: on_open(tuning, "one"))
    seen: list[int] = []
    tuning_log.act(partial(noted, seen, "two"))
    tuning_log.act(partial(noted, seen, ""))
    assert seen == [1, 2]
    assert fold(tuning_log.events()) == tuning_log.tuning()
    tuning_log.path.rename(tuning_log.folder / "away")
    tuning_log.act(partial(noted, seen, ""))
    assert seen[-1] == 0
    with tuning_log.path.open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(JournalDamaged):
        tuning_log.act(lambda tuning: on_open(tuning, "three"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(EnvironmentUnfit, match=r"tuning\.jsonl"):
        TuningLog(tmp_path / "state").act(lambda tuning: [claimed()])


def test_the_result_of_a_session_follows_from_its_journal(tmp_path: Path) -> None:
    folder = kept(tmp_path, 0x7F3A, closed(PASSED))
    found = result_from_journal(folder.path)
    assert found is not None
    assert (found.session, found.success) == (folder.id, True)
    assert found.hours >= 0
    running = kept(tmp_path, 0x7F3B, closed(PASSED), entries=2)
    assert result_from_journal(running.path) is None


def test_sessions_whose_coordinator_was_killed_are_caught_up_on(tmp_path: Path, tuning_log: TuningLog) -> None:
    folder = kept(tmp_path, 0x7F3A, closed(PASSED))
    tuning_log.act(lambda tuning: [Switched("on", "person", "s")])
    tuning_log.act(
        lambda tuning: [
            Assigned("gone", dict(BASELINE), folder=str(tmp_path / "gone")),
            Assigned(folder.id, dict(BASELINE), folder=str(folder.path)),
        ]
    )
    tuning_log.act(lambda tuning: list(results_told(tuning, caught_up(tuning.assigned))))
    tuning = tuning_log.tuning()
    assert list(tuning.assigned) == ["gone"]
    assert [one.session for one in tuning.history] == [folder.id]


def write_for_ever(folder: Path, name: str, told: int) -> None:
    """What a coordinator does to the log, one session after the other: each step succeeds until it is in force."""
    log = TuningLog(folder)
    for number in itertools.count():
        session = f"{name}-{number}"
        events = log.act(partial(on_open, session=session))
        assigned = next(one for one in events if isinstance(one, Assigned))
        figures = (0.2, 0.0, 0.9) if assigned.arm == "candidate" else (2.0, 3.0, 0.3)
        success = bool(assigned.places) or dict(assigned.values) == BASELINE
        result = SessionResult(session, success, figures[0], 1.0, figures[1], figures[1], figures[2])
        log.act(partial(on_result, result=result))
        os.write(told, b".")


def killed_after(folder: Path, name: str, sessions: int) -> None:
    """A process that is killed after so many sessions, wherever it is then."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write_for_ever(folder, name, writes)
        finally:
            os._exit(1)
    os.close(writes)
    for _ in range(sessions):
        assert os.read(reads, 1) == b".", "it ended by itself"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reads)


@pytest.mark.slow
def test_killed_at_any_moment_it_is_in_one_state(tmp_path: Path) -> None:
    """100 processes, killed at random moments of propose, try, claim and roll back."""
    random_, kinds = random.Random(5), set[str]()
    known = [SessionResult(f"h{number}", True, 2.0, 1.0, 3.0, 3.0, 0.3) for number in range(40)]
    for run in range(5):
        log = TuningLog(tmp_path / str(run))
        log.act(lambda tuning: [Switched("on", "test", "seed")])
        log.act(lambda tuning: [event for one in known for event in (Assigned(one.session, BASELINE), Resulted(one))])
        for kill in range(20):
            killed_after(log.folder, f"{run}-{kill}", random_.randint(1, 12))
            events = list(log.events())
            state = fold(events)
            assert state == log.tuning()
            changes = [one for one in events if isinstance(one, Claimed | RolledBack)]
            assert all(one.after in PARAMETERS[one.parameter].neighbours(one.before) for one in changes)
            assert state.values == dict(BASELINE) | {one.parameter: one.after for one in changes}
            places = [place for one in events if isinstance(one, Assigned) for place in one.places]
            assert len(places) == len(set(places)), "no place of a pair is given twice"
            kinds |= {one.kind for one in events}
            kinds |= {"crossed" for one in events if isinstance(one, Assigned) and one.crossed}
    assert {"proposed", "assigned", "resulted", "claimed", "rolled_back", "crossed"} <= kinds
