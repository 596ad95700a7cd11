from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.models.identity import WorkerId
from orchestrator.snapshots.attribution import change_of, origins, perhaps_by_others
from orchestrator.snapshots.recorded_trees import BASELINE, Snapshots
from orchestrator.snapshots.writers import Writers

CLAUDE, CODEX = WorkerId("claude"), WorkerId("codex")


class Session:
    """Moments of a target, each with who could write before it."""

    def __init__(self, tmp_path: Path) -> None:
        self.target = tmp_path / "shop"
        self.target.mkdir()
        self.writers = Writers()
        self.snapshots = Snapshots(tmp_path / "snapshots", self.target, writers=self.writers)
        self.record(())
        self.snapshots.take(BASELINE)

    def record(self, writers: tuple[WorkerId, ...] | None, *files: str) -> None:
        for number, name in enumerate(files):
            (self.target / name).write_text(f"{writers} {number} {len(self.snapshots.moments())}")
        if writers is None:
            self.writers.lost_sight()
        for writer in writers or ():
            self.writers.begins(writer)
            self.writers.ends(writer)
        self.snapshots.record("seen")

    def told(self, *files: str, is_shared: bool = False) -> list[str]:
        after = self.snapshots.moments()[-1]
        return [one.words() for one in origins(self.snapshots, after, files=files, is_shared=is_shared)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def test_what_changed_while_one_could_write_is_its_own(session: Session) -> None:
    session.record((CLAUDE,), "a")
    session.record((CODEX,), "b")
    assert session.told("a", "b") == ["by claude", "by codex"]


def test_what_changed_while_nobody_ran_is_not_by_an_agent(session: Session) -> None:
    session.record((CLAUDE,), "a", "b")
    session.record((), "b", "c")
    assert session.told("a", "b", "c") == ["by claude", "by claude, and while no agent ran", "not by an agent"]


def test_what_several_could_have_changed_is_not_certain(session: Session) -> None:
    session.record((CLAUDE, CODEX), "a")
    assert session.told("a") == ["not certain whose (perhaps by claude, codex)"]


def test_what_changed_while_nobody_looked_is_not_certain(session: Session) -> None:
    session.record(None, "a")
    assert session.told("a") == ["not certain whose"]


def test_in_a_shared_target_nothing_is_certain(session: Session) -> None:
    session.record((CLAUDE,), "a")
    assert session.told("a", is_shared=True) == ["not certain whose (perhaps by claude)"]


def test_a_moment_without_a_label_is_the_last_one(session: Session) -> None:
    session.record((CLAUDE,), "a")
    (session.target / "b").write_text("later")
    after = session.snapshots.glance()
    told = {one.path: one.words() for one in origins(session.snapshots, after, files=("a", "b"))}
    assert told == {"a": "by claude", "b": "not certain whose"}


def test_a_workers_change_is_what_changed_while_it_could_write(session: Session) -> None:
    before = session.snapshots.moments()[-1]
    session.record((CLAUDE,), "a")
    session.record((), "mine")
    after = session.snapshots.moments()[-1]
    change = change_of(session.snapshots, CLAUDE, before, after)
    assert (change.files, change.insertions) == (("a",), 1)
    assert change_of(session.snapshots, CODEX, before, after).files == ()


def test_a_workers_change_may_be_anything_that_nobody_watched(session: Session) -> None:
    before = session.snapshots.moments()[-1]
    session.record(None, "a")
    assert change_of(session.snapshots, CLAUDE, before, session.snapshots.moments()[-1]).files == ("a",)


def test_what_may_be_somebody_elses_is_told_from_what_only_workers_wrote(session: Session) -> None:
    session.record((CLAUDE,), "one", "both")
    session.record((CLAUDE, CODEX), "two")
    session.record((), "both", "mine")
    session.record(None, "unseen")
    after = session.snapshots.moments()[-1]
    assert perhaps_by_others(session.snapshots, after) == {"both", "mine", "unseen"}
