"""What a session changed, shown and brought elsewhere, by whole sessions of a made-up agent."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.conftest import Program, program

__all__ = ["program"]
pytestmark = pytest.mark.slow


@pytest.fixture
def target(program: Program) -> Path:
    target = program.target(files={"a.py": "x = 1\n", "b.py": "y = 1\n"})
    shutil.copytree(target, program.root / "copy", symlinks=True)
    program.claude("echo 'z = 1' >> a.py; rm b.py; printf '\\0\\1' > new.bin; printf n > \"$(printf 'odd\\nname')\"")
    program.run(target)
    return target


def test_a_session_is_shown_as_a_patch_in_figures_and_by_name(program: Program, target: Path) -> None:
    session = program.session().name
    patch = program.orchestrate("diff")
    assert patch.out == program.orchestrate("diff", session, "claude").out
    applied = subprocess.run(
        ["git", "apply"], cwd=program.root / "copy", env=program.environ, input=patch.out, text=True, check=False
    )
    assert applied.returncode == 0
    assert (program.root / "copy" / "new.bin").read_bytes() == b"\0\1"
    assert sorted(program.orchestrate("diff", "--name-only").out.splitlines()) == [
        r'"odd\nname"', "a.py", "b.py", "new.bin"
    ]  # fmt: skip
    stat = program.orchestrate("diff", "claude", "--stat").out
    assert " b.py" in stat
    assert "4 files, +2 -1" in stat
    document = program.orchestrate("diff", "--json").json()
    assert (document["insertions"], document["deletions"], document["live"], document["whole"]) == (2, 1, False, True)
    # What happens later is not the session's.
    (target / "later.py").write_text("1")
    assert program.orchestrate("diff").out == patch.out
    kept = (program.session() / "changes.patch").read_text()
    assert kept.endswith(patch.out)


def test_since_a_review_only_what_came_after_is_shown(program: Program, target: Path) -> None:
    review = sorted(path.name for path in (program.session() / "reviews").glob("*.json"))[0].removesuffix(".json")
    assert program.orchestrate("diff", "--since", review).out == ""
    assert program.orchestrate("diff", "--since", "1").code == 0
    unknown = program.orchestrate("diff", "--since", "7")
    assert unknown.code == 2
    assert review in unknown.err


def test_a_worker_that_is_none_is_said(program: Program, target: Path) -> None:
    refused = program.orchestrate("diff", "nobody")
    assert refused.code == 2
    assert "claude" in refused.err


def test_an_undone_session_is_applied_again_and_a_conflict_is_left_alone(program: Program, target: Path) -> None:
    session = program.session().name
    assert program.orchestrate("undo", session).code == 0
    (target / "a.py").write_text("x = 2\n")
    tried = program.orchestrate("apply", session, "--dry-run")
    assert tried.code == 1
    assert (target / "b.py").exists()
    applied = program.orchestrate("apply", session)
    assert applied.code == 1
    assert "CONFLICT" in applied.out
    assert (target / "a.py").read_text() == "x = 2\n"
    assert not (target / "b.py").exists()
    elsewhere = program.orchestrate("apply", session, "--target", str(program.root / "copy"), "--json")
    assert elsewhere.code == 0
    assert (program.root / "copy" / "a.py").read_text() == "x = 1\nz = 1\n"
    assert len(elsewhere.json()["files"]) == 4
