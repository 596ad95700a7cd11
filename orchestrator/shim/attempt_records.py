"""Read and write the shim's JSON files as plain values; a file is whole or absent.

Imported by the shim, where ``import json`` alone would cost 8 ms (it pulls in ``re`` and ``enum``) of a 15 ms goal, so
the two C functions under it are called directly; any interpreter without them gets the public module.
"""

from __future__ import annotations

from orchestrator.shim.processes import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FULL = frozenset({28, 122})
"""``ENOSPC`` and ``EDQUOT`` (``import errno`` would be one more module for the shim)."""


class _Plain:
    """The attributes that the C scanner reads from a decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def decode(text: str) -> object:
    """The value ``text`` holds.

    Raises:
        ValueError: it is no JSON document.
    """
    stripped = text.strip()
    try:
        from _json import make_scanner

        value, end = make_scanner(_Plain())(stripped, 0)  # type: ignore[arg-type]  # a whole JSONDecoder is more than it asks of
        if end == len(stripped):
            return value
    except (ImportError, StopIteration, SystemError):
        pass  # The C scanner cannot even raise its own error while the public module is not loaded (3.11).
    import json

    return json.loads(stripped)


def encode(value: Mapping[str, object]) -> str:
    """Write a value as one JSON document, with a newline at its end."""
    try:
        import _json

        quote = _json.encode_basestring_ascii
        write = _json.make_encoder(None, None, quote, None, ": ", ", ", False, False, True)  # type: ignore[arg-type]  # as json calls it
        return "".join(write(value, 0)) + "\n"
    except (ImportError, AttributeError, TypeError):
        import json

        return json.dumps(value) + "\n"


def decode_file(path: str) -> dict[str, object]:
    """The JSON object in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not an object.
    """
    with open(path, encoding="utf-8") as file:
        value = decode(file.read())
    if not isinstance(value, dict):
        raise ValueError(f"{path}: not a JSON object")
    return value


def claim(path: str, text: str) -> bool:
    """Create ``path`` with ``text`` in it; ``False`` if it is there already, and then it is left alone.

    Raises:
        OSError: It cannot be written whole; then it is not there.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    data = text.encode()
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(next(iter(FULL)), "no space left", path)
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
    return True


def replace_file(path: str, text: str, *, sync: bool = False) -> None:
    """Put ``text`` in the place of ``path`` at once; with ``sync`` its bytes are on disk before that.

    On a full disk a file that is there already is written over instead: the blocks it has are the only ones left.
    """
    try:
        _replace(path, text, sync=sync)
    except OSError as problem:
        if problem.errno not in FULL:
            raise
        try:
            _overwrite(path, text.encode(), sync=sync)
        except FileNotFoundError:
            raise problem from None


def _replace(path: str, text: str, *, sync: bool) -> None:
    fresh = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        remaining = text.encode()
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
        if sync:
            os.fsync(descriptor)
    except OSError:
        os.unlink(fresh)
        raise
    finally:
        os.close(descriptor)
    os.replace(fresh, path)


def _overwrite(path: str, data: bytes, *, sync: bool) -> None:
    """Write once from the file's first byte on; spaces, which JSON passes over, cover what was longer."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, data.ljust(os.fstat(descriptor).st_size), 0)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
