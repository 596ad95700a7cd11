from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.models.sandbox import ResourceLimits
from orchestrator.models.workers import Sample
from orchestrator.safety.resources import LimitFinding, ResourceMonitor, check_runtime, judge

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
LIMITS = ResourceLimits(cpu_percent=50, memory_mib=100, runtime_s=3600)


def findings(samples: Iterable[tuple[float, float]], *, every_s: float = 10) -> list[LimitFinding]:
    """What is found over samples of (CPU, memory)."""
    monitor, found = ResourceMonitor(), list[LimitFinding]()
    for n, (cpu, memory) in enumerate(samples):
        at = START + timedelta(seconds=n * every_s)
        monitor, new = judge(monitor, Sample(cpu, memory, 1), at, LIMITS, 0)
        found.extend(new)
    return found


def test_a_busy_start_is_no_reason_to_warn() -> None:
    assert findings([(100, 1)] * 3 + [(0, 1)] * 20) == []


def test_a_busy_minute_is_warned_of_once_and_never_a_stop() -> None:
    (finding,) = findings([(100, 1)] * 20)
    assert (finding.kind, finding.stop) == ("cpu", False)
    assert "100 %" in finding.text


def test_after_a_quiet_minute_the_next_busy_one_is_warned_of_again() -> None:
    busy, quiet = [(100.0, 1.0)] * 10, [(0.0, 1.0)] * 10
    assert len(findings(busy + quiet + busy)) == 2


def test_the_average_counts_each_sample_for_the_time_it_stands_for() -> None:
    # One sample after a minute of silence says what the whole minute was like.
    assert len(findings([(0, 1), (100, 1), (100, 1)], every_s=60)) == 1


@pytest.mark.parametrize(
    ("memory", "stops"),
    [
        pytest.param([101, 101, 1, 101, 101], 0, id="two in a row are no reason"),
        pytest.param([100, 100, 100, 100], 0, id="the limit itself may be held"),
        pytest.param([101, 101, 101], 1, id="three in a row stop it"),
        pytest.param([101, 101, 101, 101], 2, id="and so does every one that follows"),
    ],
)
def test_memory_is_judged_over_three_samples(memory: list[float], stops: int) -> None:
    found = findings([(0, mib) for mib in memory])
    assert [(finding.kind, finding.stop) for finding in found] == [("memory", True)] * stops


def test_the_runtime_is_the_time_it_ran() -> None:
    assert check_runtime(3599.9, LIMITS) is None
    finding = check_runtime(3600, LIMITS)
    assert finding is not None
    assert (finding.kind, finding.stop) == ("runtime", True)
    _, found = judge(ResourceMonitor(), Sample(0, 0, 1), START, LIMITS, 4000)
    assert [finding.kind for finding in found] == ["runtime"]


def test_the_monitor_does_not_grow() -> None:
    monitor = ResourceMonitor()
    for n in range(1000):
        monitor, _ = judge(monitor, Sample(1, 1, 1), START + timedelta(seconds=n), LIMITS, 0)
    assert len(monitor.cpu) <= 61
