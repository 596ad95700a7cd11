from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.coordinator.evidence import Evidence, scratch_files
from orchestrator.coordinator.target_tests import SuiteOutcomes, TargetTests
from orchestrator.errors import UsageError
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import WorkerId
from orchestrator.models.reviews import Verdict
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.sandbox.layers import Bench
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.snapshots.writers import Writers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coordinator.conftest import Stage

PASSING = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue({})\n"


class WithSomebodyAtWork(TargetTests):
    """While the tests run, somebody writes in the target."""

    async def run(self, *, within_s: float | None = None) -> SuiteOutcomes:
        (self.target / "late.txt").write_text("late\n")
        return await super().run(within_s=within_s)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "target"
    made.mkdir()
    (made / "old.txt").write_text("old\n")
    return made


@pytest.fixture
def evidence(tmp_path: Path, target: Path) -> Evidence:
    for name in ("scratch", "settings", "home"):
        (tmp_path / name).mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    policy = SandboxConfig(name="default")
    bench = Bench(policy, "bubblewrap", environ, tmp_path / "scratch", (), tmp_path / "settings")
    made = Evidence(Snapshots(tmp_path / "snapshots", target, writers=Writers()), TargetTests(target, bench, environ))
    made.begin()
    return made


def test_a_change_is_counted_from_where_the_worker_began(evidence: Evidence, target: Path) -> None:
    (target / "design.md").write_text("a\n")
    evidence.mark(WorkerId("claude"))
    evidence.writers.begins(WorkerId("claude"))
    (target / "new.py").write_text("a\nb\n")
    assert evidence.change().files == ("design.md", "new.py")
    assert evidence.change_by(WorkerId("claude")).files == ("new.py",)
    assert evidence.change_by(WorkerId("claude")).insertions == 2


def test_beginning_again_after_a_crash_keeps_the_first_baseline(evidence: Evidence, target: Path) -> None:
    (target / "new.py").write_text("a\n")
    evidence.begin()
    assert evidence.change().files == ("new.py",)


def test_while_no_coordinator_looked_on_nothing_is_known(evidence: Evidence, target: Path) -> None:
    claude = WorkerId("claude")
    again = Evidence(evidence.snapshots, evidence.tests)
    again.begin([claude])
    assert evidence.snapshots.moments()[-1].writers is None
    assert evidence.snapshots.record("seen").writers == (claude,)
    again.writers.ends(claude)
    evidence.snapshots.record("session ends")
    Evidence(evidence.snapshots, evidence.tests).begin()
    assert evidence.snapshots.moments()[-1].writers == ()


async def test_nothing_changed_is_nothing_to_accept(evidence: Evidence) -> None:
    checked = await evidence.check()
    verdict, findings = checked.verdict, checked.findings
    assert verdict is Verdict.CONCERNS
    assert "nothing changed" in findings[0]


@pytest.mark.slow
@pytest.mark.parametrize(("holds", "verdict"), [("True", Verdict.APPROVED), ("False", Verdict.CONCERNS)])
async def test_the_targets_own_tests_decide(evidence: Evidence, target: Path, holds: str, verdict: Verdict) -> None:
    (target / "test_it.py").write_text(PASSING.format(holds))
    checked = await evidence.check()
    found, findings = checked.verdict, checked.findings
    assert found is verdict
    assert findings[-1].startswith("unittest: ")


@pytest.mark.slow
async def test_tests_tell_on_which_tree_they_ran_where_nobody_changed_it_meanwhile(
    evidence: Evidence, target: Path
) -> None:
    (target / "test_it.py").write_text(PASSING.format("True"))
    suites = (await evidence.check()).suites
    assert suites.tree == evidence.snapshots.look()
    evidence.tests = WithSomebodyAtWork(target, evidence.tests.bench, {})
    assert (await evidence.check()).suites.tree == ""


@pytest.mark.slow
async def test_what_the_tests_write_is_not_in_the_target(evidence: Evidence, target: Path) -> None:
    (target / "test_it.py").write_text(PASSING.format("open('old.txt', 'w').write('other') and open('new.txt', 'w')"))
    findings = (await evidence.check()).findings
    assert "1 passed" in findings[-1]
    assert sorted(path.name for path in target.iterdir()) == ["old.txt", "test_it.py"]
    assert (target / "old.txt").read_text() == "old\n"


async def test_a_page_that_showed_a_conflict_before_is_not_blamed_on_the_change(
    evidence: Evidence, target: Path, tmp_path: Path
) -> None:
    (target / "page.md").write_text("<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n")
    fresh = Evidence(Snapshots(tmp_path / "later", target), TargetTests(target, evidence.tests.bench, {}))
    fresh.begin()
    (target / "page.md").write_text((target / "page.md").read_text() + "one line more\n")
    assert (await fresh.check()).verdict is Verdict.APPROVED


