from __future__ import annotations

import pytest

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.safety.path_scope import Protected, WorkerPaths, is_device, lies_in
from orchestrator.safety.shell.scope import Scope
from orchestrator.safety.shell.words import Word

AROUND = WorkerPaths(
    cwd="/t",
    home="/h",
    own=("/s/w", "/h"),
    roots=("/t",),
    protected=Protected.of(("/t/.git/hooks", "/t/.mcp.json")),
)


@pytest.mark.parametrize(
    ("path", "reach"),
    [
        ("a", "inside"),
        ("./a/../b", "inside"),
        ("*.o", "inside"),
        ("a/*", "inside"),
        (".", "whole"),
        ("*", "whole"),
        ("/t/*", "whole"),
        ("./.*", "whole"),
        (".git", "whole"),
        (".git/hooks/x", "protected"),
        (".mcp.json", "protected"),
        ("..", "outside"),
        ("../x", "outside"),
        ("/t2", "outside"),
        ("/*", "outside"),
        ("~/x", "outside"),
        ("/s/w", "own"),
        ("/h/.cache", "own"),
        ("/tmp/x", "own"),
    ],
)
def test_a_path_reaches_so_far(path: str, reach: str) -> None:
    assert AROUND.reach(Word(path), AROUND.scope()) == reach


def test_what_is_not_known_reaches_nobody_knows_where() -> None:
    assert AROUND.reach(Word("a", dynamic=True), AROUND.scope()) == "unknown"
    assert AROUND.reach(Word("a"), Scope(cwd=None)) == "unknown"


def test_without_a_sandbox_tmp_is_everybodys() -> None:
    shared = WorkerPaths(cwd="/t", home="/h", own=("/s/w",), roots=("/t",), private_tmp=False)
    assert shared.reach(Word("/tmp/x"), shared.scope()) == "outside"


def test_only_what_is_protected_is_refused_to_be_written() -> None:
    protected = [
        path for path in (".git/hooks/x", ".git", "a", ".mcp.json") if AROUND.is_protected(Word(path), AROUND.scope())
    ]
    assert protected == [".git/hooks/x", ".mcp.json"]


@pytest.mark.parametrize("path", ["/dev/sda", "/dev/mem", "/dev/../dev/sdb"])
def test_a_device_is_one(path: str) -> None:
    assert is_device(path)


@pytest.mark.parametrize("path", ["/dev/null", "/dev/stdout", "/dev/fd/3", "/dev/shm/x", "/dev", "/t/dev/sda"])
def test_what_is_harmless_is_no_device(path: str) -> None:
    assert not is_device(path)


def test_a_folder_holds_itself_and_what_is_below() -> None:
    assert [lies_in(path, "/a/b") for path in ("/a/b", "/a/b/c", "/a/bc", "/a")] == [True, True, False, False]


def test_a_reviewer_has_no_folder_that_others_care_for(assignment: Assignment) -> None:
    around = WorkerPaths.of(SandboxConfig(name="x"), assignment)
    assert around.cwd == str(assignment.target)
    assert set(around.own) == {str(assignment.scratch), str(assignment.home)}
