from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.workflows.proven_tests import ORDER_FILE, BoostOrder, order_text
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

    # A boost that has proven nothing yet has nothing to take, though its copy holds what agents wrote.
    order = BoostOrder(90.0, 50.0, "sha256:0", {}, 0.0)
    (program.session() / ORDER_FILE).write_text(order_text(order))
    nothing = program.orchestrate("apply", program.session().name)
    assert (nothing.code, nothing.out) == (1, "")
    assert "has proven no test yet" in nothing.err
