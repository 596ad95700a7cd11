"""Resolve under which conditions the metrics of a session call for an action."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.models.decisions import Policy
from orchestrator.models.escalation import DEFAULTS, EscalationCondition, conditions_of
from orchestrator.settings.settings_files import load_settings


def conditions_for(policy: Policy, asked: Sequence[str] = ()) -> tuple[EscalationCondition, ...]:
    """Those of the review policy, else of the user's settings, else the defaults; and what the run adds.  Blocks.

    A project's settings have no part in it: what an agent may write says nothing about who watches it.
    """
    stated = policy.escalation
    if stated is None:
        stated = load_settings().get("escalation", "conditions")
    return conditions_of([*(DEFAULTS if stated is None else stated), *asked])
