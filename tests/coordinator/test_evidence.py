from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.evidence import Evidence, scratch_files
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.snapshots.recorded_trees import Snapshots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PASSING = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue({})\n"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "target"
    made.mkdir()
    (made / "old.txt").write_text("old\n")
    return made


@pytest.fixture
def evidence(tmp_path: Path, target: Path) -> Evidence:
    def plain(argv: Sequence[str]) -> list[str]:
        return [sys.executable if argv[0] == "python3" else str(shutil.which(argv[0])), *argv[1:]]

    made = Evidence(Snapshots(tmp_path / "snapshots", target), target, scratch=tmp_path / "scratch", wrap=plain)
    made.begin()
    return made


def test_a_change_is_counted_from_where_the_worker_began(evidence: Evidence, target: Path) -> None:
    (target / "design.md").write_text("a\n")
    evidence.mark(WorkerId("claude"))
    (target / "new.py").write_text("a\nb\n")
    assert evidence.change().files == ("design.md", "new.py")
    assert evidence.change_by(WorkerId("claude")).files == ("new.py",)
    assert evidence.change_by(WorkerId("claude")).insertions == 2


def test_beginning_again_after_a_crash_keeps_the_first_baseline(evidence: Evidence, target: Path) -> None:
    (target / "new.py").write_text("a\n")
    evidence.begin()
    assert evidence.change().files == ("new.py",)


async def test_nothing_changed_is_nothing_to_accept(evidence: Evidence) -> None:
    verdict, findings = await evidence.check()
    assert verdict is Verdict.CONCERNS
    assert "nothing changed" in findings[0]


@pytest.mark.slow
@pytest.mark.parametrize(("holds", "verdict"), [("True", Verdict.APPROVED), ("False", Verdict.CONCERNS)])
async def test_the_targets_own_tests_decide(evidence: Evidence, target: Path, holds: str, verdict: Verdict) -> None:
    (target / "test_it.py").write_text(PASSING.format(holds))
    found, findings = await evidence.check()
    assert found is verdict
    assert findings[-1].startswith("unittest: ")


async def test_conflict_markers_left_behind_are_a_blocker(evidence: Evidence, target: Path) -> None:
    (target / "a.py").write_text("<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n")
    verdict, findings = await evidence.check()
    assert verdict is Verdict.BLOCKER
    assert "a.py" in findings[-1]


def test_what_a_worker_left_in_its_scratch_is_listed_without_ours(tmp_path: Path) -> None:
    for name in ("design.md", "events.jsonl", "notes/a.md", ".tmp/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert scratch_files(tmp_path) == ("design.md", "notes/a.md")
    assert scratch_files(tmp_path / "nowhere") == ()
