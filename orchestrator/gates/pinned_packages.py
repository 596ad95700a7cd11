"""Read which packages a project depends on, and in which versions, from its own files and its environment."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.gates.gate import Subject
from orchestrator.gates.suppressions import table_of

REQUIREMENTS = ("requirements.txt", "requirements.lock", "requirements-prod.txt", "requirements/base.txt")
TOML_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
JSON_LOCK = "Pipfile.lock"
FILES = (*REQUIREMENTS, *TOML_LOCKS, JSON_LOCK)
_PIN = re.compile(
    r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([\w.!+-]+)\s*(?:;|#|\\|--hash|$)", re.MULTILINE
)
_INCLUDE = re.compile(r"^\s*(?:-r|--requirement)[\s=]*([^\s#;]+)", re.MULTILINE)
_HOLDS = re.compile(r"""^\s*python_(?:full_)?version\s*>=?\s*['"](?:2|3\.\d\b)[\d.]*['"]\s*(?:#|\\|--|$)""")
"""Markers that hold for every Python that is still in use."""
_WHOLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_WHOLE_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}")
_NAME = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")


def normalised(name: str) -> str:
    """The name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_of(subject: Subject) -> Mapping[str, frozenset[str]]:
    """The versions of each package that is pinned, locked or installed, by its normalised name."""
    found: dict[str, set[str]] = {}
    for name, version in _rows(subject):
        if _is_plain(name, version):
            found.setdefault(normalised(name), set()).add(version)
    own = _own_name(subject)
    return {name: frozenset(versions) for name, versions in sorted(found.items()) if name != own}


def unknown_versions(subject: Subject) -> tuple[str, ...]:
    """The packages that the project declares and that are neither pinned nor installed."""
    known = pins_of(subject)
    odd = [f"{name!r} {version!r}"[:80] for name, version in _rows(subject) if not _is_plain(name, version)]
    # An environment shows what such a file brings; without one nothing does.
    elsewhere = () if subject.installed else _included(subject)
    return (*sorted({name for name in map(normalised, _declared(subject)) if name not in known}), *elsewhere, *odd)


def _rows(subject: Subject) -> list[tuple[str, str]]:
    return [*_pins(subject), *((row.name, row.version) for row in subject.installed)]


def _is_plain(name: str, version: str) -> bool:
    """Whether both are what they should be: others wrote them, and they become lines of a file that a tool obeys."""
    return bool(_WHOLE_NAME.fullmatch(name)) and bool(_WHOLE_VERSION.fullmatch(version))


def _pins(subject: Subject) -> Iterator[tuple[str, str]]:
    """Name and version of each package that a file of the project pins, as they are written there."""
    for file in REQUIREMENTS:
        yield from _PIN.findall(subject.settings.get(file, ""))
    for requirement in _dependencies(subject):
        yield from _PIN.findall(requirement)
    for file in TOML_LOCKS:
        yield from _locked(_toml(subject.settings.get(file, "")).get("package", ()))
        yield from _locked(_toml(subject.settings.get(file, "")).get("packages", ()))
    yield from _pipfile(subject.settings.get(JSON_LOCK, ""))


def _locked(rows: Any) -> Iterator[tuple[str, str]]:
    for row in rows if isinstance(rows, list) else ():
        match row:
            case {"name": str(name), "version": str(version)}:
                yield name, version


def _pipfile(text: str) -> Iterator[tuple[str, str]]:
    try:
        document: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return
    default = document.get("default") if isinstance(document, dict) else None
    for name, row in (default if isinstance(default, dict) else {}).items():
        version = row.get("version") if isinstance(row, dict) else None
        if isinstance(version, str) and version.startswith("=="):
            yield str(name), version[2:]


def _declared(subject: Subject) -> Iterator[str]:
    """Names of what the project says that it needs, without what holds for other systems or extras alone."""
    lines: Iterable[str] = (*_dependencies(subject), *subject.settings.get("requirements.txt", "").splitlines())
    for line in lines:
        match, (wanted, sign, marker) = _NAME.match(line), line.partition(";")
        if match is not None and "://" not in wanted and (not sign or _HOLDS.match(marker)):
            yield match[1]


def _included(subject: Subject) -> Iterator[str]:
    """Files of requirements that are included and not read here."""
    for file in REQUIREMENTS:
        folder = posixpath.dirname(file)
        for match in _INCLUDE.finditer(subject.settings.get(file, "")):
            if posixpath.normpath(posixpath.join(folder, match[1])) not in subject.settings:
                yield match[1][:80]


def _dependencies(subject: Subject) -> tuple[str, ...]:
    found = table_of(subject, "pyproject.toml", "project").get("dependencies")
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def _own_name(subject: Subject) -> str:
    return normalised(str(table_of(subject, "pyproject.toml", "project").get("name", "")))


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
