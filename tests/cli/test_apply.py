from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.conftest import program

if TYPE_CHECKING:
    from tests.faults.conftest import Program

__all__ = ["program"]


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_said(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n"})
    program.claude("echo 1 > b.py")
    program.run(target)
    refused = program.orchestrate("apply", program.session().name, "--target", str(program.root / "nowhere"))
    assert refused.code == 2
    assert "is no folder" in refused.err
