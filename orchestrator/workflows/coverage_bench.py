"""Open a project for runs of its tests: its interpreter, the sandbox, our tools, and what its own tests run.

What is measured is believed only if neither the project nor what measures was written meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.gate_run import LOOK_TIME_S
from orchestrator.measurement.project_tree import (
    MOST_SOURCE_BYTES,
    ProjectTree,
    is_beside_the_source,
    look_at,
    python_files,
    source_files,
)
from orchestrator.measurement.pytest_runs import PytestRuns, Seen
from orchestrator.measurement.workbench import open_workbench
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.quotation import one_line
from orchestrator.suites.results import State
from orchestrator.value_class import value_class

NO_TESTS: Final = 5
"""pytest's exit status where it finds none."""

Say = Callable[[str], None]


@value_class
class BenchRequest:
    """Which project, and what it is run with."""

    target: Path
    """Resolved."""
    sandbox: SandboxConfig
    environ: Mapping[str, str]
    cache: Path
    files: tuple[str, ...] = ()
    """Test files that count as new: the project is measured without them.  Relative to it."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What is in some of the files, where that does not lie in the project."""
    proven: Mapping[str, str] = field(default_factory=dict)
    """Test files, by name, that count as the project's own although they do not lie in it."""
    python: Path | None = None
    seed: int = 1
    within_s: float = 300.0
    """For each run of tests."""


@value_class
class OpenBench:
    """A project that can be run, and what its own tests showed."""

    runs: PytestRuns
    tree: ProjectTree
    before: Seen
    """The project's own tests, traced."""
    took_s: float
    """So long they took, traced."""
    notes: tuple[str, ...] = ()


@asynccontextmanager
async def open_bench(request: BenchRequest, say: Say) -> AsyncIterator[OpenBench]:
    """Open the project and run its own tests once.

    Raises:
        EnvironmentUnfit: They cannot be run here, or do not pass by themselves; or, at the end, the project or what
            measures was written meanwhile.
    """
    look = partial(look_at, request.target)
    tree = await off_loop(look, within_s=LOOK_TIME_S, what="the look at the project")
    bench = open_workbench(
        request.target,
        what="tests",
        sandbox=request.sandbox,
        environ=request.environ,
        cache=request.cache,
        python=request.python,
    )
    async with bench as at:
        runs = PytestRuns(
            at,
            # One that cannot be read is none of the project's own tests either.
            candidates=tuple(filter(is_test_file, request.files)),
            base=request.proven,
            sources=source_files(python_files(tree)),
            within_s=request.within_s,
        )
        say("running the project's own tests")
        began = time.monotonic()
        before = await runs.run(files={}, is_traced=True)
        took_s = time.monotonic() - began
        if before.state is not State.PASSED and before.code != NO_TESTS:
            raise EnvironmentUnfit(
                f"the project's own tests do not pass, so nothing can be said of others: {why(before)}",
                hint="mend them first; --python FILE names the interpreter they need, with pytest in it",
            )
        if before.missing is None:
            raise EnvironmentUnfit("what the project's own tests run could not be measured")
        yield OpenBench(runs, tree, before, took_s, at.notes)
    again = await off_loop(look, within_s=LOOK_TIME_S, what="the last look at the project")
    if again.tree != tree.tree:
        raise EnvironmentUnfit("the project changed while its tests were judged", hint="judge them again")


def is_test_file(name: str) -> bool:
    """Whether a file holds tests by its name or folder, and steers neither them nor a build."""
    steers = name.rpartition("/")[2] in ("conftest.py", "setup.py", "noxfile.py", "__init__.py")
    return name.endswith(".py") and is_beside_the_source(name) and not steers


def text_in(target: Path, name: str) -> str | None:
    """What a file of a folder holds; ``None`` where it cannot be read as text.  Blocks."""
    content = ForeignFolder(target).read(name, most_bytes=MOST_SOURCE_BYTES)
    if isinstance(content, Unread):
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def why(seen: Seen) -> str:
    """What a run came to, in one line."""
    words = f"{seen.reason}; {seen.last_words}" if seen.last_words else seen.reason
    return one_line(words, 300)


def percent(seen: Seen) -> float | None:
    """Percent of statements that ran; ``None`` where that could not be told."""
    if seen.missing is None or not seen.statements:
        return None
    return 100.0 * (1 - sum(map(len, seen.missing.values())) / seen.statements)
