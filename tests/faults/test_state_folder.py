"""What the program keeps of the user, where that lies in the target: consents, outcomes, settings (the kind of C5)."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Program

FORGED = "forged-by-an-agent"


@pytest.mark.fault("C5")
@pytest.mark.parametrize(
    ("variable", "file"),
    [
        pytest.param("XDG_STATE_HOME", "trusted-projects.json", id="a consent"),
        pytest.param("XDG_STATE_HOME", "outcomes.jsonl", id="an outcome"),
        pytest.param("XDG_STATE_HOME", "tuning.jsonl", id="what tuning decided"),
        pytest.param("XDG_CONFIG_HOME", "settings.toml", id="a setting"),
        pytest.param("XDG_CONFIG_HOME", "prompts/implementer.md", id="a prompt"),
    ],
)
def test_a_worker_forges_nothing_of_the_users_own_that_lies_in_the_target(
    program: Program, variable: str, file: str
) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.environ[variable] = str(target / "own")
    forged = target / "own/orchestrate" / file
    program.claude(f"echo b >{target}/a.txt; mkdir -p {forged.parent}; echo '{FORGED}' >>{forged}")

    ran = program.run(target)

    assert (target / "a.txt").read_text() == "b\n", ran.text
    assert not forged.exists() or FORGED not in forged.read_text(errors="replace")
