from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.gates import Baseline, chosen_gates, needed, read_baseline, rules_of
from orchestrator.errors import UsageError
from orchestrator.gates.gate_table import OWN
from orchestrator.gates.gate_verdicts import Counted

GATES = {gate.name: gate for gate in OWN}
BLANK: dict[str, Any] = {
    "thresholds": (),
    "strict": False,
    "allowed": (),
    "fail_on": "unmeasured",
    "baseline": None,
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "does not exist"),
        (("--only", "lnt"), "did you mean lint?"),
        (("--only", " , "), "there is no gate"),
        (("--threshold", "lint"), "is no threshold: write lint=0"),
        (("--threshold", "lint=-1"), "is no threshold"),
        (("--threshold", "lint=nan"), "is no threshold"),
        (("--threshold", "lint=inf"), "is no threshold"),
        (("--threshold", "=1"), "there is no gate ''"),
        (("--allow-unmeasured", "x"), "there is no gate 'x'"),
        (("--python", "nowhere/python"), "is no program"),
        (("--baseline", "nowhere.json"), "the baseline nowhere.json"),
        (("--osv-url", "x"), "'x' is no address"),
        (("--threshold", "quality=11"), "a number from 0 to 10"),
        (("--threshold", "coverage=101"), "a number from 0 to 100"),
        (("--fail-on", "often"), "is not one of"),
        (("--timeout", "0"), "longer than nothing"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    orchestrate: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = orchestrate("gates", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_file_is_no_project(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    ran = orchestrate("gates", str(tmp_path / "a.py"))
    assert ran.code == 2
    assert "is not a folder" in ran.err
    assert "orchestrate gates PATH" in ran.err


def test_gates_are_chosen_in_the_order_of_the_table() -> None:
    assert [gate.name for gate in chosen_gates(GATES, "lint, TESTS")] == ["tests", "lint"]
    assert len(chosen_gates(GATES, None)) == len(GATES)


def test_what_a_gate_is_made_from_is_measured_beside_it() -> None:
    assert needed(chosen_gates(GATES, "quality, lint")) == ["types", "complexity", "documentation"]
    assert needed(chosen_gates(GATES, None)) == []


def test_rules_take_thresholds_and_names() -> None:
    rules = rules_of(GATES, {**BLANK, "thresholds": ("lint=5",), "allowed": ("tests,lint",)})
    assert rules.thresholds == {"lint": 5.0}
    assert rules.allow_unmeasured == {"tests", "lint"}


def test_an_earlier_report_says_what_was_counted(tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    rows = [{"name": "lint", "counted": 7}, {"name": "tests", "counted": None}]
    file.write_text(json.dumps({"gates": rows}))
    assert read_baseline(file) == Baseline({"lint": Counted(7)})
    for text in ("", "[]", '{"gates": [{}]}', "[" * 100_000):
        file.write_text(text)
        with pytest.raises(UsageError, match="no report of gates"):
            read_baseline(file)
