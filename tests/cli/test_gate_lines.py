from __future__ import annotations

from orchestrator.cli.gate_lines import lines
from orchestrator.gates.gate import Reading, Unmeasured
from orchestrator.gates.gate_verdicts import Rules, concluded, judged
from orchestrator.gates.lint_findings import GATE
from orchestrator.models.quality_gates import Finding, GateReport, Suppression


def report(outcome: Reading | Unmeasured) -> GateReport:
    gate = judged(GATE, outcome, Rules())
    said = concluded([gate], Rules())
    return GateReport(
        path="/there",
        tree="sha256:0123456789abcdef",
        files=1,
        approved=said.approved,
        confidence=said.confidence,
        gates=(gate,),
        blockers=said.blockers,
    )


def test_findings_and_what_would_have_hidden_them_are_shown() -> None:
    findings = tuple(Finding("unused\x1b[2J", "F401", f"a{number}.py", number) for number in range(1, 8))
    shown = "\n".join(lines(report(Reading(7.0, 3, "7", findings, (Suppression("# noqa", "a1.py", 1, 1),)))))
    assert "fail         lint           7 findings     <= 0     3 files; ruff" in shown
    assert "a1.py:1: F401 unused\n" in shown
    assert "and 2 more (--json has them)" in shown
    assert "not obeyed: a1.py:1: # noqa (would hide 1)" in shown
    assert "blocked, confidence low; 1 of 1 gate measured; tree sha256:0123456789ab" in shown
    assert "\x1b" not in shown


def test_what_was_not_measured_says_why() -> None:
    shown = "\n".join(lines(report(Unmeasured("there is no Python file")), colour=True))
    assert "\x1b[33mnot measured\x1b[0m lint           there is no Python file" in shown
    assert "  blocks: lint was not measured: there is no Python file" in shown
