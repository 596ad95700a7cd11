"""Say what a session came to in the words of gates, so that a build server reads both alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from orchestrator.gates.gate import Gate, Reading, Unmeasured
from orchestrator.gates.gate_verdicts import LEAST_SHARE_OF_BASELINE, Counted, Rules, blocks, concluded, judged
from orchestrator.late_pattern import late_pattern
from orchestrator.measurement.project_tree import ProjectTree
from orchestrator.models.effects import Outcome
from orchestrator.models.quality_gates import Finding, GateReport, GateState, QualityGate
from orchestrator.models.reviews import Verdict
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.models.workers import WorkerStatus
from orchestrator.quotation import quoted_name
from orchestrator.session.summary import ReviewSummary, SessionSummary

_POINT: Final = late_pattern(r"(?P<file>[\w.+@-]+(?:/[\w.+@-]+)*):(?P<line>[1-9]\d{0,6})\b")


def _never(*_: object) -> Unmeasured:
    return Unmeasured("it is read of a session")


def _gate(name: str, title: str, counts: str, unit: str, *, blocking: bool = True) -> Gate:
    return Gate(name, title, counts, 0.0, "at most", _never, unit=unit, blocking=blocking, tool="orchestrate")


_SESSION = _gate("session", "Session", "sessions", "not done")
_AGENTS = _gate("agents", "Agents", "agents", "failed", blocking=False)
_TESTS = _gate("tests", "Tests", "tests", "failing")
_BLOCKERS = _gate("blockers", "Blockers of the last review", "answers", "blockers")
_CONCERNS = _gate("concerns", "Concerns of all reviews", "answers", "concerns", blocking=False)
_PLANTED = _gate("planted", "Files that programs obey", "looks", "left")


def session_report(summary: SessionSummary, tree: ProjectTree, rules: Rules) -> GateReport:
    """The session's end, its agents, the target's tests, the last review, and what was left that programs obey."""
    read = (
        (_SESSION, _ending(summary)),
        (_AGENTS, _agents(summary)),
        (_TESTS, _tests(summary)),
        # An earlier blocker was about what has changed since; a concern may have been passed over.
        (_BLOCKERS, _answers(_decided(summary)[-1:], Verdict.BLOCKER, tree.names)),
        (_CONCERNS, _answers(_decided(summary), Verdict.CONCERNS, tree.names)),
        (_PLANTED, _planted(summary)),
    )
    # What failed before anybody worked on it is no fault of the session's.
    before, now = summary.baseline or SuitesMeasured(), summary.suites or SuitesMeasured()
    # Where one error stands for a whole suite, less fails than before and nothing is better.
    is_whole = _ran(now).number >= _ran(before).number * LEAST_SHARE_OF_BASELINE
    rules = replace(
        rules,
        thresholds={_TESTS.name: float(_failing(before)) if is_whole else 0.0},
        baseline={} if _failing(now) else {_TESTS.name: _ran(before)},
    )
    gates = tuple(judged(gate, outcome, rules).model_copy(update={"tree": tree.tree}) for gate, outcome in read)
    if summary.answer:
        # A session that was asked for no change owes neither.
        gates = tuple(gate.model_copy(update={"blocking": gate.blocking and not _is_not_owed(gate)}) for gate in gates)
    gates = tuple(gate.model_copy(update={"blocks": blocks(gate, rules)}) for gate in gates)
    said = concluded(gates, rules)
    return GateReport(
        path=quoted_name(summary.target),
        tree=tree.tree,
        files=len(tree.names),
        approved=said.approved,
        confidence=said.confidence,
        gates=gates,
        blockers=said.blockers,
        warnings=said.warnings,
        notes=summary.warnings,
        started=summary.opened_at.isoformat(timespec="seconds"),
        duration_s=round(summary.elapsed_s, 3),
    )


def _is_not_owed(gate: QualityGate) -> bool:
    return gate.name in ("tests", "blockers") and gate.state is GateState.NOT_MEASURED


def _ending(summary: SessionSummary) -> Reading | Unmeasured:
    if summary.status == Outcome.DONE:
        return Reading(0.0, 1, summary.reason or "done")
    if summary.status in (Outcome.FAILED, Outcome.NEEDS_PERSON, Outcome.INTERRUPTED):
        words = f"{summary.status}: {summary.reason}"
        return Reading(1.0, 1, words, (Finding(words, str(summary.status)),))
    return Unmeasured(f"the session has not ended: {summary.status}")


def _agents(summary: SessionSummary) -> Reading | Unmeasured:
    bad = [worker for worker in summary.workers if worker.status is WorkerStatus.FAILED]
    findings = tuple(Finding(f"{worker.role} {worker.agent}: {worker.why}", str(worker.status)) for worker in bad)
    return Reading(float(len(bad)), len(summary.workers), f"{len(bad)} of {len(summary.workers)}", findings)


def _failing(measured: SuitesMeasured) -> int:
    return sum(max(1, suite.failed + suite.errors) for suite in measured.suites if suite.state == "failed")


def _ran(measured: SuitesMeasured) -> Counted:
    return Counted(sum(suite.passed + suite.failed + suite.errors for suite in measured.suites), _TESTS.counts)


def _tests(summary: SessionSummary) -> Reading | Unmeasured:
    measured = summary.suites
    if measured is None or measured.problem is not None:
        return Unmeasured((measured and measured.problem) or "the target's tests were not run")
    ran = _ran(measured).number
    failing = _failing(measured)
    unmeasured = [suite for suite in measured.suites if suite.state == "not measured"]
    if unmeasured and not failing:
        return Unmeasured(f"{unmeasured[0].name}: {unmeasured[0].reason}")
    if not ran and not failing:
        return Unmeasured("no test ran")
    findings = tuple(Finding(suite.reason, suite.name) for suite in measured.suites if suite.state == "failed")
    words = "; ".join(f"{suite.name}: {suite.reason}" for suite in measured.suites)
    return Reading(float(failing), max(ran, failing), words, findings)


def _decided(summary: SessionSummary) -> Sequence[ReviewSummary]:
    return [review for review in summary.reviews if review.decision is not None]


def _answers(reviews: Sequence[ReviewSummary], verdict: Verdict, names: Collection[str]) -> Reading | Unmeasured:
    heard = [answer for review in reviews for answer in review.answers if answer.verdict is not Verdict.ABSTAINED]
    if not heard:
        return Unmeasured("no review was answered")
    mine = [answer for answer in heard if answer.verdict is verdict]
    known = frozenset(names)
    findings = tuple(
        finding
        for answer in mine
        for finding in points(f"{answer.reviewer}", answer.points or (answer.summary,), known)
    )
    return Reading(float(len(mine)), len(heard), f"{len(mine)} of {len(heard)} answers", findings)


def points(reviewer: str, texts: Sequence[str], names: Collection[str]) -> Sequence[Finding]:
    """Each point of a reviewer, at the file and line that it names, where the project has that file."""
    found = []
    for text in texts:
        match = next((match for match in _POINT.finditer(text) if match["file"] in names), None)
        place = (match["file"], int(match["line"])) if match is not None else ("", None)
        found.append(Finding(text, reviewer, *place))
    return found


def _planted(summary: SessionSummary) -> Reading | Unmeasured:
    if summary.change is None or summary.change.problem is not None:
        return Unmeasured("what changed is not known")
    left = [file for file in summary.planted if file.done == "left"]
    findings = tuple(
        Finding(f"{file.what}: {file.program} obeys it when {file.when}", "planted", file.below(summary.target))
        for file in left
    )
    return Reading(float(len(left)), 1, f"{len(left)} left", findings)
