"""Tell which languages a project is written in: by its manifests, and the source files that lie beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from orchestrator.gates.gate import Language
from orchestrator.suites.project import FIXTURE_FOLDERS, IGNORED_FOLDERS, TEST_FOLDERS
from orchestrator.value_class import value_class

_BESIDE: Final = FIXTURE_FOLDERS | TEST_FOLDERS | IGNORED_FOLDERS | {"docs", "doc", "benchmarks", "benches", "dist"}
_PYTHON_MANIFESTS: Final = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile"})
_SCRIPT_ENDS: Final = (".js", ".mjs", ".cjs", ".jsx")
_TYPED_ENDS: Final = (".ts", ".mts", ".cts", ".tsx")


@value_class
class _Kind:
    """How one language is known."""

    language: Language
    manifest: str
    ends: tuple[str, ...]
    are_apart: bool = False
    """One within another is no part of it: whoever looks at the outer one sees nothing of it."""


_KINDS: Final = (
    _Kind("javascript", "package.json", (*_SCRIPT_ENDS, *_TYPED_ENDS)),
    _Kind("typescript", "tsconfig.json", _TYPED_ENDS),
    _Kind("go", "go.mod", (".go",), are_apart=True),
    _Kind("rust", "Cargo.toml", (".rs",)),
)


@value_class
class Languages:
    """What a project is written in."""

    roots: Mapping[Language, tuple[str, ...]]
    """The folders that hold a manifest of the language, none within another that holds it; ``""`` is the project."""
    sources: Mapping[Language, tuple[str, ...]]
    """The files of each that are the project itself: no tests, examples or documentation."""


def languages_of(names: Sequence[str]) -> Languages:
    """Every language whose manifest lies above a source file.

    Python needs none where there is no other language, or where most of the sources are its own: whoever lays another
    one's manifest beside them does not turn its gates off.  Its manifest alone, such as a ``requirements.txt`` for what
    builds the documentation, makes no project of Python where another language is written and no file of Python is.
    """
    roots: dict[Language, tuple[str, ...]] = {}
    sources: dict[Language, tuple[str, ...]] = {}
    for kind in _KINDS:
        manifests = {_folder(name) for name in names if name.rpartition("/")[2] == kind.manifest}
        folders = _own(manifests) if kind.are_apart else _outermost(manifests)
        found = tuple(
            name for name in names if name.endswith(kind.ends) and not is_beside(name) and _is_below(name, folders)
        )
        if found:
            roots[kind.language] = tuple(
                folder for folder in folders if any(_is_below(name, [folder]) for name in found)
            )
            sources[kind.language] = found
    own = sum(name.endswith(".py") and not is_beside(name) for name in names)
    others = len({name for found in sources.values() for name in found})
    if not roots or own > others or (own and any(name in _PYTHON_MANIFESTS for name in names)):
        roots["python"] = ("",)
    return Languages(roots, sources)


def is_beside(name: str) -> bool:
    """Whether a file is a test, an example, a declaration or a tool's settings by its name or folder."""
    *folders, base = name.split("/")
    stem, *middle, _ = base.lower().split(".") if base.count(".") else (base, "")
    if (middle and middle[-1] in ("test", "spec", "config", "d", "min", "bench")) or not stem:
        return True
    if stem.endswith(("_test", "-test", ".test")) or stem.startswith(("test-", "test_")) or stem in ("test", "build"):
        return True
    return any(folder in _BESIDE for folder in folders)


def _own(folders: Iterable[str]) -> Sequence[str]:
    return sorted(folder for folder in folders if not any(part in _BESIDE for part in folder.split("/")))


def _outermost(folders: Iterable[str]) -> Sequence[str]:
    found: list[str] = []
    for folder in sorted(_own(folders), key=lambda folder: (folder.count("/"), folder)):
        if not _is_below(f"{folder}/x", found):
            found.append(folder)
    return sorted(found)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _is_below(name: str, folders: Sequence[str]) -> bool:
    return any(not folder or name.startswith(f"{folder}/") for folder in folders)
