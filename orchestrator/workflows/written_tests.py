"""Read what a test file itself shows: which tests it has, and what each of them asserts."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from orchestrator.value_class import value_class

_CHECKING_CALLS: Final = frozenset({"raises", "warns", "deprecated_call"})
"""Of pytest: what follows has to raise or to warn."""
_EQUAL: Final = (ast.Eq, ast.Is, ast.LtE, ast.GtE)
_TRUTHS: Final = frozenset({"assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone"})
_PAIRS: Final = frozenset({"assertEqual", "assertIs", "assertIn", "assertGreaterEqual", "assertLessEqual"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@value_class
class WrittenTest:
    """One test, as its source shows it."""

    line: int
    assertions: int
    """Those that could fail, in helpers of the same file as well."""
    empty: tuple[int, ...]
    """The lines of those that cannot."""


def tests_in(tree: ast.Module) -> Mapping[str, WrittenTest]:
    """Every function and method by its name within the file, as pytest says it: ``TestSums::test_add``."""
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    found = {name: _test(node, functions, {}) for name, node in functions.items()}
    for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found.update(_of_class(group, functions, ""))
    return found


def _of_class(group: ast.ClassDef, functions: Mapping[str, Function], above: str) -> Mapping[str, WrittenTest]:
    path = f"{above}{group.name}::"
    methods = {node.name: node for node in group.body if isinstance(node, Function)}
    found = {f"{path}{name}": _test(node, functions, methods) for name, node in methods.items()}
    for inner in (node for node in group.body if isinstance(node, ast.ClassDef)):
        found.update(_of_class(inner, functions, path))
    return found


def _test(node: Function, functions: Mapping[str, Function], methods: Mapping[str, Function]) -> WrittenTest:
    checks = list(_checks(node, functions, methods, {node.name}))
    empty = tuple(sorted(line for line, says_something in checks if not says_something))
    return WrittenTest(node.lineno, len(checks) - len(empty), empty)


def _checks(
    node: ast.AST, functions: Mapping[str, Function], methods: Mapping[str, Function], seen: set[str]
) -> Iterator[tuple[int, bool]]:
    """The line of each assertion, and whether it could fail."""
    for child in ast.walk(node):
        if isinstance(child, ast.Assert):
            yield child.lineno, not _is_settled(child.test)
        elif isinstance(child, ast.Call):
            name = _name_of(child.func)
            if name.startswith("assert") or name in _CHECKING_CALLS:
                yield child.lineno, not _is_settled_call(name, child)
                continue
            helper = (functions if isinstance(child.func, ast.Name) else methods).get(name)
            if helper is not None and name not in seen:
                seen.add(name)
                yield from _checks(helper, functions, methods, seen)


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_settled(test: ast.expr) -> bool:
    """Whether it is known to hold without running anything: ``True``, ``1 == 1``, ``x == x``, ``(x, "text")``."""
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    if isinstance(test, ast.BoolOp):
        settled = [_is_settled(value) for value in test.values]
        return any(settled) if isinstance(test.op, ast.Or) else all(settled)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _EQUAL):
        same = ast.dump(test.left) == ast.dump(test.comparators[0])
        if same and not _does_something(test.left):
            return True
    return not any(isinstance(child, ast.Name | ast.Call | ast.Await) for child in ast.walk(test))


def _is_settled_call(name: str, call: ast.Call) -> bool:
    if name in _TRUTHS and call.args:
        return _is_settled(call.args[0])
    if name in _PAIRS and len(call.args) >= 2:
        return _is_settled(ast.Compare(call.args[0], [ast.Eq()], [call.args[1]]))
    return False


def _does_something(node: ast.expr) -> bool:
    """Whether a second evaluation could come to something else."""
    return any(isinstance(child, ast.Call | ast.Await) for child in ast.walk(node))


def without_tests(text: str, names: Collection[str]) -> str | None:
    """The text without these tests (``TestSums::test_add``), else as it was; ``None`` where that is no Python.

    A class of which nothing is left goes with its tests.
    """
    try:
        tree = ast.parse(text)
        rows = text.encode("utf-8", "surrogateescape").splitlines(keepends=True)
        gone = {line for first, last in _places(tree.body, names, "") for line in range(first, last + 1)}
        left = b"".join(row for number, row in enumerate(rows, start=1) if number not in gone)
        found = left.decode("utf-8", "surrogateescape")
        ast.parse(found)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return found


def _places(body: Sequence[ast.stmt], names: Collection[str], above: str) -> Iterator[tuple[int, int]]:
    """The first and the last line of everything that goes."""
    for node in body:
        if isinstance(node, Function) and f"{above}{node.name}" in names:
            yield _lines_of(node)
        elif isinstance(node, ast.ClassDef):
            inner = list(_places(node.body, names, f"{above}{node.name}::"))
            left = [one for one in node.body if not any(first <= one.lineno <= last for first, last in inner)]
            if inner and all(isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) for one in left):
                yield _lines_of(node)
            else:
                yield from inner


def _lines_of(node: Function | ast.ClassDef) -> tuple[int, int]:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first, node.end_lineno or node.lineno
