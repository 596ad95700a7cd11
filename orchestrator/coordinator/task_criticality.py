"""Find out what is at stake in a task, and who says so: the command line, the project that is trusted, or the user."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from orchestrator.coordinator.escalation_conditions import stated_conditions
from orchestrator.models.decisions import Policy
from orchestrator.settings.settings_files import load_settings
from orchestrator.tuning.criticality import words_of
from orchestrator.tuning.parameters import Value
from orchestrator.value_class import value_class

OF_PLANS: Final = ("least_tier", "gate_margin")
"""They mean nothing for a session without a plan of its own."""
OF_DEFAULT_CONDITIONS: Final = ("failed_tool_share", "tokens_without_progress", "antipatterns")
"""They mean nothing where policy or settings say under which conditions to escalate."""


@value_class
class Stake:
    """What is at stake."""

    level: str = "normal"
    by: str = ""
    """Who says so; empty: nobody has said anything."""

    def because(self, values: Mapping[str, Value], *, but: Collection[str] = ()) -> str:
        """Who says so, and what follows from it; empty where nobody has said anything.

        Args:
            values: What holds in the session.
            but: Parameters that it does not decide there.
        """
        return f"{self.by}: {words_of(self.level, values, but=but) or 'the usual values'}" if self.by else ""


def stake_of(asked: str | None, project: Path | None) -> Stake:
    """What is at stake.  Blocks.

    Whoever starts the task stands above all; a project may raise what the user's settings say, and not lower it.

    Args:
        asked: What the command line says.
        project: The target where its own settings count; ``None``: they do not.

    Raises:
        UsageError: Settings are written wrongly.
    """
    if asked:
        return Stake(asked, "as asked")
    found = load_settings(project).values.get(("tuning", "criticality"))
    if found is None:
        return Stake()
    level, origin = found
    return Stake(str(level), "by your settings" if origin == "user" else "by the project's settings")


def meaningless(policy: Policy, *, has_plan: bool) -> frozenset[str]:
    """The parameters that mean nothing for a session.  Blocks.

    Args:
        has_plan: It runs a plan of its own.
    """
    conditions = OF_DEFAULT_CONDITIONS if stated_conditions(policy) is not None else ()
    return frozenset({*conditions, *(() if has_plan else OF_PLANS)})
