"""Find what a project asks its test runner to leave out or to forgive: settings of pytest, and marks in its tests.

A runner obeys it, since much of it says how to run here and now; so it is shown, and what a change adds to it since a
baseline leaves the tests unmeasured.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from orchestrator.gates.gate import Subject
from orchestrator.gates.suppressions import MOST_SHOWN_CHARS, section_of, table_of
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding

MOST_MARKS = 50
MOST_FILES = 2_000
_WITH_VALUE = ("-k", "-m", "--deselect", "--ignore", "--ignore-glob", "--maxfail")
_ALONE = frozenset({"-x", "--exitfirst", "--lf", "--last-failed", "--sw", "--stepwise", "--co", "--collect-only"})
_SECTIONS = (("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
_MARK = late_pattern(
    r"\bmark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\("
    r"|@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b|\.skipTest\s*\(|\bcollect_ignore(?:_glob)?\s*="
)


def selection_of(subject: Subject) -> tuple[str, ...]:
    """Each option in pytest's settings by which it leaves tests out, with the file that it stands in."""
    found = []
    for file, text in _options(subject):
        found += [f"{file}: {words}" for words in _weakening(text)]
    return tuple(found)


def forgiven_tests(subject: Subject) -> tuple[Finding, ...]:
    """The same, and each mark in a test file by which a test is skipped or may fail; none of them counts."""
    settings = [
        Finding(f"leaves tests out: {words}"[:MOST_SHOWN_CHARS], "selection", file, counted=False)
        for file, text in _options(subject)
        for words in _weakening(text)
    ]
    sources = frozenset(subject.source_files)
    tests = [name for name in subject.python_files if name not in sources][:MOST_FILES]
    marks = [
        Finding(line.strip()[:MOST_SHOWN_CHARS], "mark", name, number, counted=False)
        for name in tests
        for number, line in enumerate(subject.lines(name), 1)
        if not line.lstrip().startswith("#") and _MARK.search(line) is not None
    ]
    return (*settings, *marks[:MOST_MARKS])


def _options(subject: Subject) -> Iterator[tuple[str, Sequence[str]]]:
    for keys in (("tool", "pytest", "ini_options"), ("tool", "pytest")):
        found = table_of(subject, "pyproject.toml", *keys).get("addopts")
        if isinstance(found, list):
            yield "pyproject.toml", [str(word) for word in found]
        elif isinstance(found, str):
            yield "pyproject.toml", _split(found)
    for file, section in _SECTIONS:
        yield file, _split(section_of(subject, file, section).get("addopts", ""))


def _split(text: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _weakening(words: Sequence[str]) -> Iterator[str]:
    waiting = ""
    for word in words:
        if waiting:
            yield f"{waiting} {word}"
            waiting = ""
        elif word in _WITH_VALUE:
            waiting = word
        elif word in _ALONE or word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            yield word
        elif re.fullmatch(r"-[km].+", word):
            yield f"{word[:2]} {word[2:]}"
