"""Say what a coverage boost came to: before and after, each test, what is still not run, and whether that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, Final

from orchestrator.errors import ExitCode
from orchestrator.models.effects import Outcome
from orchestrator.quotation import one_line
from orchestrator.value_class import value_class
from orchestrator.workflows.coverage_gaps import MOST_TOLD, CoverageState, Gap
from orchestrator.workflows.coverage_verdicts import JudgedTest, mean_quality, verdict_lines, verdict_row

LEAST_QUALITY: Final = 8.0
LEAST_IMPROVEMENT: Final = 10.0
"""Percentage points."""
DOUBT: Final = 0.5
"""A stated coverage that is off by more points than this is told."""


@value_class
class BoostReport:
    """What came of one boost, or of one look at the gaps."""

    target_coverage: float
    before: CoverageState
    after: CoverageState | None = None
    """``None``: no test was kept, so nothing is different."""
    verdicts: tuple[JudgedTest, ...] = ()
    is_gaps_only: bool = False
    is_target_stated: bool = False
    """Whoever states a target wants that one, and no improvement short of it."""
    is_out_of_time: bool = False
    session: str = ""
    patch: str = ""
    """Where the kept tests lie as a patch."""
    problems: tuple[str, ...] = ()
    stated_coverage: float | None = None
    """What the caller took the coverage for; compared, never believed."""
    outcome: str = ""
    """Of the session."""
    is_rehearsal: bool = False
    duration_s: float = 0.0
    kept: tuple[JudgedTest, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kept", tuple(verdict for verdict in self.verdicts if verdict.is_kept))

    @property
    def now(self) -> CoverageState:
        return self.after or self.before

    @property
    def improvement(self) -> float:
        """In percentage points."""
        return self.now.coverage - self.before.coverage

    @property
    def test_quality(self) -> float:
        """The mean of the tests that are kept; 0 where none is."""
        return mean_quality(self.kept)

    @property
    def is_target_reached(self) -> bool:
        return round(self.now.coverage, 6) >= self.target_coverage

    @property
    def success(self) -> bool:
        """The target is reached, or, where none was stated, ten points are gained; by tests that are good enough."""
        if self.kept and self.test_quality < LEAST_QUALITY:
            return False
        return self.is_target_reached or (not self.is_target_stated and round(self.improvement, 6) >= LEAST_IMPROVEMENT)

    @property
    def exit_code(self) -> int:
        """Of the command: 3 where a person is needed, and 130 where somebody stopped the session, before success."""
        if self.success or self.is_out_of_time:
            return ExitCode.DONE if self.success else ExitCode.FAILED
        return {
            Outcome.NEEDS_PERSON: ExitCode.NEEDS_PERSON,
            Outcome.INTERRUPTED: ExitCode.INTERRUPTED,
        }.get(Outcome(self.outcome or Outcome.DONE), ExitCode.FAILED)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how this came about."""
        found = list(dict.fromkeys((*self.before.notes, *(self.after.notes if self.after else ()), *self.problems)))
        stated = self.stated_coverage
        if stated is not None and abs(stated - self.before.coverage) > DOUBT:
            found.insert(0, f"the coverage is said to be {stated:g} %, and measured {self.before.coverage:.1f} %")
        if self.is_out_of_time:
            found.append("the time was over: what was proven by then is kept (--budget)")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON has."""
        mutants = {"before": self.before.mutants.to_dict(), "after": self.now.mutants.to_dict()}
        return {
            "success": self.success,
            "target_coverage": self.target_coverage,
            "target_reached": self.is_target_reached,
            "coverage_before": round(self.before.coverage, 2),
            "coverage_after": round(self.now.coverage, 2),
            "coverage_improvement": round(self.improvement, 2),
            "tests_generated": len(self.kept),
            "tests_refused": len(self.verdicts) - len(self.kept),
            "test_quality": self.test_quality,
            "mutants": mutants,
            "suite_seconds": {"before": round(self.before.suite_s, 2), "after": round(self.now.suite_s, 2)},
            "tests": [verdict_row(verdict) for verdict in self.verdicts],
            "gaps": [
                {"file": gap.file, "function": gap.function, "lines": list(gap.lines), "priority": gap.has_priority}
                for gap in self.now.gaps
            ],
            "current_coverage_stated": self.stated_coverage,
            "out_of_time": self.is_out_of_time,
            "session": self.session,
            "outcome": self.outcome,
            "rehearsal": self.is_rehearsal,
            "patch": self.patch,
            "tree": self.before.tree,
            "notes": list(self.notes),
            "duration_seconds": round(self.duration_s, 2),
        }

    def lines(self) -> Sequence[str]:
        """The report for people."""
        now, before = self.now, self.before
        found = verdict_lines(self.verdicts)
        if found:
            found += ["", f"{len(self.kept)} of {len(self.verdicts)} tests kept"]
        mark = "✅" if self.success else "❌"
        if self.is_gaps_only:
            found.append(f"{mark} Coverage: {now.coverage:.1f} % (target: {self.target_coverage:g} %)")
        else:
            found.append(
                f"{mark} Coverage: {before.coverage:.1f} % before, {now.coverage:.1f} % after "
                f"({self.improvement:+.1f} points; target: {self.target_coverage:g} %)"
            )
            found.append(f"Test quality: {self.test_quality:.1f} of 10 (at least {LEAST_QUALITY:g})")
        found += [self._mutant_line(), self._time_line()]
        if now.gaps:
            found += ["", f"No test runs these lines ({sum(len(gap.lines) for gap in now.gaps)}):"]
            found += gap_lines(now.gaps)
        found += [f"note: {one_line(note, 300)}" for note in self.notes]
        if self.kept:
            found += ["", f"To take the tests: orchestrate apply {self.session}", f"As a patch: {self.patch}"]
        return found

    def _mutant_line(self) -> str:
        before, after = self.before.mutants, self.now.mutants
        if not before.tried:
            return "Mutants: none tried"
        words = f"Mutants caught: {before.caught} of {before.tried}"
        if not self.is_gaps_only:
            words += f" before, {after.caught} of {after.tried} after"
        return f"{words} (a sample of all lines, seed {before.seed})"

    def _time_line(self) -> str:
        if self.is_gaps_only:
            return f"Time of the suite: {self.before.suite_s:.1f} s"
        return f"Time of the suite: {self.before.suite_s:.1f} s before, {self.now.suite_s:.1f} s after"


def gap_lines(gaps: Sequence[Gap]) -> list[str]:
    """The first gaps, one a line, and how many more there are."""
    found = [f"  • {one_line(gap.words(), 200)}" for gap in gaps[:MOST_TOLD]]
    return [*found, f"  and {len(gaps) - MOST_TOLD} more"] if len(gaps) > MOST_TOLD else found
