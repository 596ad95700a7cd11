"""This immutable mapping grows in constant time, so a translator can remember a turn with a million records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class GrowingMap(Mapping[str, str]):
    """Names and texts; :meth:`adding` gives a larger map and leaves this one as it is.

    All maps that grew from one another share a dict, of which each sees the items that were there when it was made.
    So adding costs the same however many items there are, while ``{**old, name: text}`` would copy them all each time.
    Growing an older map a second time copies it once: correct, and not what a stream does.
    """

    __slots__ = ("_shared", "_size")

    def __init__(self) -> None:
        self._shared: dict[str, tuple[int, str]] = {}
        """Text by name, each with the number of items that were there before it."""
        self._size = 0

    def adding(self, name: str, text: str = "") -> GrowingMap:
        """This map with one more item.  A name that is there keeps its first text."""
        if name in self:
            return self
        grown: GrowingMap = object.__new__(GrowingMap)
        grown._shared = self._shared if len(self._shared) == self._size else self._copy()
        grown._shared[name] = (self._size, text)
        grown._size = self._size + 1
        return grown

    def __contains__(self, name: object) -> bool:
        item = self._shared.get(name)  # type: ignore[call-overload]  # anything may be asked for
        return item is not None and item[0] < self._size

    def _copy(self) -> dict[str, tuple[int, str]]:
        return {name: item for name, item in self._shared.items() if item[0] < self._size}

    def __getitem__(self, name: str) -> str:
        number, text = self._shared[name]
        if number >= self._size:
            raise KeyError(name)
        return text

    def __iter__(self) -> Iterator[str]:
        # A dict keeps the order of insertion, so the items of this map stand first.
        for name, (number, _) in self._shared.items():
            if number >= self._size:
                return
            yield name

    def __len__(self) -> int:
        return self._size

    def __hash__(self) -> int:
        return hash(self._size)  # maps that are equal have the same number of items

    def __repr__(self) -> str:
        return f"GrowingMap({dict(self)!r})"


EMPTY = GrowingMap()
"""Nothing is remembered.  Growing it copies nothing, and so it may stand for every beginning."""
