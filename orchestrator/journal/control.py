"""Keep what a person asks of a running session as whole files in ``control/session``, numbered from 1."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.files.atomic_replace import sync_folder
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.late_adapter import late_adapter
from orchestrator.late_pattern import late_pattern
from orchestrator.models.entries import PersonsWords, UserCommand
from orchestrator.value_class import value_class

_COMMAND: TypeAdapter[UserCommand] = late_adapter(UserCommand)
_WORDS: TypeAdapter[PersonsWords] = late_adapter(PersonsWords)
MOST_BYTES = 16 * 1024 * 1024
_NAME = late_pattern(r"(\d{4,9})\.json")


class _Folder(Protocol):
    @property
    def commands_dir(self) -> Path: ...


@value_class
class NumberedCommand:
    """One dropped file."""

    n: int
    command: UserCommand | None
    problem: str | None = None
    """Why there is no command in it."""


def person() -> str:
    """Name the person who gives a command: the user this process runs as."""
    number = os.getuid()
    try:
        return f"{pwd.getpwuid(number).pw_name} (uid {number})"
    except KeyError:
        return f"uid {number}"


def drop_command(folder: _Folder, command: UserCommand) -> int:
    """Leave a command for the session's coordinator and return its number.

    The file appears whole under the next free number, also when several processes drop at once.

    Raises:
        EnvironmentUnfit: The folder cannot be written.
    """
    commands = folder.commands_dir
    try:
        commands.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=commands, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_COMMAND.dump_json(command, exclude_none=True) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            n = _link_to_next_number(Path(temporary), commands)
        finally:
            Path(temporary).unlink()
        sync_folder(commands)
    except OSError as error:
        raise EnvironmentUnfit(f"cannot leave a command in {commands}: {error.strerror}") from error
    return n


def written_words(words: PersonsWords) -> bytes:
    """A person's words with whose they are, for the coordinator that is started by them."""
    return _WORDS.dump_json(words)


def read_words(written: bytes) -> PersonsWords:
    """The words as :func:`written_words` wrote them.

    Raises:
        UsageError: It did not.
    """
    try:
        return _WORDS.validate_json(written)
    except ValidationError as error:
        raise UsageError("what came on standard input are no words of a person") from error


def read_commands(folder: _Folder, after: int) -> list[NumberedCommand]:
    """The commands numbered above ``after``, in order.  Never raises for what a file says."""
    found = [(n, name) for n, name in _numbered_files(folder.commands_dir) if n > after]
    return [_read(n, folder.commands_dir / name) for n, name in sorted(found)]


def _link_to_next_number(temporary: Path, commands: Path) -> int:
    n = max((n for n, _ in _numbered_files(commands)), default=0) + 1
    while True:
        try:
            # A rename would replace the file of somebody who took the number in between; a link refuses.
            os.link(temporary, commands / f"{n:04d}.json")
        except FileExistsError:
            n += 1
        else:
            return n


def _numbered_files(commands: Path) -> list[tuple[int, str]]:
    try:
        names = [path.name for path in commands.iterdir()]
    except FileNotFoundError:
        return []
    return [(int(match[1]), name) for name in names if (match := _NAME.fullmatch(name))]


def _read(n: int, path: Path) -> NumberedCommand:
    content = ForeignFolder(path.parent).read(path.name, most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        return NumberedCommand(n, None, f"{path.name} {content.detail}")
    try:
        return NumberedCommand(n, _COMMAND.validate_json(content))
    except ValidationError as error:
        return NumberedCommand(n, None, f"{path.name} is no command: {error.errors(include_url=False)[0]['msg']}")
