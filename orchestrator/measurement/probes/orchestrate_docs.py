"""Counts which public names of Python files have a docstring; prints one JSON object.

``python orchestrate_docs.py LIST``.  Public is what bears no leading underscore on the way to it: modules with anything
in them, classes, functions and methods.  Left out are functions within functions, special methods, overloads, and the
setters and deleters of properties.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def main() -> None:
    """Look at every file of the list."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    total, missing, broken = 0, list[list[object]](), list[str]()
    for name in names:
        try:
            with open(name, "rb") as source:
                tree = ast.parse(source.read(), name)
            found = list(public_names(tree, name))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            broken.append(f"{name}: {type(error).__name__}")
            continue
        total += len(found)
        missing += [[name, line, what] for line, what, documented in found if not documented]
    json.dump({"files": len(names), "names": total, "missing": missing, "broken": broken}, sys.stdout)


def public_names(tree: ast.Module, name: str) -> Iterator[tuple[int, str, bool]]:
    """Line, name and whether it has a docstring, of everything public in a module."""
    parts = name.removesuffix(".py").split("/")
    if any(part.startswith("_") and part != "__init__" for part in parts) or not tree.body:
        return
    module = parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
    yield 1, f"module {module}", _is_documented(tree)
    yield from _members(tree.body, "")


def _members(body: list[ast.stmt], above: str) -> Iterator[tuple[int, str, bool]]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _members(_inner(node), above)
        if not isinstance(node, Definition) or node.name.startswith("_") or _is_repeated(node):
            continue
        kind = "class" if isinstance(node, ast.ClassDef) else "method" if above else "function"
        yield node.lineno, f"{kind} {above}{node.name}", _is_documented(node)
        if isinstance(node, ast.ClassDef):
            yield from _members(node.body, f"{above}{node.name}.")


def _is_documented(node: ast.Module | Definition) -> bool:
    return bool((ast.get_docstring(node) or "").strip())


def _inner(node: ast.If | ast.Try) -> list[ast.stmt]:
    handlers = [inner for handler in node.handlers for inner in handler.body] if isinstance(node, ast.Try) else []
    return [*node.body, *handlers, *node.orelse]


def _is_repeated(node: Definition) -> bool:
    """Whether it only adds to another of its name: an overload, the setter of a property."""
    words = [ast.unparse(decorator) for decorator in node.decorator_list]
    return any(word.rpartition(".")[2] in ("overload", "setter", "deleter") for word in words)


if __name__ == "__main__":
    main()
