"""Which interpreter a project asks for: pins are read from its files, and a version is held against them.

A version manager looks for a pin in the folder of the command and in every folder above it; nearer ones count first,
and of several files in one folder the one of the language's own manager.  What a manifest merely demands (``engines``,
``requires-python``) counts where nothing is pinned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.project import View, table
from orchestrator.suites.suite import Suite
from orchestrator.value_class import value_class

Version: TypeAlias = tuple[int, int, int]

LANGUAGES: Final = ("node", "python", "ruby")
_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "node": (".nvmrc", ".node-version"),
    "python": (".python-version",),
    "ruby": (".ruby-version",),
}
_TABLE_NAMES: Final = {"node": "node", "nodejs": "node", "python": "python", "ruby": "ruby"}
"""What asdf and mise call each of them."""
_MISE_FILES: Final = ("mise.toml", ".mise.toml", ".config/mise.toml", "mise/config.toml")
_ANY: Final = frozenset({"", "*", "x", "latest", "node", "current", "stable", "lts/*", "lts", "--lts"})
_LTS: Final = {
    **{"argon": "4", "boron": "6", "carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14"},
    **{"gallium": "16", "hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24"},
}
_NUMBERED: Final = late_pattern(r"(?:v|ruby-|cpython-|node-|python-)?(\d+)(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(.*)")
_COMPARED: Final = late_pattern(r"(>=|<=|==|!=|~=|~>|>|<|=|\^|~)?\s*([vV]?\d[\w.*+-]*|[*xX])")
_HIGHEST: Final = 10**9
_MOST_BYTES: Final = 4096


@value_class
class Pin:
    """What a project says about one interpreter."""

    language: str
    wanted: str
    """As the project writes it: ``18``, ``lts/hydrogen``, ``>=18 <21``."""
    found: str
    """The file, relative to the target."""

    @property
    def words(self) -> str:
        """For people: ``node 18 (.nvmrc)``."""
        return f"{self.language} {self.wanted} ({self.found})"


def pins_of(top: View, folder: str) -> Mapping[str, Pin]:
    """The pin that holds in a folder of the project, by language; a language that nothing is said of is left out."""
    found: dict[str, Pin] = {}
    for place in _upwards(folder):
        for pin in _pins_in(top.view(place) if place else top):
            found.setdefault(pin.language, pin)
    for place in _upwards(folder):
        for pin in _demands_in(top.view(place) if place else top):
            found.setdefault(pin.language, pin)
    return found


def languages_of(suite: Suite) -> Sequence[str]:
    """The languages that a suite's command may be written in; all of them where that cannot be told."""
    if suite.runner in ("pytest", "unittest", "nose2", "python script"):
        return ("python",)
    if suite.runner in ("node --test", "jest", "vitest", "mocha", "ava", "tape", "tap"):
        return ("node",)
    if suite.runner in ("rspec", "minitest"):
        return ("ruby",)
    return LANGUAGES if suite.runner == "command" else ()


def version_in(text: str) -> Version | None:
    """The version in the name of a folder or the answer of a program: ``v18.19.0``, ``Python 3.12.1``."""
    found = re.fullmatch(r"(?:v|cpython-|ruby-)?(\d+)\.(\d+)(?:\.(\d+))?(?:[p+-].*)?", text.split(" ", 1)[0])
    if found is None and " " in text:
        return version_in(text.split(" ", 1)[1])
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def fits(version: Version, wanted: str) -> bool | None:
    """Whether a version is one of those asked for; ``None`` where the text is not understood."""
    answers = [_fits_all(version, part.strip()) for part in _plain(wanted).split("||")]
    return True if True in answers else (None if None in answers else False)


def best_of(versions: Sequence[Version], wanted: str) -> Version | None:
    """The newest of the versions that fits; ``None`` where none does."""
    return max((version for version in versions if fits(version, wanted)), default=None)


def _upwards(folder: str) -> Iterator[str]:
    parts = folder.split("/") if folder else []
    for length in range(len(parts), -1, -1):
        yield "/".join(parts[:length])


