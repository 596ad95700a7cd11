from __future__ import annotations

import pytest

from orchestrator.cli.live_view import LiveView
from orchestrator.cli.plain_view import PlainView
from orchestrator.cli.session_run import Showing


@pytest.mark.parametrize("showing", [Showing(), Showing(as_json=True), Showing(quiet=True), Showing(verbose=True)])
def test_what_is_no_terminal_gets_plain_lines(showing: Showing) -> None:
    assert isinstance(showing.view(on_terminal=False), PlainView)


def test_a_terminal_gets_the_live_view_unless_json_or_quiet_is_wanted() -> None:
    assert isinstance(Showing().view(on_terminal=True), LiveView)
    assert isinstance(Showing(quiet=True).view(on_terminal=True), PlainView)
    assert isinstance(Showing(as_json=True).view(on_terminal=True), PlainView)


def test_showing_is_taken_from_the_options() -> None:
    assert Showing.of({"as_json": True, "quiet": False, "verbose": True, "more": 1}) == Showing(True, False, True)
