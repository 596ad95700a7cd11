"""The gate ``tests``: how many of the project's own tests fail."""

from __future__ import annotations

from orchestrator.gates.gate import Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.unrun_tests import forgiven_tests
from orchestrator.models.quality_gates import Finding


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Add the suites up; one that was not measured leaves the whole unmeasured, unless something fails anyway."""
    suites = evidence.suites
    if suites is None or suites.problem is not None:
        return Unmeasured((suites and suites.problem) or "the tests were not run")
    if not suites.suites:
        left = f" ({suites.not_taken[0]})" if suites.not_taken else ""
        return Unmeasured(f"no tests were found{left}")
    failed = [suite for suite in suites.suites if suite.state == "failed"]
    unmeasured = [suite for suite in suites.suites if suite.state == "not measured"]
    if evidence.missing_modules and not any(suite.failed for suite in failed):
        names = ", ".join(evidence.missing_modules[:5])
        return Unmeasured(
            f"the tests need {names}, which is not installed: install it into the project's environment, "
            "or name one with --python"
        )
    if unmeasured and not failed:
        return Unmeasured(f"{unmeasured[0].name}: {unmeasured[0].reason}")
    ran = sum(suite.passed + suite.failed + suite.errors for suite in suites.suites)
    failures = sum(max(1, suite.failed + suite.errors) for suite in failed)
    if not ran and not failures:
        return Unmeasured("no test ran")
    findings = tuple(Finding(suite.reason, suite.name) for suite in failed)
    message = "; ".join(f"{suite.name}: {suite.reason}" for suite in suites.suites)
    forgiven = forgiven_tests(subject)
    skipped = sum(suite.skipped for suite in suites.suites)
    if skipped or forgiven:
        message += f"; {skipped} were skipped or may fail, in {len(forgiven)} places"
    return Reading(float(failures), max(ran, failures), message, (*findings, *forgiven))


GATE = Gate(
    name="tests",
    title="Tests",
    counts="tests",
    threshold=0.0,
    direction="at most",
    unit="failing",
    read=read,
    source="tests",
    tool="the project's own runner",
)
