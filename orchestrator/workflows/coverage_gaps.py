"""Measure what a project's tests leave out: lines by function, a sample of changes they do not notice, their time."""

from __future__ import annotations

import ast
import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.gate_run import LOOK_TIME_S
from orchestrator.measurement.project_tree import MOST_HASHED_BYTES
from orchestrator.measurement.pytest_runs import PytestRuns
from orchestrator.suites.results import State
from orchestrator.value_class import value_class
from orchestrator.workflows.coverage_bench import BenchRequest, Say, open_bench, percent, text_in
from orchestrator.workflows.line_mutants import Mutant, applied, behaving, mutants_of, parsed

LEAST_MUTANT_S: Final = 10.0
MUTANT_TIMES: Final = 5.0
MODULE: Final = "<module>"
MOST_TOLD: Final = 40
"""So many gaps are told to agents and people; a JSON report has all of them."""
IsOver = Callable[[], bool]


@value_class
class Gap:
    """Lines of one function that no test runs."""

    file: str
    function: str
    """``<module>`` where they stand in none."""
    lines: tuple[int, ...]
    has_priority: bool = False

    def words(self) -> str:
        """Place, function and lines, for people and agents."""
        first = "priority: " if self.has_priority else ""
        return (
            f"{first}{self.file}: {self.function}: {'line' if len(self.lines) == 1 else 'lines'} {_ranges(self.lines)}"
        )


@value_class
class MutantSample:
    """Changes of the project's lines, drawn at random, and which of them its tests notice."""

    seed: int
    tried: int = 0
    caught: int = 0
    missed: tuple[Mutant, ...] = ()
    is_whole: bool = True
    """Whether all of the sample was tried; not where the time was over."""

    def to_dict(self) -> dict[str, Any]:
        """As values that JSON has."""
        return {"seed": self.seed, "tried": self.tried, "caught": self.caught, "whole_sample": self.is_whole}


@value_class
class CoverageState:
    """What a project's tests are worth at one moment."""

    coverage: float
    """Percent of statements that they run."""
    statements: int
    suite_s: float
    """Their time, untraced."""
    gaps: tuple[Gap, ...]
    """Those in modules of priority first, then the largest."""
    mutants: MutantSample
    tree: str
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of every file of the project."""
    notes: tuple[str, ...] = ()


async def measure_coverage(
    request: BenchRequest,
    say: Say,
    *,
    priority: Sequence[str] = (),
    sample: int = 0,
    earlier: MutantSample | None = None,
    is_over: IsOver = lambda: False,
) -> CoverageState:
    """Run the project's tests and look at what they leave out.

    Args:
        priority: Modules whose gaps come first: a file, a folder, or a dotted name.
        sample: So many changes are drawn of all lines; those on lines that no test runs need no run.
        earlier: A sample that has been tried with fewer tests: only what it missed can be caught now.
        is_over: Whether there is time for one more change.

    Raises:
        EnvironmentUnfit: The tests cannot be run here, or do not pass, or there is nothing that they could run.
    """
    async with open_bench(request, say) as bench:
        missing = bench.before.missing or {}
        if not bench.before.statements:
            raise EnvironmentUnfit(
                f"there is no Python code in {request.target} that tests could run",
                hint="--project-root names the project; test files, examples and build files do not count",
            )
        began = time.monotonic()
        await bench.runs.run(files={})
        suite_s = time.monotonic() - began
        read = partial(_sources, request.target, tuple(missing))
        sources = await off_loop(read, within_s=LOOK_TIME_S, what="the look at the sources")
        if earlier is not None:
            drawn, caught = earlier.missed, earlier.caught
        else:
            draw = partial(_drawn, sources, sample, request.seed)
            drawn, caught = await off_loop(draw, within_s=LOOK_TIME_S, what="drawing changes"), 0
        if drawn:
            say(f"changing {len(drawn)} lines of the project, one by one")
        within_s = max(LEAST_MUTANT_S, MUTANT_TIMES * suite_s)
        found = await _tried(bench.runs, drawn, sources, missing, within_s=within_s, is_over=is_over)
        digest = partial(digests_of, request.target, bench.tree.names)
        digests = await off_loop(digest, within_s=LOOK_TIME_S, what="the look at the project")
        new = sum(state for _, state in found)
        missed = tuple(mutant for mutant, is_caught in found if not is_caught)
        return CoverageState(
            coverage=percent(bench.before) or 0.0,
            statements=bench.before.statements,
            suite_s=suite_s,
            gaps=_gaps(sources, missing, priority),
            mutants=MutantSample(
                request.seed, caught + len(found), caught + new, missed, is_whole=len(found) == len(drawn)
            ),
            tree=bench.tree.tree,
            digests=digests,
            notes=bench.notes,
        )


async def _tried(
    runs: PytestRuns,
    drawn: Sequence[Mutant],
    sources: Mapping[str, tuple[str, ast.Module]],
    missing: Mapping[str, frozenset[int]],
    *,
    within_s: float,
    is_over: IsOver,
) -> list[tuple[Mutant, bool]]:
    """Each change that could be tried, and whether a test noticed."""
    found: list[tuple[Mutant, bool]] = []
    for mutant in drawn:
        if mutant.line in missing.get(mutant.file, frozenset()):
            found.append((mutant, False))
            continue
        if is_over():
            break
        text = applied(sources[mutant.file][0], mutant) if mutant.file in sources else None
        if text is not None:
            seen = await runs.run(("-x",), files={mutant.file: text}, within_s=within_s)
            found.append((mutant, seen.state is not State.PASSED))
    return found


def _drawn(sources: Mapping[str, tuple[str, ast.Module]], sample: int, seed: int) -> tuple[Mutant, ...]:
    """So many changes of all lines, drawn at random; only those drawn are held against the text, which takes long."""
    if not sample:
        return ()
    made = [
        mutant
        for name, (text, tree) in sorted(sources.items())
        for mutant in mutants_of(name, text, tree, behaving(tree, range(1, text.count("\n") + 2)))
    ]
    shuffled = random.Random(seed).sample(made, len(made))
    fitting = (mutant for mutant in shuffled if applied(sources[mutant.file][0], mutant) is not None)
    return tuple(itertools.islice(fitting, sample))


def digests_of(target: Path, names: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each file that can be read.  Blocks."""
    ours = ForeignFolder(target)
    found = {name: ours.digest(name, most_bytes=MOST_HASHED_BYTES) for name in names}
    return {name: digest for name, digest in found.items() if isinstance(digest, str)}


