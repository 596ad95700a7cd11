"""The verdicts on written tests: each is kept or refused, with reasons, and the kept ones have a quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any, Final

from orchestrator.value_class import value_class

MUTANTS_WEIGH: Final = 7.0
ASSERTIONS_WEIGH: Final = 3.0
ENOUGH_ASSERTIONS: Final = 2
WITHOUT_MUTANTS: Final = 0.5
"""What counts for the share of mutants where the mutator makes none for the lines."""


@value_class
class JudgedTest:
    """One test, judged by itself."""

    test: str
    """As pytest names it, or a file where none of its tests can be run."""
    reasons: tuple[str, ...] = ()
    """Why it is refused; empty where it is kept."""
    new_lines: int = 0
    """Lines with behaviour that it runs and that the project's own tests do not."""
    mutants: int = 0
    """So many changes of those lines were tried."""
    caught: int = 0
    """So many of them it noticed."""
    missed: tuple[str, ...] = ()
    """Those that it did not notice."""
    assertions: int = 0
    repeats: int = 0
    """So often it ran alone and in the suite, besides the first time."""
    failed_repeats: int = 0
    covered: tuple[tuple[str, int], ...] = ()
    """The new lines themselves: file and line."""

    @property
    def is_kept(self) -> bool:
        return not self.reasons

    @property
    def quality(self) -> float:
        """From 0 to 10, by what docs/workflows.md says."""
        share = self.caught / self.mutants if self.mutants else WITHOUT_MUTANTS
        asserted = min(1.0, self.assertions / ENOUGH_ASSERTIONS)
        steady = 1 - self.failed_repeats / self.repeats if self.repeats else 1.0
        return round((MUTANTS_WEIGH * share + ASSERTIONS_WEIGH * asserted) * steady, 1)


@value_class
class CoverageCheck:
    """Every test that was to be judged, and what those that are kept are worth together."""

    verdicts: tuple[JudgedTest, ...]
    coverage_before: float
    """Percent of statements that the project's own tests run."""
    coverage_after: float
    """With those that are kept."""
    seed: int
    notes: tuple[str, ...] = ()
    duration_s: float = 0.0
    texts: Mapping[str, str] = field(default_factory=dict)
    """The files without what was refused, where that was asked for."""
    tree: str = ""
    """The project's, as it was judged."""
    kept: tuple[JudgedTest, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kept", tuple(verdict for verdict in self.verdicts if verdict.is_kept))

    @property
    def test_quality(self) -> float:
        """The mean of those that are kept; 0 where none is."""
        return mean_quality(self.kept)

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON has."""
        return {
            "kept": len(self.kept),
            "refused": len(self.verdicts) - len(self.kept),
            "coverage_before": round(self.coverage_before, 2),
            "coverage_after": round(self.coverage_after, 2),
            "test_quality": self.test_quality,
            "mutants": sum(verdict.mutants for verdict in self.kept),
            "mutants_caught": sum(verdict.caught for verdict in self.kept),
            "seed": self.seed,
            "tests": [verdict_row(verdict) for verdict in self.verdicts],
            "notes": list(self.notes),
            "duration_seconds": round(self.duration_s, 2),
        }

    def lines(self) -> Sequence[str]:
        """The report for people."""
        found = verdict_lines(self.verdicts)
        found += ["", f"{len(self.kept)} of {len(self.verdicts)} tests kept"]
        found.append(f"Coverage: {self.coverage_before:.1f} % before, {self.coverage_after:.1f} % with those kept")
        found.append(f"Test quality: {self.test_quality:.1f} of 10")
        return [*found, *(f"note: {note}" for note in self.notes)]


def _figures(verdict: JudgedTest) -> str:
    mutants = f"{verdict.caught} of {verdict.mutants} mutants caught" if verdict.mutants else "no mutant can be made"
    return f"{verdict.new_lines} new lines, {mutants}, {verdict.assertions} assertions, {verdict.repeats} repeats"


def mean_quality(kept: Sequence[JudgedTest]) -> float:
    """The mean over tests that are kept; 0 where none is."""
    return round(sum(each.quality for each in kept) / len(kept), 1) if kept else 0.0


def verdict_row(verdict: JudgedTest) -> dict[str, Any]:
    """One test as values that JSON has."""
    row = asdict(verdict)
    row.pop("covered")
    return {"test": row.pop("test"), "kept": verdict.is_kept, **row, "quality": verdict.quality}


def verdict_lines(verdicts: Sequence[JudgedTest]) -> list[str]:
    """Each test for people, with the reasons why it is refused."""
    found: list[str] = []
    for verdict in verdicts:
        if verdict.is_kept:
            found.append(f"✅ {verdict.test}: kept (quality {verdict.quality:.1f} of 10: {_figures(verdict)})")
        else:
            found.append(f"❌ {verdict.test}: refused")
            found += [f"   • {reason}" for reason in verdict.reasons]
    return found
