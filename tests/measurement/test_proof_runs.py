"""What is seen of one run; whole proofs are run in tests/workflows/test_reproduction.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.measurement.proof_runs import ProofRun, _seen
from orchestrator.suites.results import Run

PLACED = {"start": "placed"}, {"end": 1}


def seen(*records: Any, code: int | None = 1, is_command: bool = False, **rest: Any) -> ProofRun:
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    return _seen(Run(code, files={"records-a.jsonl": lines}, **rest), is_command=is_command)


def test_a_failure_is_told_with_what_it_was_by() -> None:
    told = {"outcome": "failed", "by": "assertion", "why": "AssertionError: x", "at": "proof.py:3", "ran": 1}
    run = seen(
        *PLACED, {"start": "proof"}, {"place": True}, {"network": "a.example"}, {"edited": "b"}, told, {"end": 0}
    )

    assert run == ProofRun("failed", "AssertionError: x (proof.py:3)", "assertion", True, ("a.example",), ("b",), ())


@pytest.mark.parametrize(
    ("run", "said"),
    [
        pytest.param(seen(*PLACED, code=None), "ended before it was done", id="ended"),
        pytest.param(seen(*PLACED, problem="it took longer than 3 s"), "it took longer", id="too long"),
        pytest.param(seen(code=1, output=b"bwrap: no\n"), "bwrap: no", id="not started"),
        pytest.param(seen(*PLACED, {"outcome": "passed", "ran": 1}), "before it was done", id="no end"),
        pytest.param(seen(*PLACED, {"outcome": "passed", "ran": 0}, {"end": 0}), "holds no test", id="no test"),
        pytest.param(seen(*PLACED, code=127, is_command=True), "it ended with 127", id="no such command"),
        pytest.param(seen(*PLACED, code=137, is_command=True), "it ended with 137", id="a command that was ended"),
    ],
)
def test_a_run_that_was_not_done_shows_nothing(run: ProofRun, said: str) -> None:
    assert run.outcome == "nothing"
    assert said in run.why


@pytest.mark.parametrize(("code", "outcome"), [(0, "passed"), (1, "failed"), (2, "failed")])
def test_a_command_is_judged_by_its_code(code: int, outcome: str) -> None:
    assert seen(*PLACED, code=code, is_command=True).outcome == outcome


def test_records_that_are_none_are_passed_over() -> None:
    run = _seen(Run(0, files={"records-a.jsonl": b'[]\n{"x"\n\xff\n'}), is_command=False)
    assert run.outcome == "nothing"
