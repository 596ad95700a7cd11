"""Read which packages a project depends on, and in which versions, from its own files and its environment."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.gates.declared_packages import MANIFESTS, REQUIREMENTS, declared_by, parts_of, text_of
from orchestrator.gates.gate import Subject
from orchestrator.late_pattern import late_pattern

TOML_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
JSON_LOCK = "Pipfile.lock"
LOCKS = (*TOML_LOCKS, JSON_LOCK)
FILES = (*MANIFESTS, *LOCKS)
_PIN = late_pattern(
    r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([\w.!+-]+)\s*(?:;|#|\\|--hash|$)", re.MULTILINE
)
_WHOLE_NAME = late_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_WHOLE_VERSION = late_pattern(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}")
_OWN_SOURCES = frozenset({"virtual", "editable"})
"""How uv marks the project and its parts."""
_NO_VERSION = ""


def normalised(name: str) -> str:
    """The name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_of(subject: Subject) -> Mapping[str, frozenset[str]]:
    """The versions of each package that is pinned, locked or installed, by its normalised name."""
    found: dict[str, set[str]] = {}
    for name, version in _rows(subject):
        if version != _NO_VERSION and _is_plain(name, version):
            found.setdefault(normalised(name), set()).add(version)
    own = set(map(normalised, declared_by(subject).own))
    return {name: frozenset(versions) for name, versions in sorted(found.items()) if name not in own}


def unknown_versions(subject: Subject) -> tuple[str, ...]:
    """The packages that the project declares and that are neither pinned nor installed, and what hides some."""
    said = declared_by(subject)
    known = {*pins_of(subject), *map(normalised, said.own)}
    unpinned = {name for name, version in _rows(subject) if version == _NO_VERSION}
    missing = {name for name in map(normalised, {*said.names, *unpinned}) if name not in known}
    odd = [
        f"{name!r} {version!r}"[:80]
        for name, version in _rows(subject)
        if version != _NO_VERSION and not _is_plain(name, version)
    ]
    # An environment shows what such a file brings; without one nothing does.
    elsewhere = () if subject.installed else (*said.gaps, *_broken_locks(subject))
    return (*sorted(missing), *elsewhere, *odd)


def _rows(subject: Subject) -> list[tuple[str, str]]:
    return [*_pins(subject), *((row.name, row.version) for row in subject.installed)]


def _is_plain(name: str, version: str) -> bool:
    """Whether both are what they should be: others wrote them, and they become lines of a file that a tool obeys."""
    return bool(_WHOLE_NAME.fullmatch(name)) and bool(_WHOLE_VERSION.fullmatch(version))


def _pins(subject: Subject) -> Iterator[tuple[str, str]]:
    """Name and version of each package that a file of the project pins, as they are written there.

    A package that is locked without a version, as one from a repository is, has none.
    """
    for file in (*REQUIREMENTS, *parts_of(subject, ("requirements.txt",))):
        yield from _PIN.findall(text_of(subject, file))
    for requirement in declared_by(subject).requirements:
        yield from _PIN.findall(requirement)
    for file in _lock_files(subject):
        document = _locked_document(file, text_of(subject, file))
        if file.endswith(JSON_LOCK):
            yield from _pipfile(document or {})
        else:
            for key in ("package", "packages"):
                yield from _locked((document or {}).get(key, ()))


def _lock_files(subject: Subject) -> Iterator[str]:
    yield from (name for name in LOCKS if subject.settings.get(name))
    yield from (name for name in parts_of(subject, LOCKS) if name not in LOCKS)


def _broken_locks(subject: Subject) -> list[str]:
    files = [file for file in _lock_files(subject) if _locked_document(file, text_of(subject, file)) is None]
    files += [file for file in subject.unread if file in LOCKS]
    return [f"{file}, which cannot be read" for file in files]


def _locked(rows: Any) -> Iterator[tuple[str, str]]:
    for row in rows if isinstance(rows, list) else ():
        source = row.get("source") if isinstance(row, dict) else None
        if isinstance(source, dict) and _OWN_SOURCES.intersection(source):
            continue
        match row:
            case {"name": str(name), "version": str(version)} if version:
                yield name, version
            case {"name": str(name)} if "directory" not in row:
                yield name, _NO_VERSION


def _pipfile(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    default = document.get("default")
    for name, row in (default if isinstance(default, dict) else {}).items():
        version = row.get("version") if isinstance(row, dict) else None
        if isinstance(version, str) and version.startswith("=="):
            yield str(name), version.lstrip("=")
        elif not (isinstance(row, dict) and "path" in row):
            yield str(name), _NO_VERSION


def _locked_document(file: str, text: str) -> Mapping[str, Any] | None:
    """What a lock file holds; ``None`` where it cannot be read."""
    try:
        found: Any = json.loads(text) if file.endswith(JSON_LOCK) else tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
