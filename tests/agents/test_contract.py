"""A changed state is the old one but for what was changed."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.agents.contract import Translation, changed
from orchestrator.agents.growing_map import EMPTY


def test_a_change_keeps_everything_else() -> None:
    state = Translation(pending_text="p", counted=EMPTY.adding("m1"), totals={"cost": 1.0}, denials=2)
    assert changed(state, pending_text="", ended=True) == replace(state, pending_text="", ended=True)
    assert state.pending_text == "p"
