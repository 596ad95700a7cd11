"""The real CLIs inside the policies that list hosts: a proven sandbox, and one way out that leads to their model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from orchestrator.errors import ExitCode
from orchestrator.journal.reading import read_journal
from orchestrator.models.entries import JournalEntry, SessionOpened, WorkerStarted
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.policies import load_sandbox_policy
from tests.sandbox.table import ORDINARY, ROOT, interpreter, trial_folder

if TYPE_CHECKING:
    from tests.coordinator.conftest import Stage

pytestmark = [pytest.mark.slow]


def check_boxes(entries: Sequence[JournalEntry], *, stand_ins: bool) -> None:
    """Every CLI was what it was to be, and every worker stood in a proven box."""
    (opened,) = (entry.body for entry in entries if isinstance(entry.body, SessionOpened))
    assert {found.stand_in for found in opened.found} == {stand_ins}
    around = {entry.body.sandbox for entry in entries if isinstance(entry.body, WorkerStarted)}
    assert around
    assert all("listed hosts only" in text and "proven" in text for text in around), around


@pytest.mark.parametrize("stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real)])
async def test_a_rehearsal_is_finished_inside_strict(stage: Stage, stand_ins: bool) -> None:
    stage.stand_ins = stand_ins
    result = await stage.run("default", sandbox=load_sandbox_policy("strict"))
    assert result.exit_code is ExitCode.DONE, result.reason
    check_boxes(stage.journal(result), stand_ins=stand_ins)


@pytest.mark.parametrize("policy", ["default", "strict"])
@pytest.mark.parametrize("stand_ins", [pytest.param(True, id="stand-ins"), pytest.param(False, marks=pytest.mark.real)])
def test_an_ordinary_user_finishes_a_rehearsal_without_a_refusal(
    policy: str, stand_ins: bool, not_proven: Callable[[str], NoReturn]
) -> None:
    number = ORDINARY if os.geteuid() == 0 else None
    with trial_folder() as folder:
        try:
            python = interpreter(number)
        except LookupError as problem:
            not_proven(str(problem))
        if not stand_ins:
            # Linked, not copied: they take more than half a gigabyte.
            shutil.copytree(default_cache() / "clis", folder / "cache/orchestrate/clis", copy_function=os.link)
        (folder / "target").mkdir()
        (folder / "target" / "notes.txt").write_text("notes\n")
        for path in (folder, folder / "target", *folder.glob("cache/**/*.lock")):
            os.chown(path, -1 if number is None else number, -1)
        words = ("--rehearse", "Add a form", "--sandbox", policy, "--no-dashboard", "--no-interactive")
        places = ("--target", str(folder / "target"), "--workspace", str(folder / "workspace"))
        ran = subprocess.run(
            [python, "-m", "orchestrator", *words, *places, *(["--stand-ins"] if stand_ins else [])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            user=number,
            group=number,
            extra_groups=None if number is None else [],
            env={
                **{"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
                **{"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(sys.path[1:])},
            },
        )
        assert ran.returncode == ExitCode.DONE, ran.stderr[-2000:]
        assert "was refused" not in ran.stderr
        (journal,) = (folder / "workspace").glob("*/journal.jsonl")
        check_boxes(list(read_journal(journal)), stand_ins=stand_ins)
        assert {path.stat().st_uid for path in (journal, Path(journal.parent, "session.json"))} == {
            os.geteuid() if number is None else number
        }
