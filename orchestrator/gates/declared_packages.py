"""Read which packages a project says that it needs, wherever Python projects say so.

What cannot be told from the text (a list that a program makes, an address without a name, a file that cannot be read)
is a *gap*: it stands in the answer, so that nobody takes what was not read for nothing.
"""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from orchestrator.gates.gate import Subject
from orchestrator.gates.requirement_markers import holds
from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

REQUIREMENTS: Final = (
    *("requirements.txt", "requirements.lock", "requirements-prod.txt", "requirements.in", "requirements_prod.txt"),
    *(f"requirements/{name}.txt" for name in ("base", "common", "main", "prod", "production", "requirements")),
)
CONDA: Final = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
MANIFESTS: Final = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", *REQUIREMENTS, *CONDA)
_NESTED: Final = frozenset({"pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "requirements.txt"})
_BESIDE: Final = frozenset(
    {
        *("test", "tests", "testing", "docs", "doc", "examples", "example", "samples", "fixtures", "templates"),
        *("testdata", "snapshots", "recordings", "benchmarks", "tools", "scripts", "ci", "dev", "build", "dist"),
        *("vendor", "node_modules", "site-packages", "template", "cookiecutter"),
    }
)
"""Folders whose manifests are no part of the project."""
_DEVELOPERS: Final = late_pattern(
    r"dev|test|doc|lint|typ|bench|\bci\b|release|format|style|cov|check|tool|quality|build|nox|tox|pre-?commit"
)
"""Names of groups that only developers install."""
_NAME: Final = late_pattern(r"^\s*([A-Za-z0-9][\w.-]*)")
_SPECIFIER: Final = late_pattern(r"\s*(?:\[[^\]]*\])?\s*(?:$|[<>=!~;@(,]|--)")
_EGG: Final = late_pattern(r"[#&]egg=([A-Za-z0-9][\w.-]*)")
_INCLUDE: Final = late_pattern(r"^(?:-r|--requirement)[\s=]*([^\s#;]+)")
_REQUIREMENTS_FILE: Final = late_pattern(r"require[\w-]*\.(?:txt|in|lock)$|^requirements/[\w-]+\.txt$")
_OWN_PLACE: Final = late_pattern(r"^(?:file:)?(\.{1,2}(?:/[^\s;#\[]*)?)")


@value_class
class Declared:
    """What a project's manifests say."""

    names: frozenset[str] = frozenset()
    """As they are written."""
    requirements: tuple[str, ...] = ()
    """The lines themselves, where a manifest has some: a version may be pinned in one."""
    own: frozenset[str] = frozenset()
    """The names of the project itself and its parts."""
    gaps: tuple[str, ...] = ()
    """What says that it needs packages and does not tell which."""


def declared_by(subject: Subject) -> Declared:
    """Everything that the manifests of the project and of its parts say."""
    reader = _Manifests(subject)
    reader.gaps += [f"{name}, which cannot be read" for name in subject.unread if name in MANIFESTS]
    for path in _paths(subject):
        reader.read(path, text_of(subject, path))
    return Declared(
        frozenset(reader.names), tuple(reader.requirements), frozenset(reader.own), tuple(dict.fromkeys(reader.gaps))
    )


def text_of(subject: Subject, path: str) -> str:
    """A file's text, whether it was read beforehand or not."""
    return subject.settings[path] if path in subject.settings else "\n".join(subject.lines(path))


def parts_of(subject: Subject, bases: Iterable[str]) -> Iterator[str]:
    """The files of these names in folders that may hold a part of the project."""
    wanted = frozenset(bases)
    for name in subject.text_files:
        *folders, base = name.split("/")
        if folders and base in wanted and not any(folder in _BESIDE or folder[0] == "." for folder in folders):
            yield name


def _paths(subject: Subject) -> list[str]:
    return [
        *(name for name in MANIFESTS if name in subject.settings or name in subject.text_files),
        *(name for name in parts_of(subject, _NESTED) if name not in MANIFESTS),
    ]


class _Manifests:
    """Gathers what one manifest after the other says."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.names: set[str] = set()
        self.requirements: list[str] = []
        self.own: set[str] = set()
        self.gaps: list[str] = []
        self._included: set[str] = set()

    def read(self, path: str, text: str) -> None:
        readers: Mapping[str, Callable[[str, str], None]] = {
            "pyproject.toml": self._pyproject,
            "setup.cfg": self._setup_cfg,
            "setup.py": self._setup_py,
            "Pipfile": self._pipfile,
        }
        base = path.rpartition("/")[2]
        if base in readers:
            readers[base](path, text)
        elif base in CONDA:
            self.gaps.append(path)
        else:
            self._requirements(path, text)

    def _requirements(self, path: str, text: str) -> None:
        if path in self._included:
            return
        self._included.add(path)
        if "\0" in text:
            self.gaps.append(f"{path}, which is no UTF-8")
            return
        for line in re.sub(r"\\\r?\n", " ", text).splitlines():
            plain = re.sub(r"(^|\s)#.*", "", line).strip()
            if (included := _INCLUDE.match(plain)) is not None:
                self._include(path, included[1])
            elif plain:
                self._line(path, plain)

    def _include(self, path: str, name: str) -> None:
        file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        if file in self._subject.settings or file in self._subject.text_files:
            self._requirements(file, text_of(self._subject, file))
        else:
            self.gaps.append(name[:80])

    def _line(self, path: str, line: str) -> None:
        """One requirement of any form."""
        plain = re.sub(r"^(?:-e|--editable)[\s=]*", "", line)
        if plain.startswith("-"):
            return
        wanted, _, marker = plain.partition(" ;" if "://" in plain else ";")
        if not holds(re.split(r"\s--|#", marker)[0], self._subject.python_version):
            return
        name = _NAME.match(wanted)
        if name is not None and _SPECIFIER.match(wanted, name.end()) and (":/" not in wanted or "@" in wanted):
            self.names.add(name[1])
            self.requirements.append(plain)
        elif (egg := _EGG.search(wanted)) is not None:
            self.names.add(egg[1])
        elif (place := _OWN_PLACE.match(wanted)) is None or not self._is_part(path, place[1]):
            self.gaps.append(f"{wanted.strip()[:80]} ({path})")

    def _is_part(self, path: str, place: str) -> bool:
        """Whether a folder is the project itself, or a part of it whose manifest is read as well."""
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
        if folder == ".":
            return True
        known = {*self._subject.settings, *parts_of(self._subject, _NESTED)}
        return any(f"{folder}/{base}" in known for base in _NESTED)

    def _lines(self, path: str, found: object, what: str) -> None:
        if isinstance(found, list) and all(isinstance(line, str) for line in found):
            for line in found:
                self._line(path, line.strip())
        else:
            self.gaps.append(f"{path} ({what})")

    def _pyproject(self, path: str, text: str) -> None:
        try:
            document: dict[str, Any] = tomllib.loads(text)
        except (ValueError, RecursionError):
            self.gaps.append(f"{path}, which is no TOML")
            return
        project = _table(document, "project")
        self._own(project.get("name"))
        if "dependencies" in project:
            self._lines(path, project["dependencies"], "dependencies")
        elif "dependencies" in (project.get("dynamic") or ()):
            self._dynamic(path, document)
        for name, group in _table(document, "dependency-groups").items():
            if isinstance(group, list) and not _DEVELOPERS.search(str(name).lower()):
                self._lines(path, [row for row in group if isinstance(row, str)], str(name))
        flit = _table(document, "tool", "flit", "metadata")
        if "requires" in flit:
            self._lines(path, flit["requires"], "requires")
        self._poetry(path, _table(document, "tool", "poetry"))

    def _dynamic(self, path: str, document: Mapping[str, Any]) -> None:
        folder = posixpath.dirname(path)
        files = _table(document, "tool", "setuptools", "dynamic", "dependencies").get("file")
        for file in [files] if isinstance(files, str) else files or ():
            self._include(path, str(file))
        known = {*self._subject.settings, *self._subject.text_files}
        if not files and not any(posixpath.join(folder, name) in known for name in ("setup.py", "setup.cfg")):
            self.gaps.append(f"{path} (dynamic dependencies)")

    def _poetry(self, path: str, poetry: Mapping[str, Any]) -> None:
        self._own(poetry.get("name"))
        tables = [_table(poetry, "dependencies")]
        for name, group in _table(poetry, "group").items():
            if isinstance(group, dict) and not group.get("optional") and not _DEVELOPERS.search(str(name).lower()):
                tables.append(_table(group, "dependencies"))
        for table in tables:
            for name, wanted in table.items():
                if name.lower() != "python":
                    self._of_table(path, name, wanted)

    def _of_table(self, path: str, name: str, wanted: object) -> None:
        """A package as Poetry and Pipenv write it: a version, a table, or several of either."""
        for one in wanted if isinstance(wanted, list) else [wanted]:
            row = one if isinstance(one, dict) else {"version": one}
            where = row.get("path")
            if row.get("optional") or (isinstance(where, str) and self._is_part(path, where)):
                continue
            if row.get("platform", "linux") != "linux" or not self._holds(row):
                continue
            self.names.add(name)
            version = str(row.get("version", "")).strip()
            # Poetry takes a bare version for that one alone.
            if re.fullmatch(r"\d[\w.+!-]*", version):
                self.requirements.append(f"{name}=={version}")
            else:
                self.requirements.append(f"{name}{version}")

    def _holds(self, row: Mapping[str, Any]) -> bool:
        return holds(str(row.get("markers", "")), self._subject.python_version)

    def _pipfile(self, path: str, text: str) -> None:
        try:
            document = tomllib.loads(text)
        except (ValueError, RecursionError):
            self.gaps.append(f"{path}, which is no TOML")
            return
        for name, wanted in _table(document, "packages").items():
            self._of_table(path, name, wanted)

    def _setup_cfg(self, path: str, text: str) -> None:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(text)
        except configparser.Error:
            self.gaps.append(f"{path}, which cannot be read")
            return
        self._own(parser.get("metadata", "name", fallback=""))
        wanted = parser.get("options", "install_requires", fallback="").strip()
        if wanted.startswith("file:"):
            for file in re.split(r"[\s,]+", wanted.removeprefix("file:").strip()):
                self._include(path, file)
        else:
            self._lines(path, [line for line in wanted.splitlines() if line.strip()], "install_requires")

    def _setup_py(self, path: str, text: str) -> None:
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.gaps.append(f"{path}, which cannot be parsed")
            return
        named = {
            target.id: node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        asked = False
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call) and _is_setup(node.func)):
            for keyword in call.keywords:
                if keyword.arg == "name":
                    self._own(_literal(keyword.value, named))
                elif keyword.arg == "install_requires":
                    asked = True
                    found = _literal(keyword.value, named)
                    if isinstance(found, list | tuple):
                        self._lines(path, list(found), "install_requires")
                    else:
                        self._computed(path, module)
        if not asked and "install_requires" in text:
            self._computed(path, module)

    def _computed(self, path: str, module: ast.Module) -> None:
        """A list that a program makes is known where the program names a file of requirements, which it then reads."""
        known = {*self._subject.settings, *self._subject.text_files}
        texts = {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
        folder = posixpath.dirname(path)
        files = sorted(
            text
            for text in texts
            if isinstance(text, str) and _REQUIREMENTS_FILE.search(text) and posixpath.join(folder, text) in known
        )
        for file in files:
            self._include(path, file)
        if not files:
            self.gaps.append(f"{path} (install_requires)")

    def _own(self, name: object) -> None:
        if isinstance(name, str) and name:
            self.own.add(name)


def _table(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: object = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _is_setup(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "setup") or (
        isinstance(function, ast.Attribute) and function.attr == "setup"
    )


def _literal(value: ast.expr, named: Mapping[str, ast.expr]) -> object:
    if isinstance(value, ast.Name):
        value = named.get(value.id, value)
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
