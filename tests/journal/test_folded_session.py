from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import JournalDamaged
from orchestrator.journal import folded_session as module
from orchestrator.journal.folded_session import folded_session
from orchestrator.session.session_text import text_of
from orchestrator.session.state import Session
from tests.journal.test_checkpoint import Kept


def fold(kept: Kept) -> tuple[Session, list[str]]:
    said: list[str] = []
    session = folded_session(kept.folder, state=kept.state, say=said.append)
    assert session is not None
    return session, said


@pytest.mark.parametrize("entries", [1, 2, 17, 40, 41, 90, 111])
def test_what_follows_a_checkpoint_is_folded_onto_it(tmp_path: Path, entries: int) -> None:
    kept = Kept(tmp_path, entries)
    kept.folder.journal_file.write_bytes(kept.whole)
    whole, _ = fold(kept)
    assert not kept.folder.checkpoint_file.exists(), "so short a journal is folded at once"
    assert kept.keep()

    session, said = fold(kept)

    assert text_of(session) == text_of(whole)
    assert said == []


def test_what_took_long_to_fold_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tmp_path)
    monkeypatch.setattr(module, "WORTH_KEEPING", 40)

    assert fold(kept) == (kept.session, [])

    assert kept.folder.checkpoint_file.exists()
    assert fold(kept) == (kept.session, [])


@pytest.mark.parametrize("bad", [b"", b"{}", b"\x00\n\xff\n\n", b"[" * 100_000])
def test_one_that_does_not_count_is_thrown_away_and_made_anew(tmp_path: Path, bad: bytes) -> None:
    kept = Kept(tmp_path)
    kept.folder.checkpoint_file.write_bytes(bad)

    session, said = fold(kept)

    assert session == kept.session
    assert len(said) == 1
    assert "checkpoint.json" in said[0]
    assert "folded again from the journal" in said[0]
    assert fold(kept) == (session, []), "and made anew"
    assert kept.folder.checkpoint_file.read_bytes() != bad


def test_no_journal_is_no_session(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.folder.journal_file.unlink()

    assert folded_session(kept.folder, state=kept.state, say=pytest.fail) is None


def test_damage_behind_a_checkpoint_is_told_by_its_number_and_place(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.keep()
    with kept.folder.journal_file.open("ab") as file:
        file.write(b"no entry\n")

    with pytest.raises(JournalDamaged, match=f"entry 41 at byte {kept.end} is damaged"):
        fold(kept)
