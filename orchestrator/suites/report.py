"""A report is what a runner said about single tests, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.value_class import value_class

MOST_TESTS = 100_000
MOST_NAME_CHARS = 500


class TestOutcome(StrEnum):
    """How one test ended."""

    __test__ = False  # pytest, where it is imported, would take it for a test

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@value_class
class Report:
    """What a runner's report says."""

    tests: Mapping[str, TestOutcome] = field(default_factory=dict)
    """Each test that is named, with its last outcome."""
    problems: tuple[str, ...] = ()
    """Why it cannot be believed: unfinished, unreadable, or outcomes that were rewritten."""
    failures: tuple[str, ...] = ()
    """What failed and is no test: a module that cannot be imported, a package that does not build."""
    deselected: tuple[str, ...] = ()
    """Tests that were found and then left out."""
    silent: tuple[str, ...] = ()
    """Files that the runner calls passed because they ended with 0, although no test of theirs was seen."""
    written: bool = False
    """Whether there was any report at all."""


@dataclass(slots=True)
class Draft:
    """A report while readers fill it in; one reader may add several files to it."""

    tests: dict[str, TestOutcome] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    deselected: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    written: bool = False
    copies: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, outcome: TestOutcome) -> None:
        """Note a test; one that comes again under the same name counts once more, since two may share a name."""
        shown = name[:MOST_NAME_CHARS] or "(unnamed)"
        if len(self.tests) >= MOST_TESTS:
            self.cut()
            return
        free = shown
        while free in self.tests:
            self.copies[shown] = self.copies.get(shown, 1) + 1
            free = f"{shown} #{self.copies[shown]}"
        self.tests[free] = outcome

    def put(self, name: str, outcome: TestOutcome) -> None:
        """Note a test; a later outcome of the same name replaces the earlier one."""
        if len(self.tests) >= MOST_TESTS and name not in self.tests:
            self.cut()
            return
        self.tests[name[:MOST_NAME_CHARS]] = outcome

    def cut(self) -> None:
        problem = f"the report names more than {MOST_TESTS:,} tests"
        if problem not in self.problems:
            self.problems.append(problem)

    def report(self) -> Report:
        return Report(
            self.tests,
            tuple(self.problems),
            tuple(self.failures),
            tuple(sorted(set(self.deselected))),
            tuple(self.silent),
            self.written,
        )


def short_path(path: str) -> str:
    """The last three parts of a path: the target may lie elsewhere the next time."""
    return "/".join(path.split("/")[-3:])
