"""The look at a workspace passes over what has ended, and over nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.coordinator.leftovers import _looks_lost
from orchestrator.shim.processes import boot_id, pid_namespace


def record(tmp_path: Path, *, exit_: object = None, **shim: object) -> Path:
    """The record of an attempt whose shim was pid 1 at another time, but for what is given of it."""
    path = tmp_path / "claude.1.json"
    known = {"pid": 1, "start_ticks": 1, "boot_id": boot_id(), "pid_namespace": pid_namespace()}
    path.write_text(json.dumps({"shim": {**known, **shim}, "exit": exit_}))
    return path


def test_an_attempt_without_an_end_whose_shim_is_gone_is_looked_at(tmp_path: Path) -> None:
    assert _looks_lost(record(tmp_path), False)


def test_one_of_another_pid_namespace_is_looked_at(tmp_path: Path) -> None:
    assert _looks_lost(record(tmp_path, pid_namespace=5), False)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"shim": 3}', '{"shim": {"boot_id": "BOOT"}}', "\udcff"])
def test_a_record_that_cannot_be_read_is_looked_at(tmp_path: Path, text: str) -> None:
    path = tmp_path / "claude.1.json"
    path.write_bytes(text.replace("BOOT", boot_id()).encode(errors="surrogateescape"))
    assert _looks_lost(path, False)


def test_one_with_an_end_is_looked_at_only_while_processes_bear_its_mark(tmp_path: Path) -> None:
    path = record(tmp_path, exit_={"code": 0})
    assert not _looks_lost(path, False)
    assert _looks_lost(path, True)


def test_one_of_an_earlier_boot_is_passed_over(tmp_path: Path) -> None:
    assert not _looks_lost(record(tmp_path, boot_id="earlier"), True)
