from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.journal import checkpoint
from orchestrator.journal.checkpoint import Checkpoint, PrefixDigest, keep_checkpoint, kept_checkpoint
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.kept_summary import Unusable
from orchestrator.journal.reader import JournalReading
from orchestrator.session.fold import step
from orchestrator.session.session_text import text_of
from orchestrator.session.state import Session
from tests.session.test_recorded_results import JOURNALS


class Kept:
    """A recorded journal, folded as far as an entry, with a checkpoint of that."""

    def __init__(self, root: Path, entries: int = 40) -> None:
        (root / "session").mkdir()
        self.folder = SessionFolder(root / "session")
        self.state = root / "state"
        self.whole = (JOURNALS / "format-3-team.jsonl").read_bytes()
        self.folder.journal_file.write_bytes(self.whole)
        reading = JournalReading(self.folder.journal_file)
        session: Session | None = None
        for entry in reading:
            session, _ = step(session, entry)
            if entry.n == entries:
                break
        assert session is not None
        self.session, self.end = session, reading.end
        self.folder.journal_file.write_bytes(self.whole[: self.end])

    @property
    def prefix(self) -> PrefixDigest:
        return PrefixDigest(self.folder.journal_file)

    def keep(self) -> bool:
        return keep_checkpoint(self.folder, self.session, self.end, state=self.state, prefix=self.prefix)

    def read(self) -> Checkpoint | Unusable | None:
        return kept_checkpoint(self.folder, state=self.state)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path)
    assert kept.read() is None
    assert kept.keep()
    return kept


def test_what_was_kept_is_had_again(kept: Kept) -> None:
    found = kept.read()

    assert isinstance(found, Checkpoint)
    assert (found.session, found.end) == (kept.session, kept.end)
    assert text_of(found.session) == text_of(kept.session)
    assert kept.folder.checkpoint_file.stat().st_mode & 0o777 == 0o600
    assert (kept.state / "checkpoint.key").stat().st_mode & 0o777 == 0o600


def test_a_journal_that_has_grown_still_has_it(kept: Kept) -> None:
    kept.folder.journal_file.write_bytes(kept.whole)

    found = kept.read()

    assert isinstance(found, Checkpoint)
    assert found.end == kept.end


@pytest.mark.parametrize("changed", [b"", b"x", None], ids=["empty", "changed", "shorter"])
def test_a_journal_that_does_not_begin_so_has_none(kept: Kept, changed: bytes | None) -> None:
    data = kept.folder.journal_file.read_bytes()
    kept.folder.journal_file.write_bytes(
        data[:-1] if changed is None else changed and data[:900] + changed + data[901:]
    )

    assert kept.read() == Unusable("does not fit the journal")


def test_a_journal_that_lies_untouched_is_not_read_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as at_rest:
        at_rest.setattr(checkpoint, "_AT_REST_NS", -1)
        kept.keep()
        at_rest.setattr(PrefixDigest, "until", lambda *_: "read again")
        assert isinstance(kept.read(), Checkpoint)

        # Of the same length, and with the time that it had; what the kernel notes besides is another.
        before = kept.folder.journal_file.stat()
        with kept.folder.journal_file.open("r+b") as file:
            file.seek(900)
            file.write(b"x")
        os.utime(kept.folder.journal_file, ns=(before.st_atime_ns, before.st_mtime_ns))

        assert kept.read() == Unusable("does not fit the journal")


def test_every_byte_that_was_changed_is_noticed(kept: Kept) -> None:
    file = kept.folder.checkpoint_file
    sound = file.read_bytes()
    for place in range(0, len(sound), len(sound) // 60):
        file.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        assert isinstance(kept.read(), Unusable), place
        file.write_bytes(sound[:place])
        assert isinstance(kept.read(), Unusable), place
    file.write_bytes(sound + b"\n")
    assert isinstance(kept.read(), Unusable)


def test_one_that_another_user_has_marked_does_not_count(kept: Kept) -> None:
    (kept.state / "checkpoint.key").write_bytes(bytes(32))
    forged = kept.read()
    (kept.state / "checkpoint.key").unlink()

    assert forged == kept.read() == Unusable("is damaged, or was not written by this user here")


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(33)])
def test_a_key_that_is_none_is_made_anew(kept: Kept, damaged: bytes) -> None:
    (kept.state / "checkpoint.key").write_bytes(damaged)

    assert isinstance(kept.read(), Unusable)
    assert kept.keep()
    assert isinstance(kept.read(), Checkpoint)


def test_one_of_another_version_does_not_count(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "__version__", "0.0.1")

    assert kept.read() == Unusable("is of another version of the program")


def test_one_that_holds_no_session_does_not_count(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "text_of", lambda _: "[]")
    assert kept.keep()

    assert kept.read() == Unusable("holds no session")


def test_what_is_no_file_is_said(kept: Kept) -> None:
    kept.folder.checkpoint_file.unlink()
    kept.folder.checkpoint_file.mkdir()

    assert isinstance(kept.read(), Unusable)
    assert not kept.keep()


@pytest.mark.parametrize("what", ["journal gone", "too much", "state is a file", "nested too deep"])
def test_nothing_is_kept_where_that_cannot_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    kept = Kept(tmp_path)
    match what:
        case "journal gone":
            kept.folder.journal_file.unlink()
        case "too much":
            monkeypatch.setattr(checkpoint, "MOST_BYTES", 1000)
        case "nested too deep":
            worker, nested = next(iter(kept.session.details.values())), dict[str, object]()
            for _ in range(10_000):
                nested = {"in": nested}
            worker.current.reply = nested
        case _:
            kept.state.write_text("")

    assert not kept.keep()
    assert kept.read() is None


def test_a_digest_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    digest = PrefixDigest(path)
    first = digest.until(3)
    path.write_bytes(b"onetwo")

    assert first == PrefixDigest(path).until(3)
    assert digest.until(6) == PrefixDigest(path).until(6) != first
    assert digest.until(7) is None
    assert PrefixDigest(tmp_path / "none").until(0) is None
