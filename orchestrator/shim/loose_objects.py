"""Take objects that a worker made over into the real repository, each only if it is what its name says.

Imported by the shim: standard library only.
"""

from __future__ import annotations

import hashlib
import os
import zlib

from orchestrator.shim.git_files import files_below, open_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_HEX = "0123456789abcdef"
_KINDS = (b"blob", b"tree", b"commit", b"tag")
MOST_OBJECT_BYTES = 8 << 30
"""Of one unpacked object; zlib makes a thousand bytes out of one."""
_PART = 1 << 20


def take_objects(layer: str, real: str, algorithm: str, index_pack: Callable[[int], str | None]) -> list[str]:
    """Take loose objects and packs over; returns in words what could not be.

    Args:
        layer: the folder of objects that a worker wrote.
        real: the folder they go into; objects that nobody refers to do no harm there.
        index_pack: gives git one open pack to take over; returns what it says against it.
    """
    problems: list[str] = []
    for path in files_below(layer):
        folder, _, name = path.rpartition("/")
        if is_loose(path, algorithm):
            problems += _take_loose(f"{layer}/{path}", real, path, algorithm)
        elif folder == "pack" and name.startswith("pack-") and name.endswith(".pack"):
            problems += _take_pack(f"{layer}/{path}", f"{real}/{path}", name, index_pack)
    return problems


def is_loose(path: str, algorithm: str) -> bool:
    """Whether it is named as one loose object is."""
    folder, _, name = path.rpartition("/")
    length = 2 * hashlib.new(algorithm).digest_size
    return len(folder) == 2 and len(folder + name) == length and not (folder + name).strip(_HEX)


def _take_pack(path: str, real: str, name: str, index_pack: Callable[[int], str | None]) -> list[str]:
    if os.path.exists(real):
        return []  # Taken over before, under the name that git gives it.
    opened = open_file(path)
    if opened is None:
        return []
    try:
        problem = index_pack(opened)
    finally:
        os.close(opened)
    return [f"{name}: {problem}"] if problem else []


def _take_loose(path: str, real: str, name: str, algorithm: str) -> list[str]:
    place = f"{real}/{name}"
    if os.path.lexists(place):
        return []
    opened = open_file(path)
    if opened is None:
        return []
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, os.stat(real).st_mode & 0o7777)
    temporary = f"{folder}/tmp_obj_{os.getpid()}"  # noqa: S108 - as git calls them, which clears them away
    try:
        with open(temporary, "wb") as writing:
            problem = _checked_copy(opened, writing.fileno(), name.replace("/", ""), algorithm)
            if problem is None:
                os.fchmod(writing.fileno(), 0o444)
        if problem is None:
            os.rename(temporary, place)
            return []
        os.unlink(temporary)
        return [f"object {name.replace('/', '')}: {problem}"]
    finally:
        os.close(opened)


def _checked_copy(source: int, target: int, oid: str, algorithm: str) -> str | None:
    """Copy a loose object while it is unpacked and hashed; what is wrong with it, or ``None``."""
    digest, unpacking = hashlib.new(algorithm), zlib.decompressobj()
    head, size, length = b"", 0, -1
    try:
        while True:
            part = os.read(source, _PART)
            if not part:
                break
            os.write(target, part)
            data = part
            while data or unpacking.unconsumed_tail:
                out = unpacking.decompress(data or unpacking.unconsumed_tail, _PART)
                data = b""
                digest.update(out)
                size += len(out)
                if length < 0:
                    head += out
                    length = _length(head)
                    if length < -1:
                        return "it is not an object"
                if size > min(MOST_OBJECT_BYTES, length if length >= 0 else 64):
                    return "it is longer than it says"
                if unpacking.eof or not out:
                    break
            if unpacking.eof and (unpacking.unused_data or os.read(source, 1)):
                return "something stands behind it"
            if unpacking.eof:
                break
    except zlib.error:
        return "it is damaged"
    if not unpacking.eof or size != length:
        return "it is cut short"
    return None if digest.hexdigest() == oid else "its content is not what its name says"


def _length(head: bytes) -> int:
    """The whole length, header included; -1 while that is not known; -2 for what is no header."""
    header, end, _ = head.partition(b"\0")
    kind, space, number = header.partition(b" ")
    if not end:
        return -1 if len(head) < 64 else -2
    if kind not in _KINDS or not space or not number.isdigit() or len(number) > 15:
        return -2
    return len(header) + 1 + int(number)
