from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.gates.gate import Gate, Reading, Unmeasured
from orchestrator.gates.gate_verdicts import Counted, Rules, blocks, concluded, figure, judged, sentence
from orchestrator.gates.junit_report import junit_document
from orchestrator.gates.lint_findings import GATE
from orchestrator.gates.markdown_report import markdown_document
from orchestrator.models.quality_gates import Confidence, FailOn, Finding, GateReport, GateState, Suppression

WARNS = replace(GATE, name="documentation", blocking=False, direction="at least", threshold=100.0, unit="%")
GOOD, BAD = Reading(0.0, 5, "clean"), Reading(3.0, 5, "three")
UNSEEN = Unmeasured("it was not there")


@pytest.mark.parametrize(
    ("outcome", "state"), [(GOOD, GateState.PASS), (BAD, GateState.FAIL), (UNSEEN, GateState.NOT_MEASURED)]
)
def test_a_gate_has_three_states(outcome: Reading | Unmeasured, state: GateState) -> None:
    gate = judged(GATE, outcome, Rules())
    assert gate.state is state
    assert (gate.actual is None) == (state is GateState.NOT_MEASURED)


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (Reading(0.0, 0, ""), "there are no files to measure"),
        (Reading(float("nan"), 5, ""), "no number"),
        (Reading(float("inf"), 5, ""), "no number"),
        (Reading(0.0, 4, ""), "only 4 files were counted, and 9 in the baseline"),
    ],
)
def test_a_value_of_nothing_or_of_too_little_is_not_measured(reading: Reading, why: str) -> None:
    gate = judged(GATE, reading, Rules(baseline={"lint": Counted(9)}))
    assert gate.state is GateState.NOT_MEASURED
    assert why in gate.message


def test_many_findings_that_do_not_count_hide_none_that_does() -> None:
    low = [Finding(f"low {number}", counted=False) for number in range(250)]
    gate = judged(GATE, Reading(1.0, 5, "", (*low, Finding("grave"))), Rules())

    assert (len(gate.findings), gate.findings_total) == (200, 1)
    assert [each.message for each in gate.findings[:2]] == ["grave", "low 0"]


def test_half_of_the_baseline_is_enough() -> None:
    assert judged(GATE, Reading(0.0, 5, ""), Rules(baseline={"lint": Counted(10)})).passed


def test_a_baseline_that_counted_something_else_says_nothing() -> None:
    rules = Rules(baseline={"lint": Counted(100, "packages")})
    assert judged(GATE, Reading(0.0, 5, "", counts="files"), rules).passed


def test_a_threshold_that_the_user_sets_blocks() -> None:
    assert not judged(WARNS, Reading(90.0, 5, ""), Rules()).blocking
    assert judged(WARNS, Reading(90.0, 5, ""), Rules({"documentation": 95.0})).blocking
    assert judged(WARNS, Reading(90.0, 5, ""), Rules(strict=True)).blocking
    assert judged(WARNS, Reading(90.0, 5, ""), Rules({"documentation": 90.0})).passed


@pytest.mark.parametrize(
    ("gate", "outcome", "fail_on", "allowed", "does"),
    [
        (GATE, GOOD, "warning", (), False),
        (GATE, BAD, "unmeasured", (), True),
        (GATE, BAD, "fail", ("lint",), True),
        (GATE, UNSEEN, "unmeasured", (), True),
        (GATE, UNSEEN, "unmeasured", ("lint",), False),
        (GATE, UNSEEN, "warning", ("lint",), False),
        (GATE, UNSEEN, "fail", (), False),
        (WARNS, BAD, "unmeasured", (), False),
        (WARNS, BAD, "warning", (), True),
        (WARNS, UNSEEN, "unmeasured", (), False),
    ],
)
def test_what_blocks(
    gate: Gate, outcome: Reading | Unmeasured, fail_on: FailOn, allowed: tuple[str, ...], does: bool
) -> None:
    rules = Rules(fail_on=fail_on, allow_unmeasured=frozenset(allowed))
    assert blocks(judged(gate, outcome, rules), rules) is does


@pytest.mark.parametrize(
    ("outcomes", "allowed", "confidence"),
    [
        ([(GATE, GOOD), (WARNS, Reading(100.0, 5, ""))], (), "high"),
        ([(GATE, GOOD), (WARNS, BAD)], (), "medium"),
        ([(GATE, GOOD), (WARNS, UNSEEN)], (), "medium"),
        ([(GATE, UNSEEN), (WARNS, GOOD)], ("lint",), "medium"),
        ([(GATE, UNSEEN), (WARNS, UNSEEN)], ("lint",), "low"),
        ([(GATE, UNSEEN)], (), "low"),
        ([(GATE, BAD)], (), "low"),
    ],
)
def test_confidence(
    outcomes: list[tuple[Gate, Reading | Unmeasured]], allowed: tuple[str, ...], confidence: Confidence
) -> None:
    rules = Rules(allow_unmeasured=frozenset(allowed))
    gates = [judged(gate, outcome, rules) for gate, outcome in outcomes]
    assert concluded(gates, rules).confidence == confidence


def test_blockers_and_warnings_say_which_and_why() -> None:
    gates = [judged(GATE, BAD, Rules()), judged(WARNS, Reading(99.999, 3, ""), Rules())]
    conclusion = concluded(gates, Rules())
    assert not conclusion.approved
    assert conclusion.blockers == ("lint: 3 findings, and at most 0 is wanted",)
    assert conclusion.warnings == ("documentation: 99.99%, and at least 100 is wanted",)
    assert sentence(judged(GATE, UNSEEN, Rules())) == "lint was not measured: it was not there"


def test_a_figure_is_never_rounded_to_a_threshold_it_does_not_hold() -> None:
    assert (figure(79.996), figure(80.0), figure(0.001, "at most")) == ("79.99", "80", "0.01")


def test_what_stands_beside_blocks_by_what_it_finds_and_warns_where_it_is_not_measured() -> None:
    rules = Rules(beside=frozenset({"lint"}))
    unseen, bad = judged(GATE, UNSEEN, rules), judged(GATE, BAD, rules)
    assert (blocks(unseen, rules), blocks(bad, rules)) == (False, True)
    told = concluded((unseen,), rules)
    assert (told.approved, told.confidence, len(told.warnings)) == (True, "medium", 1)
    assert blocks(unseen, replace(rules, fail_on="warning"))


def test_names_that_are_no_utf_8_are_shown_so_that_every_report_can_hold_them() -> None:
    finding, entry = Finding("m\udcff", "r\udcff", "a\udcff.py"), Suppression("# noqa \udcff", "a\udcff.py")
    gate = judged(GATE, Reading(1.0, 1, "in a\udcff.py", (finding,), (entry,)), Rules())
    assert judged(GATE, Unmeasured("a\udcff.py"), Rules()).message == "a\\udcff.py"
    report = GateReport(path="", tree="", files=1, approved=False, confidence="low", gates=(gate,))
    for made in (junit_document(report), markdown_document(report), report.model_dump_json()):
        assert "a\\udcff.py" in made.replace("\\\\", "\\")
        assert made.encode()
