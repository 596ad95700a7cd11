"""Read which modules, crates and npm packages a project depends on, from its manifests and lock files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.gates.gate import Language, Subject
from orchestrator.late_pattern import late_pattern

Row = tuple[str, str, str]
"""Ecosystem as OSV calls it, name, version."""
_BLOCK = late_pattern(r"(?P<verb>\w+)\s*\(")
_PLAIN = late_pattern(r"[\w@./~+-]{1,200}")
_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
_NPM_TABLES = ("dependencies", "devDependencies", "optionalDependencies")
_NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
"""npm obeys the first."""
_BESIDE = frozenset(
    {
        *("test", "tests", "spec", "specs", "t", "__tests__", "e2e", "integration", "benchmarks", "benches"),
        *("testdata", "fixtures", "__fixtures__", "snapshots", "examples", "example", "samples", "templates"),
        *("node_modules", "vendor", "target", "dist", "docs", "doc"),
    }
)
"""Folders whose manifests are no part of the project."""


_NAMES_ALL = (1, 17)
"""Since this Go."""


class _Unreadable(Exception):
    """Why a manifest or a lock file does not tell what the project depends on."""


def modules_of(subject: Subject) -> tuple[tuple[Row, ...], int, str]:
    """What is locked, how many manifests were read, and why it is not known; empty where it is."""
    rows: set[Row] = set()
    manifests = 0
    readers = {"go": _go, "rust": _rust, "javascript": _npm}
    for language, reader in readers.items():
        for root in subject.roots.get(language, ()):  # type: ignore[call-overload]  # a name of the table above
            try:
                found = reader(subject, f"{root}/" if root else "")
            except _Unreadable as error:
                return (), manifests, str(error)
            manifests += 1
            rows |= found
    odd = [row for row in rows if not all(_PLAIN.fullmatch(word) for word in row[1:])]
    problem = f"{odd[0][1]!r} {odd[0][2]!r} is no module"[:200] if odd else ""
    return tuple(sorted(rows)), manifests, problem


LANGUAGES: tuple[Language, ...] = ("go", "rust", "javascript")


def _text(subject: Subject, name: str) -> str:
    return "\n".join(subject.lines(name))


def _manifests(subject: Subject, folder: str, base: str) -> Sequence[str]:
    """Its own manifest, then those of its parts: a part may lock what it needs in a file of its own."""
    first = f"{folder}{base}"
    parts = [
        name
        for name in subject.text_files
        if name.startswith(folder) and name.endswith(f"/{base}") and name != first
        if not _BESIDE.intersection(name.removeprefix(folder).split("/"))
    ]
    return [first, *parts]


def _go(subject: Subject, folder: str) -> set[Row]:
    """Since Go 1.17 a ``go.mod`` names every module that is needed, however far away; before, a ``go.sum`` does."""
    name = f"{folder}go.mod"
    required, instead = set[tuple[str, str]](), dict[tuple[str, str], tuple[str, str]]()
    folders, names_all = set[str](), False
    for verb, words in _directives(_text(subject, name)):
        if verb == "require":
            if len(words) != 2 or not words[1].startswith("v"):
                raise _Unreadable(f"{name} asks for {' '.join(words)[:100]!r}, which cannot be read")
            required.add((words[0], words[1]))
        elif verb == "go" and words:
            names_all = _numbers(words[0]) >= _NAMES_ALL
        elif verb == "replace":
            at = words.index("=>") if "=>" in words else 0
            before, after = words[:at], words[at + 1 :]
            if len(before) not in (1, 2) or len(after) not in (1, 2):
                raise _Unreadable(f"{name} replaces {' '.join(words)[:100]!r}, which cannot be read")
            key = (before[0], before[1] if len(before) == 2 else "")
            if len(after) == 2:
                instead[key] = (after[0], after[1])
            else:
                # What lies in a folder counts as what it stands for, and has no sum.
                folders.add(before[0])
    if not required and "module" not in _text(subject, name):
        raise _Unreadable(f"{name} cannot be read")
    built = {instead.get(row) or instead.get((row[0], "")) or row for row in required}
    if not names_all:
        summed = _summed(_text(subject, f"{folder}go.sum"))
        missing = min((module for module, _ in built if module not in summed and module not in folders), default="")
        if missing:
            raise _Unreadable(f"{name} is of a Go before 1.17, and {folder}go.sum does not hold {missing[:100]}")
        named = {module for module, _ in required}
        built |= {row for row in summed.items() if row[0] not in named}
    return {("Go", module, version.removeprefix("v")) for module, version in built}


def _summed(text: str) -> Mapping[str, str]:
    """The highest version of each module of a ``go.sum`` whose content was needed, which is the one that Go builds."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and not words[1].endswith("/go.mod"):
            module, version = words[0], words[1]
            found[module] = max(found.get(module, version), version, key=_order)
    return found


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    plain, _, early = version.partition("+")[0].partition("-")
    return _numbers(plain), not early, early


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version))


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each entry of a ``go.mod`` with its verb, whether it stands alone or in a block."""
    within = ""
    for line in text.splitlines():
        plain = line.partition("//")[0].strip()
        words = [word.strip('"`') for word in plain.split()]
        if (block := _BLOCK.fullmatch(plain)) is not None and not within:
            within = block["verb"]
        elif plain == ")":
            within = ""
        elif words:
            yield (within, words) if within else (words[0], words[1:])


def _rust(subject: Subject, folder: str) -> set[Row]:
    names = _manifests(subject, folder, "Cargo.toml")
    manifests = [(name, _toml(name, _text(subject, name))) for name in names]
    shared = [table for _, manifest in manifests for table in _tables(manifest.get("workspace"))]
    rows, known = set[Row](), set[str]()
    for name in names:
        lock = name.removesuffix("Cargo.toml") + "Cargo.lock"
        locked = _toml(lock, _text(subject, lock)).get("package") if _text(subject, lock) else ()
        for row in locked if isinstance(locked, list) else ():
            match row:
                case {"name": str(crate), "version": str(version)}:
                    known.add(_alike(crate))
                    rows |= {("crates.io", crate, version)} if "source" in row else set()
                case _:
                    raise _Unreadable(f"{lock} does not say what {str(row)[:100]} is")
    for name, manifest in manifests:
        missing = sorted(crate for crate in _crates(manifest, shared) if _alike(crate) not in known)
        if missing:
            raise _Unreadable(f"the crates of {name} are not locked: commit its Cargo.lock, with {missing[0][:100]}")
    return rows


def _alike(crate: str) -> str:
    return crate.replace("_", "-").lower()


def _tables(place: object) -> Iterator[Mapping[str, Any]]:
    for table in map(place.get, _TABLES) if isinstance(place, dict) else ():
        if isinstance(table, dict):
            yield table


def _crates(manifest: Mapping[str, Any], shared: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The crates of a registry that it asks for; one beside it is a part of the project."""
    targets = manifest.get("target")
    for place in (manifest, *(targets.values() if isinstance(targets, dict) else ())):
        for table in _tables(place):
            for name, wanted in table.items():
                meant = wanted
                if isinstance(wanted, dict) and wanted.get("workspace"):
                    meant = next((one[name] for one in shared if name in one), wanted)
                if not isinstance(meant, dict):
                    yield name
                elif "path" not in meant:
                    yield str(meant.get("package", name))


