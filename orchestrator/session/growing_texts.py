"""Texts that are only ever added to, without all there are being copied for each new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload


class GrowingTexts(Sequence[str]):
    """A sequence that nobody changes; one with a text more shares what this one holds.

    Like a tuple it equals every tuple of the same texts.
    """

    __slots__ = ("_count", "_texts")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)
        """Shared by all that came of one another: each looks at the first ones alone, as many as it has."""
        self._count = len(self._texts)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return islice(self._texts, self._count)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self._texts[place] for place in range(*index.indices(self._count)))
        return self._texts[range(self._count)[index]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GrowingTexts | tuple):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def with_one(self, text: str) -> GrowingTexts:
        """These and one more."""
        made = GrowingTexts()
        # Where another text was added to these already, the two go on apart.
        made._texts = self._texts if len(self._texts) == self._count else list(self)
        made._texts.append(text)
        made._count = self._count + 1
        return made
