"""What the program itself keeps of the user's in a home that is the target: consents and outcomes (the kind of C5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Program

FORGED = "forged-by-an-agent"


@pytest.mark.fault("C5")
def test_a_worker_whose_target_is_the_home_forges_no_consent(program: Program) -> None:
    target: Path = program.home
    (target / "a.txt").write_text("a\n")
    state = target / ".local/state/orchestrate"
    program.claude(
        f"echo b >{target}/a.txt; mkdir -p {state}; echo '{FORGED}' >{state}/trusted-projects.json; "
        f"echo '{FORGED}' >>{state}/outcomes.jsonl"
    )

    ran = program.run(target, "--yes-whole-home")

    assert (target / "a.txt").read_text() == "b\n", ran.text
    kept = [path for path in state.rglob("*") if path.is_file() and FORGED in path.read_text(errors="replace")]
    assert kept == []
