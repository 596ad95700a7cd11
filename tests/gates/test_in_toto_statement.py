from __future__ import annotations

import json

from orchestrator.gates.in_toto_statement import in_toto_statement
from orchestrator.models.quality_gates import GateReport


def test_the_subject_is_the_tree_and_the_predicate_its_gates(report: GateReport) -> None:
    statement = json.loads(json.dumps(in_toto_statement(report, name="shop", made_by="orchestrate 1")))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "shop", "digest": {"sha256": "00"}}]
    assert statement["predicate"]["gates"][0]["state"] == "fail"
    assert statement["predicate"]["gates"][0]["suppressions"] == 1
    assert "findings" not in statement["predicate"]["gates"][0]
