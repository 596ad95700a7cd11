"""Resolve under which conditions the metrics of a session call for an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestrator.models.decisions import Policy
from orchestrator.models.escalation import DEFAULTS, EscalationCondition, conditions_of
from orchestrator.settings.settings_files import load_settings


def stated_conditions(policy: Policy) -> Sequence[str] | None:
    """What the review policy or the user's settings say; ``None``: the defaults hold.  Blocks."""
    stated: Sequence[str] | None = policy.escalation
    return stated if stated is not None else load_settings().get("escalation", "conditions")


def conditions_for(
    policy: Policy, asked: Sequence[str] = (), values: Mapping[str, int | float | str] | None = None
) -> tuple[EscalationCondition, ...]:
    """Those of the review policy, else of the user's settings, else the defaults; and what the run adds.  Blocks.

    A project's settings have no part in it: what an agent may write says nothing about who watches it.

    Args:
        values: Thresholds by metric, in place of those of the defaults; what somebody states keeps its own.
    """
    stated, given = stated_conditions(policy), values or {}
    if stated is not None:
        return conditions_of([*stated, *asked])
    defaults = [
        replace(one, threshold=float(given.get(one.trigger_metric, one.threshold))) for one in conditions_of(DEFAULTS)
    ]
    return conditions_of([*(one.words for one in defaults), *asked])
