"""Says what Python files import besides the standard library and each other; prints one JSON object.

``python orchestrate_imports.py LIST``.  Left out is what is tried only (in a ``try`` that takes it that the module is
not there) and what only a type checker imports.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator

MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
ENDS = {"sys.exit", "exit", "quit", "os._exit"}


def main() -> None:
    """Look at every file of the list."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    own = {part.removesuffix(".py") for name in names for part in name.split("/")}
    imports, broken = list[list[object]](), list[str]()
    for name in names:
        try:
            with open(name, "rb") as source:
                tree = ast.parse(source.read(), name)
            found = sorted(set(_imported(tree.body)))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            broken.append(f"{name}: {type(error).__name__}")
            continue
        known = own | sys.stdlib_module_names
        imports += [[name, line, module] for module, line in found if module not in known]
    json.dump({"files": len(names), "imports": imports, "broken": broken}, sys.stdout)


def _imported(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        match node:
            case ast.Import():
                yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], node.lineno
            case ast.Try() | ast.TryStar():
                tried = [] if any(map(_takes_missing, node.handlers)) else node.body
                handled = [inner for handler in node.handlers for inner in handler.body]
                # What stands in for a missing module may be missing as well, and is then needed.
                yield from _imported([*tried, *handled, *node.orelse, *node.finalbody])
            case ast.If():
                shown = [] if ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING" else node.body
                yield from _imported([*shown, *node.orelse])
            case ast.Match():
                yield from _imported([inner for one in node.cases for inner in one.body])
            case _:
                for inner in ("body", "orelse"):
                    yield from _imported(getattr(node, inner, []))


def _takes_missing(handler: ast.ExceptHandler) -> bool:
    """Whether the file does without the module; one that raises or ends the program needs it."""
    if any(
        isinstance(node, ast.Raise) or ast.unparse(node) in ENDS for line in handler.body for node in ast.walk(line)
    ):
        return False
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind) in MISSING for kind in kinds)


if __name__ == "__main__":
    main()
