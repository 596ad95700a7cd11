"""Compare samples of a worker's tree with its limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from orchestrator.models.sandbox import ResourceLimits
from orchestrator.models.workers import Sample
from orchestrator.value_class import value_class

CPU_WINDOW: Final = timedelta(seconds=60)
"""The average is taken over this: a CLI's start alone exceeds 50 % for seconds."""

MEMORY_SAMPLES: Final = 3
"""So many samples in a row above the limit are a stop; a single peak is none."""


@value_class
class LimitFinding:
    """A limit that a worker has gone over."""

    kind: Literal["cpu", "memory", "runtime"]
    stop: bool
    """Whether the worker must be stopped; CPU is a warning only, never a kill."""
    text: str


@value_class
class ResourceMonitor:
    """What has to be remembered of one worker between samples."""

    cpu: tuple[tuple[datetime, float], ...] = ()
    """Recent samples: when, and percent of one core since the one before."""
    over_memory: int = 0
    """Samples in a row above the memory limit."""
    warned_cpu: bool = False
    """Until the average has fallen below the limit again."""


def judge(
    monitor: ResourceMonitor, sample: Sample, at: datetime, limits: ResourceLimits, ran_s: float
) -> tuple[ResourceMonitor, tuple[LimitFinding, ...]]:
    """Take in one sample.

    Args:
        ran_s: Seconds the worker has run; the time it was frozen left out.
    """
    monitor, cpu = _judge_cpu(monitor, sample, at, limits=limits)
    monitor, memory = _judge_memory(monitor, sample, limits=limits)
    found = (cpu, memory, check_runtime(ran_s, limits))
    return monitor, tuple(finding for finding in found if finding is not None)


def check_runtime(ran_s: float, limits: ResourceLimits) -> LimitFinding | None:
    """Whether a worker has run out of time; needs no sample."""
    if ran_s < limits.runtime_s:
        return None
    return LimitFinding("runtime", stop=True, text=f"the runtime limit of {limits.runtime_s:g} s is used up")


def _judge_cpu(
    monitor: ResourceMonitor, sample: Sample, at: datetime, *, limits: ResourceLimits
) -> tuple[ResourceMonitor, LimitFinding | None]:
    recent = tuple((when, percent) for when, percent in monitor.cpu if when > at - CPU_WINDOW)
    # One sample from before the window shows that the window is full.
    is_full = len(recent) < len(monitor.cpu)
    kept = (
        (*monitor.cpu[-len(recent) - 1 :], (at, sample.cpu_percent)) if is_full else (*recent, (at, sample.cpu_percent))
    )
    monitor = replace(monitor, cpu=kept)
    if not is_full:
        return monitor, None
    average = _average(kept, at)
    if average <= limits.cpu_percent:
        return replace(monitor, warned_cpu=False), None
    if monitor.warned_cpu:
        return monitor, None
    text = f"it took {average:.0f} % of a core over the last minute, and {limits.cpu_percent:.0f} % is the limit"
    return replace(monitor, warned_cpu=True), LimitFinding("cpu", stop=False, text=text)


def _average(samples: tuple[tuple[datetime, float], ...], at: datetime) -> float:
    """Average weighted by time: each figure holds since the sample before it."""
    begin = at - CPU_WINDOW
    used = covered = 0.0
    for (before, _), (when, percent) in pairwise(samples):
        span = (when - max(before, begin)).total_seconds()
        used += percent * span
        covered += span
    return used / covered if covered > 0 else 0.0


def _judge_memory(
    monitor: ResourceMonitor, sample: Sample, *, limits: ResourceLimits
) -> tuple[ResourceMonitor, LimitFinding | None]:
    if sample.memory_mib <= limits.memory_mib:
        return replace(monitor, over_memory=0), None
    over = monitor.over_memory + 1
    monitor = replace(monitor, over_memory=over)
    if over < MEMORY_SAMPLES:
        return monitor, None
    text = f"it holds {sample.memory_mib:.0f} MiB, and {limits.memory_mib} MiB is the most"
    return monitor, LimitFinding("memory", stop=True, text=text)
