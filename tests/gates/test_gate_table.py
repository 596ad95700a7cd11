from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from orchestrator.gates.gate_table import OWN, all_gates

MODULE = """
from dataclasses import replace
from orchestrator.gates.lint_findings import GATE as LINT
GATE = replace(LINT, name="spelling")
TAKEN = LINT
NONE = 7
"""


def test_every_gate_has_a_name_of_its_own_and_says_where_its_value_comes_from() -> None:
    assert len({gate.name for gate in OWN}) == len(OWN)
    for gate in OWN:
        has_command = gate.source == "tool" or "javascript" in gate.languages
        assert (gate.plan is not None) == has_command, gate.name
        assert gate.counts, gate.name


def test_a_gate_of_another_package_stands_beside_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spelling_gates.py").write_text(MODULE)
    info = tmp_path / "spelling_gates-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spelling-gates\nVersion: 1\n")
    rows = ("a = spelling_gates:GATE", "b = spelling_gates:TAKEN", "c = spelling_gates:NONE", "d = nowhere:GATE")
    (info / "entry_points.txt").write_text("[orchestrate.gates]\n" + "\n".join(rows) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    gates, problems = all_gates()
    monkeypatch.delitem(sys.modules, "spelling_gates", raising=False)
    assert list(gates) == [*(gate.name for gate in OWN), "spelling"]
    assert [text.partition(")")[2].strip()[:20] for text in problems] == [
        "bears the name of an",
        "is no orchestrator.g",
        "cannot be loaded: Mo",
    ]
