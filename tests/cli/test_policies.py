from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def test_the_policies_are_listed_with_their_rows(orchestrate: Callable[..., Any]) -> None:
    policies = orchestrate("policies").out

    assert "two or more concerns         PAUSE_AND_CLARIFY" in policies
    assert "cautious" in policies
    assert "open " in policies