@pytest.mark.slow
async def test_what_failed_before_is_said_and_approved(evidence: Evidence, target: Path) -> None:
    (target / "test_it.py").write_text(PASSING.format("False"))
    later = Evidence(Snapshots(target.parent / "later", target), evidence.tests)
    later.begin()
    measured = await later.measure_baseline(60.0)
    assert [suite.state for suite in measured.suites] == ["failed"]
    (target / "new.txt").write_text("x")
    checked = await later.check()
    assert checked.verdict is Verdict.APPROVED
    assert any("failed before as well" in line for line in checked.findings)
    assert not any("themselves" in line for line in checked.findings)
    (target / "test_it.py").write_text(PASSING.format("not False"))
    assert (await later.check()).findings[-1].endswith("or what steers them, were changed: test_it.py")
    assert sorted(path.name for path in evidence.tests.bench.scratch.parent.iterdir() if "baseline" in path.name) == [
        "baseline.json"
    ]


@pytest.mark.slow
async def test_another_coordinator_finds_what_the_tests_did_before(evidence: Evidence, target: Path) -> None:
    (target / "test_it.py").write_text(PASSING.format("True"))
    later = Evidence(Snapshots(target.parent / "later", target), evidence.tests)
    later.begin()
    await later.measure_baseline(60.0)
    (target / "test_it.py").write_text("import unittest\n")
    another = Evidence(later.snapshots, evidence.tests)
    assert (await another.check()).verdict is Verdict.CONCERNS


@pytest.mark.slow
async def test_a_failing_baseline_whose_ignored_files_changed_meanwhile_is_none(
    evidence: Evidence, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (target / ".git").mkdir()
    (target / ".gitignore").write_text("kept/\n")
    (target / "kept").mkdir()
    (target / "kept" / "x.txt").write_text("as it was")
    (target / "test_it.py").write_text(PASSING.format("False"))
    later = Evidence(Snapshots(target.parent / "later", target), evidence.tests)
    later.begin()
    (target / "kept" / "x.txt").write_text("what somebody made of it")
    measured = await later.measure_baseline(60.0)
    assert measured.problem is not None
    assert "kept/x.txt" in measured.problem


@pytest.mark.slow
async def test_a_baseline_without_time_is_none_and_says_so(evidence: Evidence, target: Path) -> None:
    measured = await evidence.measure_baseline(0.0)
    assert measured.problem is not None
    (target / "test_it.py").write_text(PASSING.format("False"))
    checked = await evidence.check()
    assert checked.verdict is Verdict.CONCERNS
    assert any("not known whether it failed before" in line for line in checked.findings)


async def test_conflict_markers_left_behind_are_a_blocker(evidence: Evidence, target: Path) -> None:
    (target / "a.py").write_text("<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n")
    checked = await evidence.check()
    verdict, findings = checked.verdict, checked.findings
    assert verdict is Verdict.BLOCKER
    assert "a.py" in findings[-1]


def test_what_a_worker_left_in_its_scratch_is_listed_without_ours(tmp_path: Path) -> None:
    for name in ("design.md", "events.jsonl", "notes/a.md", ".tmp/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert scratch_files(tmp_path) == ("design.md", "notes/a.md")
    assert scratch_files(tmp_path / "nowhere") == ()


async def test_the_projects_own_statement_is_that_of_the_beginning(evidence: Evidence, target: Path) -> None:
    (target / ".orchestrator").mkdir()
    settings = target / ".orchestrator/settings.toml"
    settings.write_text("[tests]\ncommands = ['sh honest.sh']\n")
    fresh = Evidence(Snapshots(target.parent / "others", target, writers=Writers()), evidence.tests)
    fresh.begin()
    settings.write_text("[tests]\ncommands = ['echo 1..1; echo ok 1']\n")
    assert fresh.tests.stated == ("sh honest.sh",)
    resumed = Evidence(fresh.snapshots, evidence.tests)
    resumed.begin()
    assert resumed.tests.stated == ("sh honest.sh",)


def test_a_statement_that_cannot_be_read_is_refused_at_the_beginning(evidence: Evidence, target: Path) -> None:
    (target / ".orchestrator").mkdir()
    (target / ".orchestrator/settings.toml").write_text("[tests]\ncommands = 3\n")
    fresh = Evidence(Snapshots(target.parent / "others", target, writers=Writers()), evidence.tests)
    with pytest.raises(UsageError, match="list of commands"):
        fresh.begin()


async def test_a_look_that_takes_too_long_ends_and_names_who_may_have_made_it_long(evidence: Evidence) -> None:
    greedy = Evidence(evidence.snapshots, evidence.tests, look_s=0.05)
    greedy.writers.begins(WorkerId("claude"))
    never = threading.Event()
    try:
        with pytest.raises(TimeoutError, match=r"longer than 0.05 s; claude could write .* \(limits.snapshot_s"):
            await greedy.look(never.wait)
    finally:
        never.set()


@pytest.mark.slow
async def test_a_target_that_cannot_be_looked_at_in_time_ends_a_session_with_that_reason(stage: Stage) -> None:
    sandbox = load_sandbox_policy("open")
    sandbox = replace(sandbox, limits=replace(sandbox.limits, snapshot_s=0.0001))
    result = await stage.run("plain", sandbox=sandbox)
    assert result.outcome is Outcome.NEEDS_PERSON
    # Who could write there since the last look stands between the two, where somebody could.
    assert "the look at the target took longer than 0.0001 s" in result.reason
    assert "(limits.snapshot_s of the sandbox policy)" in result.reason
