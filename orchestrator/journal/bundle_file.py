"""Pack a session's folder into one file to send to others: secrets withheld, and what was left out said."""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import Entry, ForeignFolder, Listing, Unread
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.redacted_lines import MARK, records_without_secrets, without_secrets
from orchestrator.safety.redaction import Redactor
from orchestrator.wire.lines import LineFramer

FORMAT = 1
LEFT_OUT = {
    "homes": "the agents' private homes: logins and conversations",
    "logins": "logins that were replaced, or not given back",
    "snapshots": "the target as it was at each step",
    "target": "the rehearsal's copy of the target",
    "stand-ins": "programs that come with orchestrate",
    "changes.patch": "the change of the target",
    "leaving": "what was to leave in the agents' place",
    "workers/etc": "copies of system files",
    "shown.json": "",
    "checkpoint.json": "",
    "session.lock": "",
    "disk.reserve": "",
}
"""Never packed, and why; without a reason it is not worth a word."""
_LOGIN_NAMES = ("credential", "auth", "oauth", "token", "secret", "keychain")
_BLOCK_BYTES = 4 * 1024 * 1024
_PROBE_BYTES = 64 * 1024
MOST_FILE_BYTES = 2 * 1024**3


@dataclass(slots=True)
class Bundle:
    """What was packed."""

    session: str
    files: dict[str, int] = field(default_factory=dict)
    """Name within the session's folder, and how many secrets were withheld in it."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Name within the session's folder, and why."""
    format: int = FORMAT

    @property
    def redactions(self) -> int:
        return sum(self.files.values())


def pack(
    folder: SessionFolder, out: Path, *, redactor: Redactor, with_conversations: bool, logins: Collection[PurePosixPath]
) -> Bundle:
    """Write ``out`` (a gzipped tar, 0600), or leave it as it was.

    Args:
        with_conversations: Pack the private homes as well, but no login in them.
        logins: Files of a home, relative to it, that hold one.

    Raises:
        EnvironmentUnfit: It cannot be written, or something of the session cannot be read.
    """
    bundle = Bundle(folder.id)
    fresh = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
            for name in _files(folder.path, bundle, with_conversations=with_conversations):
                if name.startswith("homes/") and _is_login(PurePosixPath(name), logins):
                    bundle.left_out[name] = "a login"
                else:
                    _add(tar, folder.path, name, bundle=bundle, redactor=redactor)
            _add_text(tar, f"{folder.id}/bundle.json", json.dumps(asdict(bundle), indent=2) + "\n")
        fresh.replace(out)
    except OSError as error:
        raise EnvironmentUnfit(f"cannot pack {folder.path} into {out}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            fresh.unlink()
    return bundle


def _files(top: Path, bundle: Bundle, *, with_conversations: bool) -> Iterator[str]:
    """Regular files below the folder, in order; a worker may have left anything else, none of which is followed."""
    folder = ForeignFolder(top)

    def is_left_out(entry: Entry) -> bool:
        if entry.name not in LEFT_OUT or (entry.name == "homes" and with_conversations):
            return False
        if LEFT_OUT[entry.name] and not _is_empty(folder, entry):
            bundle.left_out[entry.name] = LEFT_OUT[entry.name]
        return True

    for entry in folder.walk(skip=is_left_out):
        if isinstance(entry, Unread):
            bundle.left_out[entry.name] = entry.detail
        elif entry.status.kind == "file":
            yield entry.name
        elif entry.status.kind != "folder":
            bundle.left_out[entry.name] = f"a {entry.status.kind}"


def _is_empty(folder: ForeignFolder, entry: Entry) -> bool:
    listed = folder.entries(entry.name, most=1)
    return isinstance(listed, Listing) and not listed.entries and not listed.is_cut


def _is_login(name: PurePosixPath, logins: Collection[PurePosixPath]) -> bool:
    inside_home = PurePosixPath(*name.parts[2:])
    return inside_home in logins or any(word in name.name.lower() for word in _LOGIN_NAMES)


def _add(tar: tarfile.TarFile, top: Path, name: str, *, bundle: Bundle, redactor: Redactor) -> None:
    with ForeignFolder(top).opened(name) as found, tempfile.TemporaryFile() as kept:
        if isinstance(found, Unread):
            bundle.left_out[name] = found.detail
            return
        if found.status.size > MOST_FILE_BYTES:
            bundle.left_out[name] = f"larger than {MOST_FILE_BYTES >> 30} GiB"
            return
        file = open(found.descriptor, "rb", closefd=False)  # noqa: SIM115 - closed with it
        is_record = name.endswith((".jsonl", ".log"))
        if not is_record and b"\0" in file.read(_PROBE_BYTES):
            bundle.left_out[name] = "not a text"
            return
        file.seek(0)
        count = 0
        for text in _withheld(file, name, redactor=redactor):
            count += text.count(MARK)
            kept.write(_encoded(text))
        file.seek(0)
        bundle.files[name] = max(0, count - _marks(file))
        size = kept.tell()
        kept.seek(0)
        info = tarfile.TarInfo(f"{bundle.session}/{name}")
        info.size, info.mode, info.mtime = size, 0o600, found.status.mtime_ns // 10**9
        tar.addfile(info, kept)


def _withheld(file: IO[bytes], name: str, *, redactor: Redactor) -> Iterator[str]:
    if name == "journal.jsonl":
        # Its texts were joined before they got there, and its last line, if it is being written, is not yet an entry.
        yield from (without_secrets(line, redactor) for line in _lines(file, whole_only=True))
    elif name.endswith(".jsonl"):
        yield from records_without_secrets(_lines(file), redactor)
    elif name.endswith(".json") and os.fstat(file.fileno()).st_size <= _BLOCK_BYTES * 4:
        yield without_secrets(file.read().decode("utf-8", "surrogateescape"), redactor)
    else:
        yield from (redactor.text(block) for block in _blocks(file))


def _lines(file: IO[bytes], *, whole_only: bool = False) -> Iterator[str]:
    framer = LineFramer()
    while chunk := file.read(1024 * 1024):
        for line in framer.feed(chunk):
            yield _told(line.data, line.end - line.start)
    for line in () if whole_only else framer.finish():
        yield _told(line.data, line.end - line.start).removesuffix("\n")


def _told(data: bytes | None, size: int) -> str:
    if data is None:
        return f"[left out: a line of {size} bytes]\n"
    return data.decode("utf-8", "surrogateescape") + "\n"


def _blocks(file: IO[bytes]) -> Iterator[str]:
    """Whole lines, some megabytes at a time, so that a private key of many lines is seen whole."""
    while block := file.read(_BLOCK_BYTES):
        block += file.readline(_BLOCK_BYTES)
        yield block.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")  # half a pair, as JSON itself spells it


def _marks(file: IO[bytes]) -> int:
    """How many redactions the file itself held."""
    mark = MARK.encode()
    return sum(block.encode("utf-8", "surrogateescape").count(mark) for block in _blocks(file))


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))
