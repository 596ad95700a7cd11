from __future__ import annotations

import pytest

from orchestrator.safety.evaluated_output import is_meant_for_shells


@pytest.mark.parametrize(
    ("made_by", "meant"),
    [("ssh-agent -s", True), ("/usr/bin/dircolors", True), ("cat x", False), ("", False), ("echo ssh-agent", False)],
)
def test_only_what_a_program_prints_for_shells_is_meant_for_them(made_by: str, meant: bool) -> None:
    assert is_meant_for_shells(made_by) is meant
