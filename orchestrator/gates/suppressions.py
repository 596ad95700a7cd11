"""Find what a project asks tools to overlook: comments in its code, and settings.  Nothing of it is obeyed."""

from __future__ import annotations

import configparser
import fnmatch
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.gates.gate import Subject
from orchestrator.models.quality_gates import Finding, Suppression

MOST_SHOWN_CHARS = 160


def in_comments(
    subject: Subject, places: Iterable[tuple[str, int | None, str]], pattern: re.Pattern[str]
) -> list[Suppression]:
    """The comments that would have hidden findings, one entry a line.

    Args:
        places: File, line on which a comment would count, and rule of every finding.
        pattern: What such a comment looks like.
    """
    hidden: Counter[tuple[str, int, str]] = Counter()
    rules: dict[tuple[str, int, str], list[str]] = {}
    for file, line, rule in places:
        for number, text in _lines_that_count(subject, file, line, pattern):
            key = (file, number, text)
            hidden[key] += 1
            rules.setdefault(key, []).append(rule)
    return [
        Suppression(text, file, number, count, ", ".join(dict.fromkeys(rules[file, number, text])))
        for (file, number, text), count in sorted(hidden.items())
    ]


def _lines_that_count(
    subject: Subject, file: str, line: int | None, pattern: re.Pattern[str]
) -> Iterable[tuple[int, str]]:
    lines = subject.lines(file)
    if line is not None and 0 < line <= len(lines):
        found = pattern.search(lines[line - 1])
        if found is not None:
            yield line, found[0].strip()[:MOST_SHOWN_CHARS]
            return
    # A comment on a line of its own may speak for the whole file.
    for number, text in enumerate(lines, 1):
        found = pattern.search(text)
        if found is not None and text.lstrip().startswith("#") and re.search(r"(ruff|flake8|mypy):", text):
            yield number, found[0].strip()[:MOST_SHOWN_CHARS]
            return


def table_of(subject: Subject, file: str, *keys: str) -> Mapping[str, Any]:
    """A table of a TOML file of settings; empty where it is not there or cannot be read."""
    try:
        found: Any = tomllib.loads(subject.settings.get(file, ""))
    except (ValueError, RecursionError):
        return {}
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def section_of(subject: Subject, file: str, name: str) -> Mapping[str, str]:
    """A section of an INI file of settings; empty where it is not there or cannot be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(subject.settings.get(file, ""))
    except configparser.Error:
        return {}
    return dict(parser[name]) if parser.has_section(name) else {}


def words_of(value: object) -> Sequence[str]:
    """The words of a setting that may be a list or a text."""
    if isinstance(value, str):
        return tuple(word for word in re.split(r"[\s,]+", value) if word)
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def rules_left_out(
    file: str, where: str, rules: Sequence[str], findings: Sequence[Finding], *, only: str = ""
) -> list[Suppression]:
    """List each rule that a setting leaves out, with the number of findings that it would have hidden.

    Args:
        only: A pattern of the files it holds for; empty: all.
    """
    entries = []
    for rule in rules:
        hidden = [found for found in findings if _is_of(found.rule, rule) and _lies_in(found.file, only)]
        entries.append(_entry(f"{where} = {rule}", file, hidden, rule))
    return entries


def files_left_out(
    file: str, where: str, patterns: Sequence[str], findings: Sequence[Finding], *, are_regular: bool = False
) -> list[Suppression]:
    """List each pattern of files that a setting leaves out.

    Args:
        are_regular: Whether the patterns are regular expressions.
    """
    matches = _matches if are_regular else _lies_in
    return [
        _entry(f"{where} = {pattern}", file, [found for found in findings if matches(found.file, pattern)], "files")
        for pattern in patterns
    ]


def _entry(asks: str, file: str, hidden: Sequence[Finding], what: str) -> Suppression:
    return Suppression(asks[:MOST_SHOWN_CHARS], file, None, sum(found.counted for found in hidden), what)


def _is_of(rule: str, prefix: str) -> bool:
    return prefix == "ALL" or (bool(prefix) and rule.startswith(prefix))


def _lies_in(file: str, pattern: str) -> bool:
    if not pattern:
        return True
    plain = pattern.removeprefix("./").removesuffix("/**").removesuffix("/*").strip("/")
    parts = file.split("/")
    return (
        fnmatch.fnmatch(file, pattern)
        or fnmatch.fnmatch(parts[-1], pattern)
        or file == plain
        or file.startswith(f"{plain}/")
        or any(fnmatch.fnmatch(part, plain) for part in parts[:-1])
    )


def _matches(file: str, pattern: str) -> bool:
    try:
        return re.search(pattern, file) is not None
    except re.error:
        return False
