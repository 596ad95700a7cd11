from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.cli.told_session import keep_ended
from orchestrator.models import entries
from orchestrator.models.changes import ChangeMeasured
from orchestrator.models.effects import Outcome

if TYPE_CHECKING:
    from tests.cli.conftest import Story

UNNEEDED = (
    *("pydantic.main", "anyio", "jinja2", "tree_sitter", "sqlite3", "orchestrator.models.entries"),
    *("orchestrator.session", "orchestrator.safety", "orchestrator.agents", "orchestrator.composition"),
)


@pytest.fixture
def ended(story: Story) -> Story:
    story.started("gemini")
    story.exited("gemini")
    story.take(ChangeMeasured(("a.py",), 3, 1))
    story.take(entries.SessionClosed(Outcome.FAILED, "it did not work"))
    story.write()
    return story


def test_what_is_told_again_is_what_was_told(ended: Story, orchestrate: Callable[..., Any]) -> None:
    folded = [orchestrate("show"), orchestrate("show", "--json")]

    assert ended.folder.kept_summary_file.exists()
    assert [orchestrate("show"), orchestrate("show", "--json")] == folded
    assert folded[0].err == ""
    assert "failed: it did not work" in folded[0].out


def test_who_asks_again_loads_nothing_to_fold_with(
    ended: Story, orchestrate: Callable[..., Any], workspace: Path
) -> None:
    orchestrate("show")
    code = (
        "import sys; from orchestrator.cli.main import run; "
        f"run(['show', '--workspace', {str(workspace)!r}]); "
        f"print([name for name in {UNNEEDED!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
    assert ended.folder.id in done.stdout


def test_a_session_that_has_just_ended_is_kept(ended: Story, orchestrate: Callable[..., Any]) -> None:
    keep_ended(ended.session, ended.folder)
    kept = ended.folder.kept_summary_file.read_bytes()

    told = [orchestrate("show").out, orchestrate("show", "--json").out]

    assert ended.folder.kept_summary_file.read_bytes() == kept
    ended.folder.kept_summary_file.unlink()
    assert [orchestrate("show").out, orchestrate("show", "--json").out] == told


def test_a_session_that_somebody_went_on_with_meanwhile_is_not_kept(ended: Story) -> None:
    before = ended.session
    ended.take(entries.CoordinatorResumed(7))
    ended.write()

    keep_ended(before, ended.folder)

    assert not ended.folder.kept_summary_file.exists()


@pytest.mark.parametrize("end", [pytest.param(b"{broken}\n", id="damaged"), pytest.param(None, id="deleted")])
def test_a_journal_that_cannot_be_read_at_the_end_keeps_nothing(ended: Story, end: bytes | None) -> None:
    if end is None:
        ended.folder.journal_file.unlink()
    else:
        with ended.folder.journal_file.open("ab") as journal:
            journal.write(end)

    keep_ended(ended.session, ended.folder)

    assert not ended.folder.kept_summary_file.exists()


@pytest.mark.parametrize(
    "what", ["{}", '{"words": 3, "summary": {}}', '{"words": {"status": 1}, "summary": []}', "[1]"]
)
def test_what_is_of_another_shape_is_told_from_the_journal(
    ended: Story, orchestrate: Callable[..., Any], what: str
) -> None:
    from orchestrator.journal.kept_summary import keep, stamp_of

    told = orchestrate("show").out
    stamp = stamp_of(ended.folder)
    assert stamp is not None
    keep(ended.folder, json.loads(what), stamp=stamp)

    ran = orchestrate("show")

    assert ran.out == told
    assert "shown.json is damaged: told again from the journal" in ran.err
    assert orchestrate("show").err == ""


def test_a_damaged_one_is_told_again_and_that_is_said(ended: Story, orchestrate: Callable[..., Any]) -> None:
    told = orchestrate("show").out
    kept = ended.folder.kept_summary_file
    kept.write_bytes(kept.read_bytes().replace(b"it did not work", b"it worked very well"))

    ran = orchestrate("show")

    assert ran.out == told
    assert "shown.json is damaged: told again from the journal" in ran.err


def test_a_session_that_goes_on_is_folded_each_time(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.started("gemini")
    story.write()

    assert "lost its coordinator" in orchestrate("show").out
    assert not story.folder.kept_summary_file.exists()


def test_an_ended_session_that_is_taken_up_again_is_told_as_it_stands(
    ended: Story, orchestrate: Callable[..., Any]
) -> None:
    orchestrate("show")
    ended.take(entries.CoordinatorResumed(7))
    ended.write()

    ran = orchestrate("show")

    assert "failed" not in ran.out.splitlines()[0]
    assert ran.err == ""
