"""Find out what a person says of parameters: on the command line for one task, in the user's settings for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestrator.settings.settings_files import load_settings
from orchestrator.tuning.criticality import within_criticality
from orchestrator.tuning.parameters import BASELINE, PARAMETERS, SETTABLE, Value

if TYPE_CHECKING:
    # `orchestrate tune` does without.
    from orchestrator.coordinator.session_request import RunRequest


def stated_parameters() -> Mapping[str, Value]:
    """What the user's own settings hold parameters at; a project says nothing of them.  Blocks.

    Raises:
        UsageError: Settings are written wrongly.
    """
    settings = load_settings()
    stated = {name: settings.get("parameters", name) for name in SETTABLE}
    return {name: value for name, value in stated.items() if value is not None}


def said_by_hand(request: RunRequest) -> Mapping[str, Value]:
    """What the command line says for this task."""
    return {**{name: value for name, value in request.limits.items() if name in PARAMETERS}, **request.parameters}


def values_without_tuning(request: RunRequest, stated: Mapping[str, Value], criticality: str) -> Mapping[str, Value]:
    """The value of each parameter where tuning says nothing.

    What is said for the task stands as it is; what settings say, as all else, within what is at stake.

    Args:
        stated: What settings say.
    """
    return {**within_criticality({**BASELINE, **stated}, criticality), **said_by_hand(request)}
