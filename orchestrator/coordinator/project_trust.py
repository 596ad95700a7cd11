"""Read what a project says about itself in ``.orchestrator/`` once, and obey it only where a person consented.

Such files come with a clone.  They configure and run nothing until a person has said yes to them as they are; a change
by anybody but this program asks again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.models.recorded_outcomes import OWN_VIEW
from orchestrator.settings.user_places import state_folder
from orchestrator.suites.detection import SETTINGS, stated_commands
from orchestrator.value_class import value_class

FOLDER: Final = ".orchestrator"
MOST_FILES: Final = 1_000
MOST_BYTES: Final = 1_000_000
"""Of one file."""
SETTINGS_TIME_S: Final = 10.0


@value_class
class ProjectSettings:
    """The settings of one project as they are on disk."""

    digest: str = ""
    """Over every file; empty where there is none."""
    files: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    """``[tests] commands``."""


@value_class
class Trusted:
    """The part of a project's settings that a session obeys."""

    digest: str = ""
    commands: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_settings(target: Path) -> ProjectSettings:
    """Read a project's settings; links are not followed, and special files are refused.  Blocks.

    Raises:
        UsageError: They are written wrongly, or are no plain files.
    """
    folder = ForeignFolder(target)
    if isinstance(folder.status(FOLDER), Unread):
        return ProjectSettings()
    digest = hashlib.sha256()
    names: list[str] = []
    settings: bytes | None = None
    for entry in folder.walk(FOLDER, most=MOST_FILES, skip=_is_own_view):
        if isinstance(entry, Unread):
            raise UsageError(f"the project's settings cannot be read: {entry}", hint=f"look at {target / FOLDER}")
        if entry.status.kind == "folder":
            continue
        content = folder.read(entry.name, most_bytes=MOST_BYTES)
        if isinstance(content, Unread):
            raise UsageError(f"the project's settings cannot be read: {content}", hint=f"look at {target / FOLDER}")
        names.append(entry.name)
        digest.update(f"{len(entry.name)} {entry.name} {len(content)}\n".encode("utf-8", "surrogateescape") + content)
        settings = content if entry.name == SETTINGS else settings
    if not names:
        return ProjectSettings()
    try:
        commands = stated_commands(settings) if settings is not None else ()
    except ValueError as error:
        raise UsageError(str(error), hint="mend it, or delete it") from error
    return ProjectSettings(digest.hexdigest(), tuple(names), commands)


def _is_own_view(entry: Entry) -> bool:
    return entry.name == str(OWN_VIEW)  # what this program writes there itself asks for nothing


def consented(target: Path, environ: Mapping[str, str]) -> str:
    """The digest a person has consented to for this target; empty where nobody has."""
    return str(_known(_place(environ)).get(str(target), ""))


def consent(target: Path, settings: ProjectSettings, environ: Mapping[str, str]) -> None:
    """Remember that a person consents to the settings as they are.

    Raises:
        EnvironmentUnfit: It cannot be written down.
    """
    place = _place(environ)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(place, json.dumps({**_known(place), str(target): settings.digest}, indent=2) + "\n")
    except OSError as problem:
        raise EnvironmentUnfit(f"the consent cannot be written to {place}: {problem.strerror}") from problem


def trusted_settings(target: Path, environ: Mapping[str, str], *, trust: bool, policy: str) -> Trusted:
    """What a session may take over.

    Args:
        trust: A person says so for this run (``--trust-project``).
        policy: The sandbox policy's name: under ``ci`` nobody has consented.

    Raises:
        UsageError: They are written wrongly.
    """
    try:
        settings = read_settings(target)
    except UsageError as error:
        if trust:
            raise
        return Trusted(warnings=(f"the project's own settings are not used: {error.message}",))
    if not settings.digest or trust:
        return Trusted(settings.digest, settings.commands)
    known = consented(target, environ) if policy != "ci" else ""
    if known == settings.digest:
        return Trusted(settings.digest, settings.commands)
    why = "they have changed since you consented" if known else "nobody has consented to them"
    longer = "" if policy == "ci" else "look at them, then: orchestrate trust; for one run: "
    named = ", ".join(settings.files[:5])
    return Trusted(warnings=(f"the project's own settings ({named}) are not used: {why}; {longer}--trust-project",))


def _place(environ: Mapping[str, str]) -> Path:
    return state_folder(environ) / "trusted-projects.json"


def _known(place: Path) -> Mapping[str, object]:
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
