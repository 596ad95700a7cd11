from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.coordinator.evidence import Evidence
from orchestrator.coordinator.final_change import compared, measure_at_end, measured_now
from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.changes import ChangeMeasured, WorkerChange
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.layers import Bench
from orchestrator.session.state import Session
from orchestrator.snapshots.recorded_trees import AT_END, BASELINE, Snapshots
from tests.session.conftest import Play

GEMINI, CLAUDE = WorkerId("gemini"), WorkerId("claude")


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "form.py").write_text("1\n")
    return SessionFolder(tmp_path / "workspace" / "20261121-175811-7f3a")


@pytest.fixture
def snapshots(folder: SessionFolder, tmp_path: Path) -> Snapshots:
    return Snapshots(folder.snapshots_dir, tmp_path / "shop")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A designer that is done, and an implementer that runs."""
    p = Play("gemini", "claude", "codex")
    p.finishes("gemini")
    p.start("claude")
    options = replace(p.session.options, target=tmp_path / "shop")
    return replace(p.session, options=options)


def test_the_change_is_told_in_all_and_by_worker(session: Session, snapshots: Snapshots, tmp_path: Path) -> None:
    target = tmp_path / "shop"
    snapshots.take(BASELINE)
    (target / "plan.md").write_text("a\nb\n")
    snapshots.take(f"{CLAUDE} begins")
    (target / "form.py").write_text("2\n")
    change = compared(snapshots, session, snapshots.record(AT_END))
    assert (change.files, change.insertions, change.deletions) == (("form.py", "plan.md"), 3, 1)
    assert change.workers == (
        WorkerChange(GEMINI, ("plan.md",), 2, 0),
        WorkerChange(CLAUDE, ("form.py",), 1, 1),
    )


async def test_what_cannot_be_measured_says_why(session: Session, snapshots: Snapshots, tmp_path: Path) -> None:
    bench = Bench(SandboxConfig(name="default"), "none", {}, tmp_path, (), tmp_path)
    evidence = Evidence(snapshots, TargetTests(tmp_path / "shop", bench, {}))
    change = await measure_at_end(evidence, session, Outcome.INTERRUPTED)
    assert change.problem == "the target was not recorded when the session began"


def test_a_session_that_has_not_ended_is_measured_as_it_stands(
    session: Session, snapshots: Snapshots, folder: SessionFolder, tmp_path: Path
) -> None:
    snapshots.take(BASELINE)
    (tmp_path / "shop" / "half.py").write_text("x")
    shown = measured_now(session, folder)
    assert shown.change is not None
    assert shown.change.files == ("half.py",)
    assert snapshots.newest() == snapshots.find(BASELINE), "looking leaves no label"


def test_what_was_measured_at_the_end_is_not_measured_again(
    session: Session, snapshots: Snapshots, folder: SessionFolder, tmp_path: Path
) -> None:
    snapshots.take(BASELINE)
    measured = replace(session, change=ChangeMeasured(("old.py",), 1, 0))
    (tmp_path / "shop" / "later.py").write_text("x")
    assert measured_now(measured, folder) is measured


def test_a_session_that_recorded_nothing_is_left_as_it_is(session: Session, folder: SessionFolder) -> None:
    assert measured_now(session, folder) is session
