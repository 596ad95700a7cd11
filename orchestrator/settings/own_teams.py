"""Read and write the user's own team files for a program that edits them; nothing outside their folder is written."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from orchestrator.agents.registry import AGENTS
from orchestrator.composition.team_files import TeamFile, included_reader, team_from
from orchestrator.composition.team_text import comments_in, same_data, team_text
from orchestrator.errors import EnvironmentUnfit, InvalidFile, UsageError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.late_pattern import late_pattern
from orchestrator.settings.team_library import gate_names, read_team, team_paths, user_folder
from orchestrator.settings.template_library import load_library
from orchestrator.toml_files import TomlFile, parse_toml
from orchestrator.value_class import value_class

NAME: Final = late_pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_HINT: Final = "letters, digits, '_' and '-', at most 64 of them; a letter or a digit first"


@value_class
class OwnTeam:
    """A team file as it stands on the disk."""

    file: TomlFile
    team: TeamFile
    digest: str
    """Of its bytes; whoever saves says which state they have seen."""

    @property
    def comments(self) -> int:
        """How many comments a rewritten file would lose."""
        return comments_in(self.file.text)


def team_of(file: TomlFile, *, project: Path | None = None) -> TeamFile:
    """The team in a file that need not be on the disk yet, as ``orchestrate teams check`` reads it.  Blocks.

    Args:
        project: A target that a person trusts, whose own templates count as well.

    Raises:
        InvalidFile: It is no team; with the reason.
    """
    templates = {name: entry.template for name, entry in load_library(project).items()}
    read = included_reader(file.path.parent, read_team)
    return team_from(file, templates=templates, known_agents=tuple(AGENTS), known_gates=gate_names, read=read)


def draft(name: str, data: Mapping[str, Any]) -> TomlFile:
    """The file in the user's folder that this tree would be; it is not written.

    Raises:
        UsageError: No team can have that name.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r:.80} cannot be a team's name", hint=_HINT)
    return parse_toml(user_folder() / f"{name}.toml", team_text(data).encode())


def open_team(folder: Path, name: str, *, project: Path | None = None) -> OwnTeam:
    """The file of that name in a folder of teams.  Blocks.

    Raises:
        InvalidFile: There is none, or it is no team; with the reason.
    """
    path = next((path for path in team_paths(folder) if path.stem == name), None)
    if path is None:
        raise InvalidFile(folder / "…", f"there is no team file {name!r:.80}")
    file = read_team(path)
    return OwnTeam(file, team_of(file, project=project), digest_of(file))


def digest_of(file: TomlFile) -> str:
    return hashlib.sha256(file.text.encode()).hexdigest()


class Overtaken(UsageError):
    """The file is not what whoever saves has seen."""


class LosesComments(UsageError):
    """To write the file anew would lose what a person wrote for people."""


def save_team(file: TomlFile, *, seen: str | None, without_comments: bool = False) -> str:
    """Write a draft that is a right team; the digest of what stands there now.  Blocks.

    A file that says the same already is left alone, byte for byte.

    Args:
        seen: The digest of the file that was opened; ``None``: there must be none yet.
        without_comments: A person knows that the file's comments are lost.

    Raises:
        InvalidFile: It is no team, or another file has its name.
        Overtaken: Somebody else has written the file, or made one.
        LosesComments: It has comments, and nobody has agreed to lose them.
        EnvironmentUnfit: The folder or the file cannot be written.
    """
    folder = file.path.parent
    team = team_of(file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentUnfit(f"{folder} cannot be made: {error.strerror}") from error
    with _held(folder):
        now: OwnTeam | None = None
        for path in team_paths(folder):
            if path.name == file.path.name:
                there = read_team(path)
                now = OwnTeam(there, team, digest_of(there))
            elif _name_in(path) == team.name:
                raise InvalidFile(path, f"this file has the name {team.name!r} already")
        if (now.digest if now else None) != seen:
            if now is None:
                raise Overtaken(f"{file.path} has been deleted meanwhile", hint="save it under a new name")
            what = "has been changed meanwhile" if seen else "is there already"
            raise Overtaken(
                f"{file.path} {what}", hint="open it and make your change there, or save under another name"
            )
        if now is not None and same_data(now.file.data, file.data):
            return now.digest
        if not NAME.fullmatch(team.name):
            raise UsageError(f"{team.name!r:.80} cannot be a team's name", hint=_HINT)
        if now is not None and now.comments and not without_comments:
            raise LosesComments(f"{file.path} has comments ({now.comments}), and a file that is written anew has none")
        if file.path.is_symlink():
            raise EnvironmentUnfit(f"{file.path} is a link to another place", hint="save under another name")
        write_atomically(file.path, file.text)
    return digest_of(file)


def _name_in(path: Path) -> Any:
    """The name that a file gives its team; what is no file of a team has none."""
    try:
        return read_team(path).data.get("name", path.stem)
    except InvalidFile:
        return None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Nobody else saves in the folder while the block runs, from whichever process."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise EnvironmentUnfit(f"{folder} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
