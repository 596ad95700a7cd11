from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("nothing_installed")
def test_without_any_cli_the_doctor_ends_with_1_and_says_what_to_install(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("doctor", "--sandbox", "open")

    assert ran.code == 1
    assert ran.out.count("next: npm install -g ") == 3
    assert "git         not found" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.usefixtures("nothing_installed")
def test_the_doctors_findings_can_be_read_by_a_program(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("doctor", "--sandbox", "open", "--json")

    report = json.loads(ran.out)
    assert report["can_run"] is False
    assert {"python", "sandbox", "git", "watcher", "cgroup", "disk"} <= {f["name"] for f in report["findings"]}


def test_a_sandbox_policy_that_is_not_there_is_bad_usage(orchestrate: Callable[..., Any]) -> None:
    assert orchestrate("doctor", "--sandbox", "no-such").code == 2
