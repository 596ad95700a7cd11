from __future__ import annotations

from xml.etree import ElementTree

from orchestrator.gates.junit_report import junit_document
from orchestrator.models.quality_gates import GateReport


def test_what_blocks_fails_and_nothing_else_does(report: GateReport) -> None:
    suite = ElementTree.fromstring(junit_document(report).encode()).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    told = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert told == {"tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    kinds = {case.get("name"): case[0].tag for case in suite.iter("testcase")}
    assert kinds == {
        "lint": "failure",
        "documentation": "system-out",
        "security": "system-out",
        "secrets": "error",
        "types": "skipped",
    }


def test_what_is_no_xml_is_left_out(report: GateReport) -> None:
    gate = report.gates[0].model_copy(update={"message": "a\x00\ufffe\ud800]]>"})
    document = junit_document(report.model_copy(update={"gates": (gate,)}))
    assert ElementTree.fromstring(document.encode()) is not None  # noqa: S314 - our own
