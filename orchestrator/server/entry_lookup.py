"""Find any entry of a journal by its number, without reading all before it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import MOST_LINE_BYTES, decode_entry, unreadable
from orchestrator.models.entries import JournalEntry
from orchestrator.server.messages import Message, entry_messages

PAGE = 256
"""Entries of a page, the unit in which those who have fallen behind are caught up."""
_PAGES_KEPT = 32
"""Encoded ones: many who come back at once missed the same."""


class JournalPages:
    """Where the pages of one journal begin, learnt while it is read."""

    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder
        self._offsets: list[int] = [0]
        """Where entries 1, 1 + PAGE, 1 + 2 * PAGE … begin."""
        self.n = 0
        """The last entry that has been read."""
        self.end = 0
        """Offset after it."""
        self._full_page = lru_cache(maxsize=_PAGES_KEPT)(self._encoded)

    def note(self, end: int) -> None:
        """The next entry has been read, and ends there."""
        self.n += 1
        self.end = end
        if self.n % PAGE == 0:
            self._offsets.append(end)

    def messages_after(self, n: int) -> tuple[Sequence[Message], int]:
        """The messages of the entries after ``n`` up to the end of its page, and the number reached."""
        page = n // PAGE
        last = min((page + 1) * PAGE, self.n)
        is_full = last == (page + 1) * PAGE
        messages = self._full_page(page) if is_full else self._encoded(page)
        return [told for told in messages if n < int(told.id.rpartition(":")[2]) <= last], last

    def entries(self, first: int, last: int) -> Iterator[JournalEntry]:
        """Entries ``first`` to ``last``, as far as they have been read, from the file.

        Raises:
            JournalDamaged: The file no longer holds what it held.
        """
        first, last = max(first, 1), min(last, self.n)
        if first > last:
            return
        page = (first - 1) // PAGE
        journal = self._folder.journal_file
        with ForeignFolder(journal.parent).opened(journal.name) as found:
            if isinstance(found, Unread):
                raise unreadable(journal, found)
            file = open(found.descriptor, "rb", closefd=False)  # noqa: SIM115 - closed with it
            offset = self._offsets[page]
            file.seek(offset)
            for n in range(page * PAGE + 1, last + 1):
                line = file.readline(MOST_LINE_BYTES)
                if n >= first:
                    yield decode_entry(line, n, path=journal, offset=offset)
                offset += len(line)

    def _encoded(self, page: int) -> Sequence[Message]:
        first = page * PAGE + 1
        return entry_messages(self._folder.id, self.entries(first, first + PAGE - 1))
