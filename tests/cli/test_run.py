from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.run import read_task
from orchestrator.errors import UsageError


def test_a_task_of_a_megabyte_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "task.md"
    file.write_text("word " * 250_000)

    assert len(read_task(None, file)) == 5 * 250_000 - 1


def test_a_dash_reads_the_task_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("mach es größer\n".encode())))

    assert read_task("-", None) == "mach es größer"


@pytest.mark.parametrize("task", ["", "   ", "\n\t"])
def test_an_empty_task_is_refused_with_a_hint(task: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read_task(task, None)

    assert refusal.value.hint


def test_two_tasks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="twice"):
        read_task("one", tmp_path / "two")


def test_a_missing_task_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no-such-file"):
        read_task(None, tmp_path / "no-such-file")


def test_a_task_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "task").write_bytes(b"abc\xff")

    with pytest.raises(UsageError, match="byte 3"):
        read_task(None, tmp_path / "task")


def test_a_task_whose_bytes_are_no_text_is_refused_before_anything_is_made() -> None:
    with pytest.raises(UsageError, match=r"command line is not UTF-8 \(byte 4\)"):
        read_task("odd \udcff bytes", None)
    assert read_task("größer ✓", None) == "größer ✓"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("do it", "--agents", "claude,aider"), "unknown agent 'aider'", id="agent"),
        pytest.param(("do it", "--without", "claude,gemini,codex"), "no agent is left", id="none left"),
        pytest.param(("do it", "--model", "claude"), "AGENT=MODEL", id="model without agent"),
        pytest.param(("do it", "--model", "aider=x"), "unknown agent 'aider'", id="model of unknown agent"),
        pytest.param(("do it", "--policy", "lax"), "unknown policy 'lax'", id="policy"),
        pytest.param(("do it", "--policy", "no-such.toml"), "no such policy", id="policy file"),
        pytest.param(("do it", "--sandbox", "no-such"), "no-such", id="sandbox"),
        pytest.param(("do it", "--approve", "git psuh"), "asks for consent to", id="consent nobody asks for"),
        pytest.param(("do it", "--scenario", "no-such"), "no scenario 'no-such'", id="scenario"),
        pytest.param(("do it", "--target", "/no/such/place"), "does not exist", id="target missing"),
        pytest.param(("do it", "--target", __file__), "not a folder", id="target a file"),
        pytest.param(("do it", "--workspace", __file__), "not a folder", id="workspace a file"),
        pytest.param(("do it", "--prompts", "/no/such/place"), "no such folder", id="prompts"),
        pytest.param(("do it", "--timeout", "soon"), "no duration", id="timeout"),
        pytest.param(("do it", "--max-cost", "-1"), "no amount", id="max cost"),
        pytest.param(("do it", "--limit", "cpu=fast"), "no percentage", id="cpu limit"),
        pytest.param(("do it", "--limit", "memory=lots"), "no size", id="memory limit"),
        pytest.param(("do it", "--limit", "swap=2G"), "no limit", id="unknown limit"),
        pytest.param(("do it", "--port", "0"), "--port", id="port"),
        pytest.param(("run",), "there is no task", id="no task"),
        pytest.param(("do it", "--bogus"), "--bogus", id="unknown option"),
    ],
)
def test_bad_usage_ends_with_2_before_anything_starts(
    orchestrate: Callable[..., Any], workspace: Path, arguments: tuple[str, ...], words: str
) -> None:
    ran = orchestrate(*arguments)

    assert ran.code == 2, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert list(workspace.iterdir()) == []


def test_a_malformed_policy_is_refused_with_file_line_and_reason(
    orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text('name = "mine"\n\n[[rule]]\nwhen = "x"\nthen = "panic"\n')

    ran = orchestrate("do it", "--policy", str(policy))

    assert ran.code == 2
    assert f"{policy}:5: " in ran.err


def test_a_log_level_that_is_none_is_refused(orchestrate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_LOG_LEVEL", "loud")

    ran = orchestrate("do it")

    assert ran.code == 2
    assert "ORCHESTRATOR_LOG_LEVEL" in ran.err
