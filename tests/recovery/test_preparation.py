from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.models.identity import AgentName
from orchestrator.recovery.preparation import MIN_FREE_BYTES, CliFacts, PreparationFacts, check_preparation

FIT = PreparationFacts(
    target=Path("/project"),
    workspace=Path("/workspace"),
    workspace_free_bytes=MIN_FREE_BYTES,
    clis=(CliFacts(AgentName("codex"), found=True, version="0.169.0", pinned="0.169.0"),),
)
CLI = FIT.clis[0]


def test_nothing_stands_in_the_way_of_a_fit_machine() -> None:
    assert check_preparation(FIT) == ()


@pytest.mark.parametrize(
    ("changed", "severity", "text"),
    [
        pytest.param({"target_exists": False}, "error", "does not exist", id="no target"),
        pytest.param({"target_is_directory": False}, "error", "is not a folder", id="a file for a target"),
        pytest.param({"target_readable": False}, "error", "cannot be read", id="an unreadable target"),
        pytest.param({"target_writable": False}, "error", "cannot be written", id="a read-only target"),
        pytest.param({"target_is_git_repository": False}, "note", "not a git repository", id="no history"),
        pytest.param({"target_dirty": True}, "warning", "not committed", id="uncommitted changes"),
        pytest.param({"target_untold": "no index"}, "warning", "could not tell", id="perhaps uncommitted changes"),
        pytest.param({"workspace_writable": False}, "error", "cannot be written", id="a read-only workspace"),
        pytest.param({"workspace_free_bytes": 2**20}, "warning", "1 MiB left", id="little space"),
        pytest.param({"workspace_free_bytes": 0}, "error", "0 MiB left", id="no space"),
    ],
)
def test_folders_that_are_not_fit_are_found(changed: dict[str, Any], severity: str, text: str) -> None:
    (finding,) = check_preparation(replace(FIT, **changed))
    assert finding.severity == severity
    assert text in finding.text
    assert finding.hint


@pytest.mark.parametrize(
    ("changed", "severity", "text"),
    [
        pytest.param({"found": False, "package": "@x/codex"}, "warning", "not installed", id="missing"),
        pytest.param({"too_old": True, "oldest": "0.150.0"}, "warning", "older than 0.150.0", id="too old"),
        pytest.param({"version": None}, "warning", "does not say its version", id="no version"),
        pytest.param({"drifts": ("--x is gone",)}, "note", "codex 0.169.0: --x is gone", id="a known drift"),
        pytest.param({"logged_in": False, "login_hint": "codex login"}, "warning", "not logged in", id="no login"),
    ],
)
def test_clis_that_are_not_fit_are_found(changed: dict[str, Any], severity: str, text: str) -> None:
    (finding,) = check_preparation(replace(FIT, clis=(replace(CLI, **changed),)))
    assert (finding.severity, text in finding.text) == (severity, True)


def test_a_read_only_target_will_do_where_nobody_writes() -> None:
    assert check_preparation(replace(FIT, target_writable=False, needs_writing=False)) == ()


@pytest.mark.parametrize(("mounted", "said"), [(False, "ls -ld"), (True, "mounted read-only")])
def test_what_keeps_a_target_from_being_written_is_named(mounted: bool, said: str) -> None:
    (found,) = check_preparation(replace(FIT, target_writable=False, target_mounted_read_only=mounted))
    assert said in found.hint


def test_of_a_missing_target_nothing_more_is_said() -> None:
    facts = replace(FIT, target_exists=False, target_readable=False, target_is_git_repository=False)
    assert len(check_preparation(facts)) == 1


def test_errors_come_first() -> None:
    facts = replace(FIT, target_is_git_repository=False, workspace_writable=False, workspace_free_bytes=1)
    assert [finding.severity for finding in check_preparation(facts)] == ["error", "warning", "note"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target_is_root": True}, "the whole file system"),
        ({"target_is_kernels": True}, "a file system of the kernel's own"),
        ({"target_is_bare": True}, "a bare git repository"),
        ({"target_in_workspace": True}, "lies in the workspace"),
        ({"target_logins": ("your home", ".ssh")}, "holds more than a project: your home, .ssh"),
    ],
)
def test_a_target_that_is_no_project_forbids_the_launch(changes: dict[str, Any], said: str) -> None:
    (finding,) = check_preparation(PreparationFacts(Path("/t"), Path("/w"), **changes))
    assert (finding.severity, said in finding.text) == ("error", True)
    assert finding.hint


def test_a_home_is_worked_in_when_the_user_has_said_so_and_that_is_said_loudly() -> None:
    facts = PreparationFacts(Path("/t"), Path("/w"), target_logins=(".ssh",), whole_home=True)
    (finding,) = check_preparation(facts)
    assert finding.severity == "warning"
    assert finding.text == "WHOLE HOME: agents may read and change everything in /t: .ssh"
