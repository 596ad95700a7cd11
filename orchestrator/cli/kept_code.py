"""Keep the code that dataclasses are made of, so that a start need not compile it again.

The standard library writes the methods of each dataclass as text and compiles them at every start: six for a frozen
one, half a millisecond together, and a command of this program makes up to four hundred of those.  Here the compiled
code is kept beside the program's own byte code, behind the whole text that it was compiled from.  So it can never be
the code of another text, and what cannot be read or written is compiled as if nothing were kept.
"""

from __future__ import annotations

import builtins
import dataclasses
import marshal
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import CodeType
from typing import Any, Final
from zlib import crc32

_MOST: Final = 20_000
"""Texts; when there are more, those of versions that are long gone go as well."""
_LENGTH_BYTES: Final = 8
"""A file begins with Python's own mark of its byte code's version and the length of an index; then come the index and,
one behind the other, texts with their code."""
_MOST_BYTES: Final = 1 << 20
"""Of a text, and of its code."""

_Index = dict[int, tuple[int, int, int]]
"""By the checksum of a text: where it begins in the file, its length, and that of the code behind it, in bytes."""


class KeptCode:
    """The code of texts; its index is read when the first is asked for, and it is written when the process ends.

    The texts stay on the disk until they are asked for, because a coordinator lives for hours and needs each once.

    Args:
        path: Whoever can write this file could as well write the byte code beside it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._index: _Index | None = None
        self._fresh: dict[bytes, bytes] = {}

    def execute(self, text: Any, names: dict[str, Any], found: Mapping[str, object] | None = None, /) -> None:
        """Do what ``exec`` does."""
        builtins.exec(self._code_of(text) if type(text) is str else text, names, found)  # noqa: S102 - what dataclasses wrote

    def save(self) -> None:
        """Write down what was compiled since the start; nothing where there was nothing, or no right to write."""
        self.close()
        if not self._fresh:
            return
        kept = dict(self._all())
        together = {**kept, **self._fresh} if len(kept) < _MOST else self._fresh
        index: _Index = {}
        at = 0
        for text, code in together.items():
            index[crc32(text)] = (at, len(text), len(code))
            at += len(text) + len(code)
        head = marshal.dumps(index)
        fresh = f"{self._path}.{os.getpid()}"
        with suppress(OSError):
            with open(fresh, "xb") as file:  # noqa: PTH123 - importing pathlib takes as long as all of this
                file.write(MAGIC_NUMBER + len(head).to_bytes(_LENGTH_BYTES, "big") + head)
                file.writelines(part for row in together.items() for part in row)
            os.replace(fresh, self._path)  # noqa: PTH105
        self._fresh = {}

    def close(self) -> None:
        """Let go of the file; what is asked for afterwards is read from it anew."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._index = -1, None

    def _code_of(self, text: str) -> CodeType:
        asked = text.encode()
        kept = self._fresh.get(asked) or self._found(asked)
        if kept is not None:
            code = marshal.loads(kept)  # noqa: S302 - as Python itself reads the byte code beside it
            if isinstance(code, CodeType):
                return code
        code = compile(text, "<string>", "exec")
        self._fresh[asked] = marshal.dumps(code)
        return code

    def _found(self, asked: bytes) -> bytes | None:
        if self._index is None:
            self._index = self._opened()
        row = self._index.get(crc32(asked))
        if row is None or row[1] != len(asked):
            return None
        found = self._read(row)
        return found[len(asked) :] if found.startswith(asked) else None

    def _read(self, row: tuple[int, int, int]) -> bytes:
        """A text and its code as they lie in the file; empty where they cannot be what the row says."""
        at, length, code_bytes = row
        if not (0 < length <= _MOST_BYTES and 0 < code_bytes <= _MOST_BYTES):
            return b""
        try:
            found = os.pread(self._descriptor, length + code_bytes, at)
        except (OSError, ValueError, OverflowError):
            return b""
        return found if len(found) == length + code_bytes else b""

    def _opened(self) -> _Index:
        """The index, with the offsets that its rows have in the file, which stays open."""
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            begin = os.pread(self._descriptor, len(MAGIC_NUMBER) + _LENGTH_BYTES, 0)
            head_bytes = int.from_bytes(begin[len(MAGIC_NUMBER) :], "big")
            if not begin.startswith(MAGIC_NUMBER) or head_bytes > os.fstat(self._descriptor).st_size:
                return {}
            index = marshal.loads(os.pread(self._descriptor, head_bytes, len(begin)))  # noqa: S302
            before = len(begin) + head_bytes
            return {checksum: (before + at, length, code) for checksum, (at, length, code) in index.items()}
        except (OSError, ValueError, EOFError, TypeError, AttributeError):
            return {}

    def _all(self) -> Iterator[tuple[bytes, bytes]]:
        """Every text that lies there now, with its code; another process may have written since we began."""
        there = KeptCode(self._path)
        try:
            for checksum, row in there._opened().items():
                found = there._read(row)
                if found and crc32(found[: row[1]]) == checksum:
                    yield found[: row[1]], found[row[1] :]
        finally:
            there.close()


def keep_code() -> None:
    """Have the dataclasses of this process made of kept code, if Python keeps byte code here at all."""
    cached = getattr(__spec__, "cached", None)
    if cached is None or sys.dont_write_bytecode:
        return
    import atexit

    code = KeptCode(f"{cached.removesuffix('.pyc')}.dataclasses")
    # That module looks ``exec`` up as it does any other name, so one of its own comes before the built-in.
    dataclasses.exec = code.execute  # type: ignore[attr-defined]
    atexit.register(code.save)
