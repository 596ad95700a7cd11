"""Read which modules, crates and npm packages a project depends on, from its manifests and lock files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.gates.gate import Language, Subject

Row = tuple[str, str, str]
"""Ecosystem as OSV calls it, name, version."""
_REQUIRE = re.compile(
    r"^\s*(?:require\s+)?(?P<name>[\w.~-]+(?:/[\w.~-]+)+|[\w-]+\.[\w.-]+)\s+v(?P<version>[\w.+-]+)\s*(?://.*)?$"
)
_PLAIN = re.compile(r"[\w@./~+-]{1,200}")
_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
_NPM_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def modules_of(subject: Subject) -> tuple[tuple[Row, ...], int, str]:
    """What is locked, how many manifests were read, and why it is not known; empty where it is."""
    rows: set[Row] = set()
    manifests = 0
    readers = {"go": _go, "rust": _rust, "javascript": _npm}
    for language, reader in readers.items():
        for root in subject.roots.get(language, ()):  # type: ignore[call-overload]  # a name of the table above
            found, problem = reader(subject, f"{root}/" if root else "")
            if problem:
                return (), manifests, problem
            manifests += 1
            rows |= found
    odd = [row for row in rows if not all(_PLAIN.fullmatch(word) for word in row[1:])]
    problem = f"{odd[0][1]!r} {odd[0][2]!r} is no module"[:200] if odd else ""
    return tuple(sorted(rows)), manifests, problem


LANGUAGES: tuple[Language, ...] = ("go", "rust", "javascript")


def _text(subject: Subject, name: str) -> str:
    return "\n".join(subject.lines(name))


def _go(subject: Subject, folder: str) -> tuple[set[Row], str]:
    """Since Go 1.17 a ``go.mod`` names every module that is needed, however far away."""
    matches = map(_REQUIRE.match, _required(_text(subject, f"{folder}go.mod")))
    return {("Go", match["name"], match["version"]) for match in matches if match is not None}, ""


def _required(text: str) -> Iterator[str]:
    within = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("require"):
            within = stripped.endswith("(")
            if not within:
                yield stripped
        elif stripped == ")":
            within = False
        elif within:
            yield stripped


def _rust(subject: Subject, folder: str) -> tuple[set[Row], str]:
    manifests = [name for name in subject.text_files if name.startswith(folder) and name.endswith("Cargo.toml")]
    declared = any(_declares(_toml(_text(subject, name))) for name in manifests)
    locked = _toml(_text(subject, f"{folder}Cargo.lock")).get("package")
    rows = {
        ("crates.io", str(row.get("name")), str(row.get("version")))
        for row in (locked if isinstance(locked, list) else ())
        if isinstance(row, dict) and "source" in row
    }
    if declared and not rows:
        return set(), f"the crates of {folder}Cargo.toml are not locked: commit its Cargo.lock"
    return rows, ""


def _declares(manifest: Mapping[str, Any]) -> bool:
    """Whether it asks for a crate of a registry; one beside it is a part of the project."""
    targets = manifest.get("target")
    workspace = manifest.get("workspace")
    places = [manifest, *(targets.values() if isinstance(targets, dict) else ()), workspace]
    return any(
        not (isinstance(wanted, dict) and ("path" in wanted or wanted.get("workspace")))
        for place in places
        if isinstance(place, dict)
        for table in map(place.get, _TABLES)
        if isinstance(table, dict)
        for wanted in table.values()
    )


def _npm(subject: Subject, folder: str) -> tuple[set[Row], str]:
    manifest = _json(_text(subject, f"{folder}package.json"))
    declared = any(isinstance(table, dict) and table for table in map(manifest.get, _NPM_TABLES))
    packages = _json(_text(subject, f"{folder}package-lock.json")).get("packages")
    rows = {
        ("npm", str(row.get("name") or path.rpartition("node_modules/")[2]), str(row.get("version")))
        for path, row in (packages.items() if isinstance(packages, dict) else ())
        if "node_modules/" in path and isinstance(row, dict) and not row.get("link")
    }
    if declared and not rows:
        return set(), f"the packages of {folder}package.json are not locked in a package-lock.json"
    return rows, ""


def _json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
