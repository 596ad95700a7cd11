"""These models hold what was measured of a target's test suites, for the journal, the report and people."""

from __future__ import annotations

from typing import Literal

from orchestrator.value_class import value_class

SuiteState = Literal["passed", "failed", "not measured"]


@value_class
class SuiteMeasured:
    """One suite, found and run, or found and not run."""

    name: str
    command: str
    """As the project has it."""
    found: str
    """Where it was found."""
    state: SuiteState
    reason: str
    """One clause that says why, for people."""
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    interpreter: str = ""
    """Which interpreter it ran with, where the project pins one that is not the usual one here."""

    @property
    def words(self) -> str:
        """The suite's result in words."""
        return f"{self.state}: {self.reason}" + (f" ({self.interpreter})" if self.interpreter else "")


@value_class
class SuitesMeasured:
    """All suites that were found in a target at one time, with their results."""

    suites: tuple[SuiteMeasured, ...] = ()
    not_taken: tuple[str, ...] = ()
    """What looks like a suite and was not run, and why."""
    problem: str | None = None
    """Why none was run, or why none could be looked for."""
    tree: str = ""
    """The recorded tree of the target that they ran on; empty where that is not certain, and in journals before it was
    known."""