def _sources(target: Path, names: Sequence[str]) -> dict[str, tuple[str, ast.Module]]:
    found = {}
    for name in names:
        text = text_in(target, name)
        tree = parsed(text) if text is not None else None
        if text is not None and tree is not None:
            found[name] = (text, tree)
    return found


def _gaps(
    sources: Mapping[str, tuple[str, ast.Module]], missing: Mapping[str, frozenset[int]], priority: Sequence[str]
) -> tuple[Gap, ...]:
    found: list[Gap] = []
    for name, (_, tree) in sources.items():
        left = behaving(tree, missing.get(name, frozenset()))
        functions = list(_functions(tree, ""))
        rows: dict[str, list[int]] = {}
        for line in sorted(left):
            inside = [(last - first, path) for path, first, last in functions if first <= line <= last]
            rows.setdefault(min(inside)[1] if inside else MODULE, []).append(line)
        first = is_of(name, priority)
        found += [Gap(name, function, tuple(lines), first) for function, lines in rows.items()]
    return tuple(sorted(found, key=lambda gap: (not gap.has_priority, -len(gap.lines), gap.file, gap.lines)))


def is_of(name: str, modules: Sequence[str]) -> bool:
    """Whether a file is one of the modules, or lies in one: ``auth`` is ``auth.py``, and what lies in ``src/auth``."""
    parts = name.removesuffix(".py").removesuffix("/__init__").split("/")
    for module in modules:
        wanted = module.strip("/").removesuffix(".py").replace("/", ".").split(".")
        size = len(wanted)
        if any(parts[at : at + size] == wanted for at in range(len(parts) - size + 1)):
            return True
    return False


def _functions(node: ast.AST, above: str) -> Iterator[tuple[str, int, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            path = f"{above}{child.name}"
            if not isinstance(child, ast.ClassDef):
                yield path, child.lineno, child.end_lineno or child.lineno
            yield from _functions(child, f"{path}.")
        else:
            yield from _functions(child, above)


def _ranges(lines: Sequence[int]) -> str:
    """``7-9, 12``, of lines in their order."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)
