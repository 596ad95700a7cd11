from __future__ import annotations

from orchestrator.models.quality_gates import GateReport, GateState, QualityGate
from orchestrator.workflows.weakness_sarif import weakness_sarif
from orchestrator.workflows.weaknesses import Source, Standing, Suppressed, Weakness

OPEN = Weakness(
    "0123456789ab", "a b.py", 3, "sql injection", "critical", (Source("bandit", "", "high", "B608"),), Standing.MEASURED
)


def report(state: GateState) -> GateReport:
    gate = QualityGate(name="security", state=state, threshold=0, direction="at most", message="bandit is missing")
    return GateReport(path="/p", tree="sha256:1", files=1, approved=False, confidence="low", gates=(gate,))


def test_a_finding_stands_at_its_line_with_its_kind_and_what_it_rests_on() -> None:
    (run,) = weakness_sarif([OPEN], [], report(GateState.PASS))["runs"]
    (result,) = run["results"]

    assert run["invocations"] == [{"executionSuccessful": True}]
    assert run["tool"]["driver"]["rules"][0]["properties"]["tags"] == ["security", "external/cwe/cwe-089"]
    assert (result["ruleId"], result["level"], result["message"]["text"]) == (
        "sql injection",
        "error",
        "measured: B608",
    )
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.py"},
        "region": {"startLine": 3},
    }
    assert result["partialFingerprints"] == {"orchestrate/v1": "0123456789ab"}
    assert "suppressions" not in result


def test_what_is_suppressed_or_accepted_says_by_whom() -> None:
    accepted = Weakness("1123456789ab", "", None, "race", "low", (), accepted="Ann: it is a test server")
    entry = Suppressed("refuted by two other vendors", "b (Y), c (Z)", "it is bound", OPEN)
    first, second = weakness_sarif([accepted], [entry], None)["runs"][0]["results"]

    assert "locations" not in first
    assert first["suppressions"][0]["justification"] == "Ann: it is a test server"
    assert second["suppressions"][0]["justification"] == ("refuted by two other vendors; by b (Y), c (Z): it is bound")


def test_a_tool_that_was_not_measured_makes_a_run_that_did_not_succeed() -> None:
    invocation = weakness_sarif([], [], report(GateState.NOT_MEASURED))["runs"][0]["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert "bandit is missing" in invocation["toolExecutionNotifications"][0]["message"]["text"]
