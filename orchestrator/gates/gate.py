"""A gate is a small contract: what to run, and how to read what came of it.

One file holds one gate, as ``GATE``.  A package outside this repository names its own in the entry-point group
``orchestrate.gates``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Literal

from orchestrator.models.quality_gates import Direction, Finding, Suppression
from orchestrator.models.suite_measurements import SuitesMeasured
from orchestrator.value_class import value_class

TOOLS, PROBES, WORK, PROJECT, LIST = "@tools@", "@probes@", "@work@", "@project@", "@list@"
"""What a command holds in place of paths that are known only when it is run: the folder of our tools' programs, that of
our own small programs, an empty one to write in, the project's, and a file with one path a line (``Command.files``)."""
RECORDS, HOME = "@records@", "@home@"
"""Where Node's processes wrote while the tests ran, and the user's home, in which toolchains keep their caches."""

Language = Literal["python", "javascript", "typescript", "go", "rust"]

Source = Literal["tool", "tests", "coverage", "gates"]
"""Where a gate's value comes from: a program that it names (or what was read of the project beforehand), the project's
tests, what they ran through, or the other gates."""


@value_class
class InstalledPackage:
    """What a package in the project's environment says of itself."""

    name: str
    version: str
    expression: str = ""
    """Its SPDX licence expression."""
    licence: str = ""
    """The older field, which may hold anything."""
    classifiers: tuple[str, ...] = ()


@value_class
class Subject:
    """A project as gates see it: the names of its files and the texts of some, read before anything ran."""

    python_files: tuple[str, ...] = ()
    """Every Python file, relative to the project, sorted."""
    source_files: tuple[str, ...] = ()
    """Those that are the project itself: no tests, examples or documentation."""
    checked_files: tuple[str, ...] = ()
    """The project itself and its tests: what has to be importable where the project is installed."""
    text_files: tuple[str, ...] = ()
    """Every file that a secret could stand in."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The texts of the files in which tools look for their settings, by name; those that are not there left out."""
    unread: tuple[str, ...] = ()
    """Those of them that are there and cannot be read: a link, a pipe, too long."""
    lines: Callable[[str], Sequence[str]] = lambda _: ()
    """The lines of one of the files; none where it cannot be read."""
    whole: bool = True
    """Whether the lists hold every file; false where there are more than are looked at."""
    python: str = ""
    """The interpreter of the project's own environment, as a path; empty where none was found."""
    python_version: str = ""
    """Its major and minor version; empty where it is not known."""
    installed: tuple[InstalledPackage, ...] = ()
    """What is installed in that environment."""
    allowed_licences: tuple[str, ...] = ()
    budget: Mapping[str, float | str] = field(default_factory=dict)
    """``command``, ``seconds`` and ``memory_mib`` of the performance gate, as far as the settings name them."""
    roots: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    """The folders that hold a manifest of a language, relative to the project; ``""`` is the project itself."""
    sources: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    """The files of every other language that are the project itself."""
    osv_url: str = ""
    """Where known vulnerabilities are asked for; empty: the tool's own default."""


@value_class
class Command:
    """What a gate wants to be run."""

    argv: tuple[str, ...]
    files: tuple[str, ...] = ()
    """Written into the list that ``@list@`` stands for, one a line, relative to the project."""
    cwd: Literal["project", "work"] = "project"
    env: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""
    """The same for a person to repeat."""
    needs_network: bool = False
    """It is run outside of the sandbox, in an empty folder and with nothing but its list."""
    runs_project: bool = False
    """It runs code of the project, in the project's environment, and after every tool."""
    lies_in: tuple[str, ...] = ()
    """The folders of the project that hold its tool, where it is the project's; it is run before the project's tests,
    and not at all where one of them was written since agents began to work."""
    within_s: float | None = None
    """The longest it may take; ``None``: as long as the user allows any tool."""
    tool: str = ""
    """The tool that it runs, where that is another than the gate's; ``version_argv`` goes with it."""
    version_argv: tuple[str, ...] = ()


@value_class
class ToolRun:
    """What was seen of one run, which ended by itself."""

    code: int
    stdout: bytes
    stderr: bytes
    at: str = ""
    """Where the project lay, so that names can be made relative to it."""


@value_class
class Evidence:
    """Everything that a gate may be judged by; what its source does not fill is empty."""

    run: ToolRun | None = None
    suites: SuitesMeasured | None = None
    missing_modules: tuple[str, ...] = ()
    """Names that the tests could not import."""
    values: Mapping[str, Reading | Unmeasured] = field(default_factory=dict)
    """What the other gates said, by name."""
    command: str = ""


@value_class
class Reading:
    """A value, and of how many things it is."""

    value: float
    counted: int
    message: str
    findings: tuple[Finding, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    counts: str = ""
    """What was counted, where that is something else than what the gate counts."""


@value_class
class Unmeasured:
    """Why there is no value: one clause, for people."""

    reason: str


@value_class
class Gate:
    """One gate."""

    name: str
    """As it is typed after ``--only``."""
    title: str
    counts: str
    """What there must be at least one of: ``files``, ``tests``."""
    threshold: float
    direction: Direction
    read: Callable[[Subject, Evidence], Reading | Unmeasured]
    plan: Callable[[Subject], Command | Reading | Unmeasured] | None = None
    """What to run, or the value where it is known without running anything; ``None`` where the source is no tool."""
    source: Source = "tool"
    unit: str = ""
    blocking: bool = True
    """Whether it blocks where nobody says otherwise; a threshold that the user sets always does."""
    languages: tuple[Language, ...] = ()
    """It is measured where the project is written in one of them; empty: always."""
    needs: tuple[str, ...] = ()
    """The gates whose values it is made from."""
    tool: str = ""
    """The tool's name, as a distribution of ours; ``python`` for a small program of our own."""
    version_argv: tuple[str, ...] = ()
    """Asks the tool for its version; its answer has to hold the one that we installed."""

    def holds(self, value: float, threshold: float) -> bool:
        """Whether a value is good enough."""
        return value >= threshold if self.direction == "at least" else value <= threshold
