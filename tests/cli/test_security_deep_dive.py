from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--agents", "security_auditor"), "always the same three", id="other agents"),
        pytest.param(("--profile", "asvs-l9"), "no profile 'asvs-l9'", id="a profile that is not there"),
        pytest.param(("--profile", "/nowhere/own.toml"), "own.toml", id="a profile's file that is not there"),
        pytest.param(("--accepted", "/nowhere/a.toml"), "a.toml", id="a list that is not there"),
        pytest.param(("--allow-unmeasured", "secrtes"), "did you mean secrets?", id="a gate that is not there"),
        pytest.param(("--python", "/nowhere/python"), "is no program", id="an interpreter that is not there"),
        pytest.param(("--path", "/nowhere/at/all"), "no folder", id="a path that is not there"),
        pytest.param(("--sarif", "/nowhere/x.sarif"), "no file can be made", id="a file that cannot be written"),
        pytest.param(("--osv-url", "here"), "is no address", id="no address"),
        pytest.param(("--scenario", "nothing"), "no scenario 'nothing'", id="a scenario that is not there"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_measures_nothing(
    orchestrate: Callable[..., Any], arguments: tuple[str, ...], said: str
) -> None:
    ran = orchestrate("security-deep-dive", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "running" not in ran.err


def test_a_list_of_what_was_accepted_that_is_none_is_refused(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "accepted.toml").write_text('[[accepted]]\nid = "0123456789ab"\nwho = "Ann"\n')
    ran = orchestrate("security-deep-dive", "--accepted", str(tmp_path / "accepted.toml"))

    assert ran.code == 2
    assert "why: Field required" in ran.err