def _pins_in(view: View) -> Iterator[Pin]:
    for language, names in _FILES.items():
        for name in names:
            wanted = _first_line(view, name)
            if wanted and wanted != "system":
                yield Pin(language, wanted, view.path(name))
    for line in _lines(view, ".tool-versions"):
        words = line.split()
        if len(words) > 1 and words[0] in _TABLE_NAMES and words[1] != "system":
            yield Pin(_TABLE_NAMES[words[0]], words[1], view.path(".tool-versions"))
    for name in _MISE_FILES:
        for tool, said in table(view.toml(name), "tools").items():
            said = said[0] if isinstance(said, list) and said else said
            said = said.get("version") if isinstance(said, dict) else said
            if tool in _TABLE_NAMES and isinstance(said, str | int | float) and str(said) != "system":
                yield Pin(_TABLE_NAMES[tool], str(said), view.path(name))
    volta = table(view.json("package.json"), "volta").get("node")
    if isinstance(volta, str) and volta:
        yield Pin("node", volta, view.path("package.json") + ": volta")


def _demands_in(view: View) -> Iterator[Pin]:
    engines = table(view.json("package.json"), "engines").get("node")
    if isinstance(engines, str) and engines.strip():
        yield Pin("node", engines.strip(), view.path("package.json") + ": engines")
    python = table(view.toml("pyproject.toml"), "project").get("requires-python")
    if isinstance(python, str) and python.strip():
        yield Pin("python", python.strip(), view.path("pyproject.toml") + ": requires-python")


def _lines(view: View, name: str) -> Sequence[str]:
    lines = (line.partition("#")[0].strip() for line in view.text(name, _MOST_BYTES).splitlines())
    return [line for line in lines if line]


def _first_line(view: View, name: str) -> str:
    lines = _lines(view, name)
    return lines[0].split()[0] if lines else ""


def _plain(wanted: str) -> str:
    text = wanted.strip()
    name = text.lower().removeprefix("lts/")
    return _LTS.get(name, "*" if text.lower() in _ANY else text)


def _fits_all(version: Version, text: str) -> bool | None:
    """Whether a version fits every condition of one alternative."""
    between = re.fullmatch(r"(\S+)\s+-\s+(\S+)", text)
    if between is not None:
        text = f">={between[1]} <={between[2]}"
    text, answers = text.replace(",", " "), []
    position = 0
    while position < len(text):
        found = _COMPARED.match(text, position) if not text[position].isspace() else None
        if found is None and not text[position].isspace():
            # One exact name: "ruby-3.1.2", "cpython-3.12.1-linux-x86_64-gnu".
            return _fits_one(version, "", text) if position == 0 and " " not in text.strip() else None
        if found is not None:
            answers.append(_fits_one(version, found[1] or "", found[2]))
        position = position + 1 if found is None else found.end()
    return None if None in answers else all(answers)


def _fits_one(version: Version, sign: str, text: str) -> bool | None:
    if text in ("*", "x", "X"):
        return True
    found = _NUMBERED.fullmatch(text)
    if found is None or (found[4] and not re.match(r"[.+pP-]", found[4])):
        return None
    given = [int(part) for part in found.group(1, 2, 3) if part is not None and part.isdigit()]
    low = _filled(given, 0)
    high = _filled(given, _HIGHEST)
    match sign:
        case "" | "=" | "==":
            return low <= version <= high
        case "!=":
            return not low <= version <= high
        case ">=":
            return version >= low
        case ">":
            return version > high
        case "<=":
            return version <= high
        case "<":
            return version < low
        case "^":
            # The first part that is not 0 stays.
            kept = next((place + 1 for place, part in enumerate(given) if part), len(given))
            return low <= version <= _filled(given[:kept], _HIGHEST)
        case "~":
            return low <= version <= _filled(given[: min(2, len(given))], _HIGHEST)
        case _:  # ~= of Python and ~> of Ruby: all but the last part stay
            return low <= version <= _filled(given[: max(1, len(given) - 1)], _HIGHEST)


def _filled(parts: Sequence[int], rest: int) -> Version:
    first, second, third = (*parts, rest, rest, rest)[:3]
    return first, second, third
