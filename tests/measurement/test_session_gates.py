from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.gates.gate_verdicts import Rules
from orchestrator.measurement.project_tree import ProjectTree
from orchestrator.measurement.session_gates import points, session_report
from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.decisions import Action, OrchestratorDecision
from orchestrator.models.identity import AgentName, ReviewId, SessionId
from orchestrator.models.money import Usage
from orchestrator.models.quality_gates import FailOn, GateState
from orchestrator.models.reviews import PeerReview, Verdict
from orchestrator.models.suite_measurements import SuiteMeasured, SuitesMeasured
from orchestrator.models.workers import PlantedFile
from orchestrator.session.summary import ReviewSummary, SessionSummary

TREE = ProjectTree("sha256:00", ("src/a.py",), {})
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def suites(state: str, passed: int, failed: int) -> SuitesMeasured:
    reason = f"{passed} passed, {failed} failed"
    return SuitesMeasured((SuiteMeasured("pytest", "pytest", "tests", state, reason, passed, failed),))  # type: ignore[arg-type]  # of a table


def review(verdict: Verdict, *said: str) -> ReviewSummary:
    answer = PeerReview(ReviewId("1"), AgentName("codex"), verdict, "summary", said)
    decision = OrchestratorDecision(Action.CONTINUE, "rule", "standard", ReviewId("1"), None)
    return ReviewSummary("1", "final", None, "text", (answer,), decision)


GOOD = SessionSummary(
    id=SessionId("1"),
    task="task",
    target="/there",
    source=None,
    is_rehearsal=False,
    status="done",
    reason="with evidence",
    tier=1,
    tier_notes=(),
    policy="standard",
    sandbox="default",
    opened_at=NOW,
    updated_at=NOW,
    elapsed_s=3.0,
    found=(),
    workers=(),
    reviews=(review(Verdict.APPROVED),),
    recoveries=(),
    questions=(),
    answers=(),
    warnings=(),
    usage=Usage(),
    usage_complete=True,
    cost_complete=True,
    entries=1,
    change=ChangeMeasured(),
    suites=suites("passed", 3, 0),
)
NO_REVIEW = replace(GOOD, reviews=())
CONCERN = replace(GOOD, reviews=(review(Verdict.CONCERNS, "src/a.py:3: off by one"),))
FAILING = replace(GOOD, suites=suites("failed", 3, 2))


@pytest.mark.parametrize(
    ("summary", "fail_on", "blocked"),
    [
        (GOOD, "warning", []),
        (FAILING, "fail", ["tests"]),
        (replace(FAILING, baseline=suites("failed", 3, 2)), "fail", []),
        (replace(FAILING, baseline=suites("failed", 4, 1)), "fail", ["tests"]),
        (replace(GOOD, suites=suites("failed", 0, 1), baseline=suites("failed", 95, 5)), "fail", ["tests"]),
        (replace(GOOD, suites=suites("passed", 3, 0), baseline=suites("passed", 95, 0)), "unmeasured", ["tests"]),
        (FAILING, "never", ["tests"]),
        (NO_REVIEW, "fail", []),
        (NO_REVIEW, "unmeasured", ["blockers"]),
        (replace(GOOD, suites=None), "unmeasured", ["tests"]),
        (replace(GOOD, suites=None, reviews=(), answer="forty-two"), "unmeasured", []),
        (CONCERN, "unmeasured", []),
        (CONCERN, "warning", ["concerns"]),
        (replace(GOOD, reviews=(review(Verdict.BLOCKER, "no"),)), "fail", ["blockers"]),
        (replace(GOOD, reviews=(review(Verdict.BLOCKER, "no"), review(Verdict.APPROVED))), "fail", []),
        (replace(GOOD, status="failed"), "fail", ["session"]),
        (replace(GOOD, status="running"), "unmeasured", ["session"]),
        (replace(GOOD, change=None), "unmeasured", ["planted"]),
    ],
)
def test_what_blocks_is_what_was_asked_for(summary: SessionSummary, fail_on: FailOn, blocked: list[str]) -> None:
    report = session_report(summary, TREE, Rules(fail_on=fail_on))
    gates = [gate for gate in report.gates if gate.name != "agents"]
    assert [gate.name for gate in gates if gate.blocks] == blocked


def test_a_file_that_programs_obey_is_a_finding() -> None:
    left = PlantedFile("/there/.envrc", "new", "left", "direnv", "it is entered")
    report = session_report(replace(GOOD, planted=(left,)), TREE, Rules())
    gate = report.gates[-1]
    assert (gate.state, gate.findings[0].file) == (GateState.FAIL, ".envrc")


def test_a_point_lies_where_it_says_if_the_project_has_that_file() -> None:
    found = points("codex", ["see src/a.py:3, then 12:30", "/etc/passwd:1 is bad", "b.py:9"], TREE.names)
    assert [(row.file, row.line) for row in found] == [("src/a.py", 3), ("", None), ("", None)]
