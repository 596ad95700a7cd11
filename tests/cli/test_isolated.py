"""A whole session on a copy: the project stays as it was until its change is applied."""

from __future__ import annotations

import pytest

from tests.cli.test_undo import photograph, photograph_of_git
from tests.faults.conftest import Program, program

__all__ = ["program"]


@pytest.mark.slow
def test_an_isolated_run_leaves_the_project_alone_and_apply_brings_the_change(program: Program) -> None:
    target = program.target(files={"a.py": "x = 1\n", ".gitignore": "cache/\n"})
    (target / "cache").mkdir()
    (target / "cache" / "built.o").write_text("built")
    before, git = photograph(target), photograph_of_git(target)
    program.claude(
        "cat cache/built.o > seen.txt; echo 'y = 2' >> a.py; git add -A;"
        " git -c user.name=a -c user.email=a@a commit -qm agents"
    )
    ran = program.run(target, "--isolated")
    assert photograph(target) == before
    assert photograph_of_git(target) == git
    session = program.session()
    assert f"orchestrate apply {session.name}" in ran.text
    assert f"orchestrate apply {session.name}" in (session / "report.md").read_text()
    applied = program.orchestrate("apply", session.name)
    assert applied.code == 0, applied.text
    assert (target / "a.py").read_text() == "x = 1\ny = 2\n"
    assert (target / "seen.txt").read_text() == "built"
    assert photograph_of_git(target) == git
    program.git(target, "fetch", "-q", str(session / "target"), "HEAD")
    assert program.git(target, "log", "-1", "--format=%s", "FETCH_HEAD").strip() == "agents"
