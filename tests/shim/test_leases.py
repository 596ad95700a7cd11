"""Asking whether anybody coordinates, and how long nobody has."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

import pytest

from orchestrator.shim.leases import Lease, is_held


def take(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    return descriptor


def test_a_lock_is_seen_while_it_is_held_and_asking_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert is_held(str(path)) is False
    descriptor = take(path)
    assert is_held(str(path)) is True
    os.close(descriptor)
    assert is_held(str(path)) is False
    os.close(take(path))


@pytest.mark.parametrize(("grace_s", "runs_out_at"), [(0, 0), (5, 5)])
def test_a_lease_runs_out_when_nobody_has_held_it_for_the_grace_period(
    tmp_path: Path, grace_s: float, runs_out_at: float
) -> None:
    lease = Lease(str(tmp_path / "lock"), grace_s, os.getppid())
    assert [lease.has_run_out(now) for now in (0, 4, 5)] == [now >= runs_out_at for now in (0, 4, 5)]


def test_somebody_who_takes_over_in_time_starts_the_grace_anew(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lease = Lease(str(path), 5, os.getppid())
    assert not lease.has_run_out(0)
    descriptor = take(path)
    assert not lease.has_run_out(100)
    os.close(descriptor)
    assert not lease.has_run_out(101)
    assert lease.has_run_out(106)


def test_without_a_lock_file_there_is_no_lease_to_lose() -> None:
    assert not Lease(None, 0, 1).has_run_out(10**9)


def test_without_grace_an_adopted_worker_asks_more_often() -> None:
    assert Lease("x", 0, os.getppid()).interval_s == 1.0
    assert Lease("x", 0, -1).interval_s < 1.0
    assert Lease("x", 60, -1).interval_s == 1.0
