"""Apply the changes by which somebody would mend a fault, and say which of them are at the fault's own place.

Everything here is pure: texts in, texts out.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from orchestrator.measurement.project_tree import is_beside_the_source
from orchestrator.value_class import value_class

BESIDE: Final = 10
"""Where no function says what belongs together, a change so many lines away is still at the place."""
MOST_CHANGES: Final = 20
MOST_CHARS: Final = 100_000
"""Of all changes together."""
_COMMENTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("py", "pyi", "sh", "rb", "yml", "yaml", "toml"), "#"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "tsx", "go", "rs", "java", "c", "h", "cc", "cpp", "cs"), "//"),
    **dict.fromkeys(("php", "kt", "swift", "scala"), "//"),
}
"""By the end of a file's name, what begins a comment that lasts to the end of the line."""


class UnfitChange(ValueError):
    """A change that cannot be made, and why."""


@value_class
class Change:
    """One text of a file in another one's place."""

    file: str
    old: str
    """Stands once in the file."""
    new: str


@value_class
class Span:
    """Lines of a file, both ends included; the first is 1."""

    first: int
    last: int


def mended(changes: Sequence[Change], texts: Mapping[str, str], files: Collection[str]) -> Mapping[str, str]:
    """The files that change, as they are then.

    Args:
        texts: What the files hold now, of those that could be read.
        files: Every file of the project.

    Raises:
        UnfitChange: One is not there, is a test or steers a build, or the text stands in it twice or not at all.
    """
    if not changes:
        raise UnfitChange("there is no change that would mend it")
    if len(changes) > MOST_CHANGES or sum(len(change.old) + len(change.new) for change in changes) > MOST_CHARS:
        raise UnfitChange("its changes are too many or too long")
    found: dict[str, str] = {}
    for change in changes:
        name = posixpath.normpath(change.file)
        if name not in files:
            raise UnfitChange(f"it changes {change.file}, which the project does not have")
        if is_beside_the_source(name):
            raise UnfitChange(f"it changes {name}, which is a test or the like")
        text = found.get(name, texts.get(name))
        if text is None:
            raise UnfitChange(f"it changes {name}, which cannot be read")
        count = text.count(change.old) if change.old else 0
        if count != 1:
            raise UnfitChange(f"what it replaces stands {count} times in {name}, and not once")
        found[name] = text.replace(change.old, change.new)
    changed = {name: text for name, text in found.items() if text != texts[name]}
    if not changed:
        raise UnfitChange("its changes change nothing")
    return changed


def span_around(text: str, line: int, *, file: str) -> Span:
    """What belongs to a line: the innermost function around it, else some lines before and after it."""
    holding = [span for _, span in _functions(text, file) if span.first <= line <= span.last]
    if not holding:
        return Span(max(1, line - BESIDE), line + BESIDE)
    return min(holding, key=lambda span: span.last - span.first)


def without_place(before: str, after: str, line: int, *, file: str) -> str | None:
    """The mended file with the place as it was before; ``None`` where the change leaves the place alone.

    Where the line stands in a function, that function is the place, and nothing else is.

    Raises:
        UnfitChange: The function is gone.
    """
    span = span_around(before, line, file=file)
    names = [name for name, each in _functions(before, file) if each == span]
    if not names:
        return _without_lines(before, after, span)
    there = dict(_functions(after, file)).get(names[0])
    if there is None:
        raise UnfitChange(f"once mended there is no {names[0].partition('#')[0]} any more in {file}")
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    was, now = old[span.first - 1 : span.last], new[there.first - 1 : there.last]
    return None if was == now else "".join([*new[: there.first - 1], *was, *new[there.last :]])


def _functions(text: str, file: str) -> Sequence[tuple[str, Span]]:
    """Every function of a Python file, by the names on the way to it and its number among those of that name."""
    if not file.endswith((".py", ".pyw")):
        return ()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found: list[tuple[str, Span]] = []
    counts: dict[str, int] = {}

    def look(node: ast.AST, above: str) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                look(child, above)
                continue
            name = f"{above}{child.name}"
            if not isinstance(child, ast.ClassDef):
                counts[name] = counts.get(name, 0) + 1
                first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                found.append((f"{name}#{counts[name]}", Span(first, child.end_lineno or child.lineno)))
            look(child, f"{name}.")

    try:
        look(tree, "")
    except RecursionError:
        return ()
    return found


def _without_lines(before: str, after: str, place: Span) -> str | None:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    kept: list[str] = []
    is_touched = False
    for tag, first, last, new_first, new_last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        # What is inserted stands before line `first + 1`.
        if tag != "equal" and first + 1 <= place.last and max(last, first + 1) >= place.first:
            is_touched = True
            kept += old[first:last]
        else:
            kept += new[new_first:new_last]
    return "".join(kept) if is_touched else None


def as_comments(before: str, after: str, *, file: str) -> str | None:
    """The file as it is, and below it the lines that the change adds, as comments; ``None``: it knows no comments.

    A test that still fails on it looks at what the code does; one that passes compares texts.
    """
    mark = _COMMENTS.get(file.rpartition(".")[2])
    if mark is None:
        return None
    had = set(before.splitlines())
    added = [line for line in after.splitlines() if line not in had]
    end = "" if not before or before.endswith("\n") else "\n"
    return before + end + "".join(f"{mark} {line}\n" for line in added)
