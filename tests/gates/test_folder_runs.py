from __future__ import annotations

import json

import pytest

from orchestrator.gates.folder_runs import FolderRun, last_line, plan_in_folders, read_folders
from orchestrator.gates.gate import Command, Subject, ToolRun, Unmeasured

SUBJECT = Subject(roots={"go": ("", "tools")})


def said(*folders: str, code: int = 0) -> ToolRun:
    runs = [{"code": 1, "out": "out", "err": "first\nlast words\n"}]
    return ToolRun(code, json.dumps({"rows": [{"folder": name, "runs": runs} for name in folders]}).encode(), b"why\n")


def test_the_commands_are_run_in_every_folder_of_the_language() -> None:
    command = plan_in_folders(SUBJECT, "go", [("go", "vet")], {}, tool="go", version_argv=("go", "version"))
    assert isinstance(command, Command)
    assert (command.files, command.argv[-1], command.shown) == (("", "tools"), '[["go", "vet"]]', "go vet")


def test_a_language_that_is_not_there_is_not_measured() -> None:
    found = plan_in_folders(Subject(), "rust", [("cargo",)], {}, tool="cargo", version_argv=())
    assert found == Unmeasured("nothing of the project is written in Rust")


def test_what_each_said_is_read_by_folder() -> None:
    found = read_folders(SUBJECT, "go", said("", "tools"))
    assert not isinstance(found, Unmeasured)
    (_,), (run,) = found
    assert (run.folder, run.at("./a.go"), last_line(run)) == ("tools", "tools/a.go", ": last words")
    assert FolderRun("", 0, "", "").at("a.go") == "a.go"


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (said(""), "only 1 of 2 folders"),
        (said("", "tools", code=1), "only 2 of 2"),
        (ToolRun(1, b"no", b"why\n"), "cannot be read: why"),
    ],
)
def test_a_folder_that_was_not_looked_at_leaves_all_unmeasured(run: ToolRun, why: str) -> None:
    found = read_folders(SUBJECT, "go", run)
    assert isinstance(found, Unmeasured)
    assert why in found.reason
