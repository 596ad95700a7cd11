"""Find out what is at stake in a task, and who says so: the command line, the project that is trusted, or the user."""

from __future__ import annotations

from pathlib import Path

from orchestrator.settings.settings_files import load_settings
from orchestrator.tuning.criticality import words_of
from orchestrator.value_class import value_class


@value_class
class Stake:
    """What is at stake."""

    level: str = "normal"
    because: str = ""
    """Who says so, and what follows from it; empty: nobody has said anything."""

    @property
    def words(self) -> str:
        """For people; empty where nobody has said anything."""
        return f"{self.level} ({self.because})" if self.because else ""


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
        return Stake(asked, _because("as asked", asked))
    found = load_settings(project).values.get(("tuning", "criticality"))
    if found is None:
        return Stake()
    level, origin = found
    who = "your settings" if origin == "user" else "the project's settings"
    return Stake(str(level), _because(f"by {who}", str(level)))


def _because(who: str, level: str) -> str:
    return f"{who}: {words_of(level) or 'the usual values'}"