def _npm(subject: Subject, folder: str) -> set[Row]:
    names = _manifests(subject, folder, "package.json")
    rows, known = set[Row](), set[str]()
    for name in names:
        for lock in (name.removesuffix("package.json") + base for base in _NPM_LOCKS):
            text = _text(subject, lock)
            packages = _json(lock, text).get("packages") if text else None
            if isinstance(packages, dict):
                _compare(name, _json(name, _text(subject, name)), lock, packages.get(""))
            for path, row in packages.items() if isinstance(packages, dict) else ():
                if "node_modules/" not in path or not isinstance(row, dict):
                    continue
                own = path.rpartition("node_modules/")[2]
                known.add(own)
                if not row.get("link") and not isinstance(row.get("version"), str):
                    raise _Unreadable(f"{lock} does not say the version of {own[:100]}")
                rows |= set() if row.get("link") else {("npm", str(row.get("name") or own), str(row.get("version")))}
            if text:
                break
    for name in names:
        manifest = _json(name, _text(subject, name))
        tables = [table for table in map(manifest.get, _NPM_TABLES) if isinstance(table, dict)]
        wanted = {key for table in tables for key, what in table.items() if not _is_local(what)}
        if wanted - known or (manifest.get("peerDependencies") and not rows):
            missing = f", {min(wanted - known)[:100]} for one" if rows and wanted - known else ""
            raise _Unreadable(f"the packages of {name} are not locked in a package-lock.json{missing}")
    return rows


def _compare(name: str, manifest: Mapping[str, Any], lock: str, root: object) -> None:
    """A lock file holds what the manifest asked for when it was made; where that differs, npm would not take it."""
    asked, locked = (
        {key: what for table in _NPM_TABLES for key, what in _object(place, table).items()}
        for place in (manifest, root if isinstance(root, dict) else {})
    )
    if asked != locked:
        differs = min(key for key in {*asked, *locked} if asked.get(key) != locked.get(key))
        raise _Unreadable(f"{lock} was made for another {name}: {differs[:100]} differs")


def _object(place: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = place.get(key)
    return found if isinstance(found, dict) else {}


def _is_local(wanted: object) -> bool:
    return str(wanted).startswith(("file:", "link:", "workspace:"))


def _json(name: str, text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Unreadable(f"{name} cannot be read")
    return found


def _toml(name: str, text: str) -> Mapping[str, Any]:
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError):
        found = {}
    if not found:
        raise _Unreadable(f"{name} cannot be read")
    return found
