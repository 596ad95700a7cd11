"""A whole run, its diff and its undo in targets of any name that a file system allows."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.faults.conftest import Program
from tests.faults.conftest import program as program

if TYPE_CHECKING:
    from pathlib import Path

WITHIN_S = 180.0
NAMES = {
    "a newline": b"two\nlines",
    "a leading dash": b"-rf",
    "spaces": b" two  spaces ",
    "quotes": b'it\'s "quoted"',
    "a backslash": b"back\\slash\\",
    "a colon": b"a:b",
    "a comma": b"a,b",
    "a very long name": b"long" * 63,
    "decomposed letters": unicodedata.normalize("NFD", "Büro é").encode(),
    "composed letters": unicodedata.normalize("NFC", "Büro é").encode(),
    "per cent signs": b"100%s %d %(x)s %2F",
    "what a shell would run": b"$(touch run) `touch run`; touch run & #",
    "what a formatter would fill": b"{target} {0} {{x}} [bold]x[/]",
    "a glob": b"*[a-z]?",
    "an escape": b"\x1b[31mred\x1b]0;title\x07",
    "a direction mark": "a\u202eb".encode(),
    "a tilde": b"~root",
    "an at sign": b"@target@",
}


def made(program: Program, name: bytes) -> Path:
    """A target of this name, with a repository in it."""
    return program.target(os.fsdecode(name), files={"README.md": "hello\n"})


def check(program: Program, target: Path, *options: str) -> None:
    """A run makes one file there, which is shown and taken back."""
    program.claude("echo x >new.txt")
    ran = program.run(target, *options, timeout_s=WITHIN_S)
    assert ran.code == 0, ran.text
    assert "Traceback" not in ran.text
    assert "\x1b]" not in ran.text
    assert "\u202e" not in ran.text
    assert (target / "new.txt").read_text() == "x\n"
    (worker,) = program.report()["workers"]
    assert worker["files"] == ["new.txt"]
    report = (program.session() / "report.md").read_text("utf-8")
    assert "\x1b" not in report
    assert "\nlines" not in report
    assert program.orchestrate("show").code == 0
    assert program.orchestrate("diff", "--name-only").out == "new.txt\n"
    undone = program.orchestrate("undo", program.session().name, "--yes", timeout_s=WITHIN_S)
    assert undone.code == 0, undone.text
    assert {path.name for path in target.iterdir()} == {".git", "README.md"}
    assert not (program.root / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, id=what) for what, name in NAMES.items()])
def test_a_run_in_a_target_of_this_name_works_and_is_undone(program: Program, name: bytes) -> None:
    check(program, made(program, name))


@pytest.mark.slow
def test_a_target_that_is_a_link_to_an_odd_name_is_the_folder_itself(program: Program) -> None:
    target = made(program, b"a % 'b'\n")
    link = program.root / "by another name"
    link.symlink_to(target)
    check(program, link)
    assert link.is_symlink()


@pytest.mark.parametrize("where", ["target", "workspace"])
def test_a_name_that_is_no_utf_8_is_refused_before_anything_is_made(program: Program, where: str) -> None:
    odd = made(program, b"caf\xe9 \xff")
    program.claude("echo x >new.txt")
    target, options = (odd, ()) if where == "target" else (program.target(), ("--workspace", str(odd)))
    ran = program.run(target, *options)
    assert ran.code == 2, ran.text
    assert f"the {where} " in ran.text
    assert "\\351 \\377" in ran.text
    assert "no UTF-8" in ran.text
    assert list(program.workspace.iterdir()) == []
    assert {path.name for path in odd.iterdir()} == {".git", "README.md"}


@pytest.mark.slow
def test_a_relative_target_with_a_leading_dash_is_a_folder(program: Program) -> None:
    target = made(program, b"-x")
    program.claude("echo x >new.txt")
    words = ("run", "do it", "--agents", "claude", "--no-dashboard", "--no-interactive", "--target=-x")
    ran = program.orchestrate(*words, timeout_s=WITHIN_S)
    assert ran.code == 0, ran.text
    assert (target / "new.txt").exists()
