from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def test_the_scenarios_are_listed_and_shown(orchestrate: Callable[..., Any]) -> None:
    assert "default " in orchestrate("scenarios").out
    assert "[[turn]]" in orchestrate("scenarios", "--show", "default").out


def test_a_scenario_that_is_not_there_is_bad_usage(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("scenarios", "--show", "no-such")

    assert ran.code == 2
    assert "there are: " in ran.err
