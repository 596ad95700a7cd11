"""Bring what the policy lists of the user's CLI settings into a worker's home, beside what the adapter placed there."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from orchestrator.agents.contract import Agent
from orchestrator.agents.user_settings import IN_WORDS, UserSetting
from orchestrator.files.foreign import ForeignFolder, Listing, Status, Unread
from orchestrator.files.temporary import temporary_folder
from orchestrator.toml_files import toml_text

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one file."""
MOST_FILES: Final = 2_000
MOST_DEPTH: Final = 12
"""Links are followed, since people link their skills from elsewhere; a loop of them ends here."""
MOST_TOLD: Final = 5
"""Of what cannot be copied; the rest is counted."""
CREDENTIALS: Final = PurePosixPath(".orchestrate/credentials")
"""Where copies of files lie that variables name."""


def settings_there(agent: Agent, home: Path) -> tuple[UserSetting, ...]:
    """Which of the CLI's settings the user has."""
    folder = ForeignFolder(home, links="follow")
    return tuple(setting for setting in agent.user_settings if _is_there(folder, setting))


def words_about_settings(agent: Agent, home: Path, bring: Collection[str]) -> str | None:
    """Say which settings do not reach this agent's workers, and how to bring them; ``None`` if there are none."""
    left = [one for one in settings_there(agent, home) if one.stays or one.kind not in bring]
    if not left:
        return None
    shown: dict[str, list[str]] = {}
    for one in left:
        shown.setdefault(IN_WORDS[one.kind], []).append(f"~/{one.path}")
    listed = ", ".join(f"{words} ({', '.join(dict.fromkeys(places))})" for words, places in shown.items())
    kinds = list(dict.fromkeys(one.kind for one in left if not one.stays))
    how = f"; a sandbox policy with `bring = {json.dumps(kinds)}` takes along what it names" if kinds else ""
    return f"of your own settings for {agent.title} its workers get nothing of: {listed}{how}"


def words_about_losses(agent: Agent, home: Path, bring: Collection[str]) -> str | None:
    """Say which listed settings of this agent cannot be copied, found by trying; ``None`` if all can."""
    if not bring:
        return None
    with temporary_folder("settings") as place:
        problems = carry_settings(agent, bring, user_home=home, home=place)
    if not problems:
        return None
    more = f" and {len(problems) - MOST_TOLD} more" if len(problems) > MOST_TOLD else ""
    return (
        f"of your own settings for {agent.title} these cannot be brought along: {'; '.join(problems[:MOST_TOLD])}{more}"
    )


def carry_settings(agent: Agent, kinds: Collection[str], *, user_home: Path, home: Path) -> tuple[str, ...]:
    """Copy the settings of these kinds; returns what could not be, in words.

    Raises:
        OSError: The worker's home cannot be written.
    """
    problems: list[str] = []
    user = ForeignFolder(user_home, links="follow")
    for setting in agent.user_settings:
        if setting.stays or setting.kind not in kinds:
            continue
        if setting.keys:
            problems += _merge(user, setting, home)
        elif _is_there(user, setting):
            problems += copy_from_home(user_home, home, (setting.path,))
    return tuple(problems)


def copy_from_home(user_home: Path, home: Path, names: Sequence[PurePosixPath]) -> tuple[str, ...]:
    """Copy files and folders of the user's home into a worker's, where they are; returns what could not be, in words.

    Raises:
        OSError: The worker's home cannot be written.
    """
    copy = _Copy(ForeignFolder(user_home, links="follow"), ForeignFolder(home))
    return tuple(problem for name in names for problem in copy.take(str(name), 0))


def copy_of_file(path: str, name: str, home: Path) -> Path | None:
    """A copy in a worker's home of a file anywhere that a variable names; ``None`` where it cannot be read.

    Raises:
        OSError: The worker's home cannot be written.
    """
    if not path.startswith("/"):
        return None
    content = ForeignFolder(Path("/"), links="follow").read(path.lstrip("/"), most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        return None
    ForeignFolder(home).write(CREDENTIALS / name, content)
    return home / CREDENTIALS / name


@dataclass(slots=True)
class _Copy:
    user: ForeignFolder
    home: ForeignFolder
    count: int = 0

    def take(self, name: str, depth: int) -> Iterator[str]:
        """Bring one file or folder of the user's home along, and say what of it could not be."""
        status = self.user.status(name)
        if isinstance(status, Unread):
            if status.reason != "missing" or depth:
                yield f"~/{name}: {status.detail}"
            return
        if self.count >= MOST_FILES or depth > MOST_DEPTH:
            yield f"~/{name}: there is more than the {MOST_FILES} files and {MOST_DEPTH} folders that are brought along"
            return
        self.count += 1
        if status.kind == "folder":
            yield from self._folder(name, depth)
        elif status.kind == "file":
            content = self.user.read(name, most_bytes=MOST_BYTES)
            if isinstance(content, Unread):
                yield f"~/{name}: {content.detail}"
            else:
                self.home.write(PurePosixPath(name), content, mode=0o700 if status.mode & 0o100 else 0o600, sync=False)

    def _folder(self, name: str, depth: int) -> Iterator[str]:
        listing = self.user.entries(name, most=MOST_FILES)
        if isinstance(listing, Unread):
            yield f"~/{name}: {listing.detail}"
            return
        for entry in listing.entries:
            if entry.base == ".git":
                continue
            yield from self.take(f"{name}/{entry.base}", depth + 1)
            if self.count >= MOST_FILES:
                yield f"~/{name}: there is more than the {MOST_FILES} files that are brought along"
                return


def _is_there(user: ForeignFolder, setting: UserSetting) -> bool:
    if setting.keys:
        document = _document(user, setting.path)
        return isinstance(document, Mapping) and any(document.get(key) for key in setting.keys)
    status = user.status(str(setting.path))
    if not isinstance(status, Status):
        return False
    if status.kind == "file":
        return status.size > 0
    listing = user.entries(str(setting.path), most=MOST_FILES)
    # The CLIs keep their own below names that begin with a dot.
    return isinstance(listing, Listing) and any(not entry.base.startswith(".") for entry in listing.entries)


def _document(folder: ForeignFolder, name: PurePosixPath) -> Mapping[str, Any] | str | None:
    """What stands in a JSON or TOML file; ``None`` where there is none, and words about one that cannot be read."""
    text = folder.read_text(name, most_bytes=MOST_BYTES)
    if isinstance(text, Unread):
        return None if text.reason == "missing" else text.detail
    try:
        value = tomllib.loads(text) if name.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"cannot be read: {error}"
    return value if isinstance(value, dict) else "holds no settings"


def _merge(user: ForeignFolder, setting: UserSetting, home: Path) -> Iterator[str]:
    theirs = _document(user, setting.path)
    if isinstance(theirs, str):
        yield f"~/{setting.path} {theirs}"
        theirs = None
    folder = ForeignFolder(home)
    placed = _document(folder, setting.place)
    merged: dict[str, Any] = dict(placed) if isinstance(placed, Mapping) else {}
    for key in setting.keys:
        value = (theirs or {}).get(key)
        if isinstance(value, Mapping):
            ours = merged.get(key)
            merged[key] = {**value, **(ours if isinstance(ours, Mapping) else {})}
        elif value is not None:
            merged.setdefault(key, value)
        elif setting.into is not None:
            merged.setdefault(key, {})  # a file that the command line names must be there
    text = toml_text(merged) if setting.place.suffix == ".toml" else json.dumps(merged, indent=1) + "\n"
    folder.write(setting.place, text.encode())
