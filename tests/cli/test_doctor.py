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
def test_without_any_cli_the_doctor_ends_as_a_run_does_and_says_what_to_install(
    orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "target").mkdir()
    ran = orchestrate("doctor", "--sandbox", "open")

    assert ran.code == 3
    assert orchestrate("run", "do it", "--sandbox", "open", "--target", str(tmp_path / "target")).code == ran.code
    assert ran.out.count("next: npm install -g ") == 3
    assert "git         not found" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.usefixtures("nothing_installed")
def test_the_doctors_findings_can_be_read_by_a_program(orchestrate: Callable[..., Any]) -> None:
    ran = orchestrate("doctor", "--sandbox", "open", "--json")

    report = json.loads(ran.out)
    assert report["can_run"] is False
    assert report["exit_code"] == 3
    assert {"python", "sandbox", "git", "watcher", "cgroup", "disk"} <= {f["name"] for f in report["findings"]}


def test_a_sandbox_policy_that_is_not_there_is_bad_usage(orchestrate: Callable[..., Any]) -> None:
    assert orchestrate("doctor", "--sandbox", "no-such").code == 2


@pytest.mark.usefixtures("nothing_installed")
def test_a_cli_that_is_newer_than_the_one_we_know_is_doubtful_and_the_doctor_says_so(
    orchestrate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho '99.0.1 (Claude Code)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not asked anything")

    ran = orchestrate("doctor", "--sandbox", "open")

    assert ran.code == 0
    assert "Claude Code 99.0.1 at" in ran.out
    assert "newer release than" in ran.out
