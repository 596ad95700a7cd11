from __future__ import annotations

from orchestrator.journal.reader import read_journal
from orchestrator.server.entry_lookup import PAGE, JournalPages
from tests.server.conftest import Stage


def pages_of(stage: Stage) -> JournalPages:
    pages = JournalPages(stage.folder)
    offset = 0
    for line in stage.folder.journal_file.read_bytes().splitlines(keepends=True):
        offset += len(line)
        pages.note(offset)
    return pages


def test_pages_join_without_a_gap_from_any_position(stage: Stage) -> None:
    stage.say(*(str(i) for i in range(PAGE * 2)))
    pages = pages_of(stage)
    for begin in (0, 1, PAGE - 1, PAGE, PAGE + 1, stage.length - 1, stage.length):
        n, found = begin, []
        while n < pages.n:
            messages, n = pages.messages_after(n)
            found += [int(told.id.rpartition(":")[2]) for told in messages]
        assert found == sorted(set(found))
        assert all(number > begin for number in found)


def test_a_full_page_is_encoded_once(stage: Stage) -> None:
    stage.say(*(str(i) for i in range(PAGE)))
    pages = pages_of(stage)
    first, _ = pages.messages_after(0)
    again, _ = pages.messages_after(0)
    assert first[0] is again[0]


def test_entries_are_those_of_the_file(stage: Stage) -> None:
    assert list(pages_of(stage).entries(1, 10**6)) == list(read_journal(stage.folder.journal_file))
