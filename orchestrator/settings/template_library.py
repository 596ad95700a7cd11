"""Collect the agent templates there are: built in, the user's, and those of a project that a person trusts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from orchestrator.composition.template_files import FOLDER, built_in_templates, parse_template
from orchestrator.errors import InvalidFile
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.models.agent_template import AgentTemplate
from orchestrator.toml_files import TomlFile, parse_toml
from orchestrator.value_class import value_class

PROJECT_FOLDER: Final = ".orchestrator/templates"
MOST_BYTES: Final = 256 * 1024
"""Of one file."""

Origin: TypeAlias = Literal["built in", "user", "project"]


@value_class
class LibraryEntry:
    """A template, where it comes from, and whose it replaces."""

    template: AgentTemplate
    origin: Origin
    path: Path
    replaces: Origin | None = None


def user_folder() -> Path:
    """Where the user's own templates lie; it need not exist."""
    from platformdirs import user_config_path

    return user_config_path("orchestrate", appauthor=False) / "templates"


def load_library(project: Path | None = None, *, user: Path | None = None) -> Mapping[str, LibraryEntry]:
    """All templates by id; the user's replace built-in ones of their id, the project's replace both.  Blocks.

    Args:
        project: A target that a person trusts (see ``coordinator.project_trust``); ``None``: no project's are read.
        user: The user's folder of templates; ``None`` takes the usual one.

    Raises:
        InvalidFile: One of them is no template, or two of one folder have the same id.
    """
    library: dict[str, LibraryEntry] = {
        name: LibraryEntry(template, "built in", FOLDER / f"{name}.toml")
        for name, template in built_in_templates().items()
    }
    user = user if user is not None else user_folder()
    places: tuple[tuple[Origin, Path | None, str], ...] = (("user", user, ""), ("project", project, PROJECT_FOLDER))
    for origin, root, below in places:
        own: dict[str, Path] = {}
        for file in _files(root, below, follow=origin == "user") if root is not None else ():
            template = parse_template(file)
            if template.id in own:
                raise file.fault(f"{own[template.id].name} has the id {template.id!r} as well", key="id")
            own[template.id] = file.path
            before = library.get(template.id)
            library[template.id] = LibraryEntry(template, origin, file.path, before.origin if before else None)
    return library


def _files(root: Path, below: str, *, follow: bool) -> Iterator[TomlFile]:
    """The TOML files of a folder, by name; none where there is no such folder.

    Args:
        follow: People keep their own settings as links to another folder; a project's lead nowhere else.
    """
    folder = ForeignFolder(root, links="follow" if follow else "refuse")
    listing = folder.entries(below)
    if isinstance(listing, Unread):
        if listing.reason == "missing":
            return
        raise InvalidFile(root / below, listing.detail)
    for entry in listing.entries:
        if not entry.base.endswith(".toml"):
            continue
        content = folder.read(entry.name, most_bytes=MOST_BYTES)
        if isinstance(content, Unread):
            raise InvalidFile(root / entry.name, content.detail)
        yield parse_toml(root / entry.name, content)
