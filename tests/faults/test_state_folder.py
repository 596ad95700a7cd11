"""What the program keeps of the user, where that lies in the target: consents and outcomes (the kind of C5)."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Program

FORGED = "forged-by-an-agent"


@pytest.mark.fault("C5")
def test_a_worker_forges_no_consent_where_the_users_state_lies_in_the_target(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.environ["XDG_STATE_HOME"] = str(target / "state")
    state = target / "state/orchestrate"
    program.claude(
        f"echo b >{target}/a.txt; mkdir -p {state}; echo '{FORGED}' >{state}/trusted-projects.json; "
        f"echo '{FORGED}' >>{state}/outcomes.jsonl"
    )

    ran = program.run(target)

    assert (target / "a.txt").read_text() == "b\n", ran.text
    kept = [path for path in state.rglob("*") if path.is_file() and FORGED in path.read_text(errors="replace")]
    assert kept == []
