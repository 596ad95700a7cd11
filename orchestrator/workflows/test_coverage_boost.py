"""Raise a project's test coverage: measure what no test runs, and say what follows.

The names, defaults and errors are those of spec 002.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from orchestrator.orchestration.context_data import checked_context
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.workflows.boost_report import BoostReport
from orchestrator.workflows.coverage_bench import BenchRequest
from orchestrator.workflows.coverage_gaps import measure_coverage

BUDGET_S: Final = 1_800.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BoostOptions:
    """What a command line can say besides."""

    agents: tuple[str, ...] | None = None
    """CLIs; empty: none, so that gaps are measured and nothing is written."""
    budget_s: float = BUDGET_S
    repeats: int = 10
    mutants: int = 20
    sample: int = 20
    seed: int = 1
    within_s: float = 300.0
    python: Path | None = None
    sandbox: str = "default"
    is_target_stated: bool = False


async def boost_coverage(
    target_coverage: float, project: Path, context: dict[str, Any], options: BoostOptions, say: Say
) -> BoostReport:
    """Measure the project's gaps.

    Raises:
        ValueError: The context cannot be meant.
        EnvironmentUnfit: The project's tests cannot be run here, or do not pass.
    """
    data = checked_context(context)
    stated, priority = stated_coverage(data), priority_modules(data)
    began = time.monotonic()
    request = BenchRequest(
        target=project,
        sandbox=load_sandbox_policy(options.sandbox),
        environ=os.environ,
        cache=default_cache(),
        python=options.python,
        seed=options.seed,
        within_s=options.within_s,
    )
    until = began + options.budget_s
    before = await measure_coverage(
        request, say, priority=priority, sample=options.sample, is_over=lambda: time.monotonic() > until
    )
    return BoostReport(
        target_coverage=target_coverage,
        before=before,
        is_gaps_only=True,
        is_target_stated=options.is_target_stated,
        is_out_of_time=not before.mutants.is_whole,
        stated_coverage=stated,
        duration_s=time.monotonic() - began,
    )


def checked_percent(name: str, value: object) -> float:
    """A figure from 0 to 100.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number, not {value!r}")
    if not 0 <= value <= 100:
        raise ValueError(f"{name} is a percentage from 0 to 100, not {value:g}")
    return float(value)


def checked_project(path: object) -> Path:
    """The folder, resolved.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise ValueError(f"project_root must name a folder, not {path!r}")
    found = Path(os.path.realpath(Path(path).expanduser()))
    if not found.is_dir():
        raise ValueError(f"project_root is no folder: {found}")
    return found


def stated_coverage(context: dict[str, Any]) -> float | None:
    """What the caller takes the coverage for.

    Raises:
        ValueError: It is no percentage.
    """
    value = context.get("current_coverage")
    return None if value is None else checked_percent("context['current_coverage']", value)


def priority_modules(context: dict[str, Any]) -> tuple[str, ...]:
    """The modules whose gaps come first.

    Raises:
        ValueError: They are no list of names.
    """
    value = context.get("priority_modules") or []
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError(f"context['priority_modules'] must be a list of names, not {value!r:.80}")
    return tuple(name.strip() for name in value)
