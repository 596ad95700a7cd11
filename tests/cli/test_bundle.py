from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.models.events import Said

if TYPE_CHECKING:
    from tests.cli.conftest import Story

SECRET = "canary-of-some-length"


@pytest.fixture
def written(story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Story:
    story.asks()
    story.said("gemini", Said(f"the key is {SECRET}"))
    story.write()
    (story.folder.path / "gemini.jsonl").write_text(f"{SECRET}\n")
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    monkeypatch.setenv("HOME", str(tmp_path))
    return story


def test_a_bundle_can_be_replayed_where_it_is_unpacked(
    written: Story, orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "report.tar.gz"
    ran = orchestrate("bundle", "-o", str(out))
    assert ran.code == 0, ran.err
    assert "2 secrets withheld" in ran.out
    assert "it replays" in ran.out
    assert "look it through" in ran.err
    with tarfile.open(out) as tar:
        tar.extractall(tmp_path / "there", filter="data")
    unpacked = tmp_path / "there" / written.folder.id
    assert SECRET not in "".join(path.read_text() for path in unpacked.rglob("*") if path.is_file())
    replayed = orchestrate("replay", str(unpacked))
    assert replayed.code == 0, replayed.err
    assert "all the same" in replayed.out


def test_a_file_that_is_there_is_not_written_over(
    written: Story, orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "mine.txt"
    out.write_text("mine")
    ran = orchestrate("bundle", "-o", str(out))
    assert ran.code == 2
    assert "exists already" in ran.err
    assert out.read_text() == "mine"


def test_as_json_it_says_the_same(written: Story, orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    ran = orchestrate("bundle", written.folder.id, "--json", "-o", str(tmp_path / "b.tar.gz"))
    said = json.loads(ran.out)
    assert said["replays"] is True
    assert said["redactions"] == 2
    assert said["files"]["gemini.jsonl"] == 1


def test_a_journal_that_does_not_replay_is_packed_and_said_not_to(
    written: Story, orchestrate: Callable[..., Any], tmp_path: Path
) -> None:
    journal = written.folder.journal_file
    journal.write_text(journal.read_text().replace('"tier":1', '"tier":2'))
    ran = orchestrate("bundle", "-o", str(tmp_path / "b.tar.gz"))
    assert ran.code == 0
    assert "it does not replay: entry" in ran.out
