"""Change Python code in small ways that a test of it has to notice: one change a mutant, on lines that are named."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator
from typing import Final

from orchestrator.value_class import value_class

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_DECLARATIONS: Final = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom),
    *(ast.Global, ast.Nonlocal, ast.Pass),
)
_COMMENT: Final = b"  # nothing"


@value_class
class Mutant:
    """One change, as bytes of the file's text."""

    file: str
    line: int
    """Of the statement that holds it."""
    what: str
    start: int
    end: int
    replacement: str


def parsed(text: str) -> ast.Module | None:
    """The text's tree; ``None`` where this version of Python cannot read it."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def behaving(tree: ast.Module, lines: Collection[int]) -> frozenset[int]:
    """Those of the lines on which something happens: importing, defining and documenting is no behaviour."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    declared = {line for node in statements if _is_declaration(node) for line in _head(node)}
    return frozenset(lines) - declared


def mutants_of(file: str, text: str, tree: ast.Module, lines: Collection[int]) -> tuple[Mutant, ...]:
    """Every change that is made on statements that begin on the lines, in the order of the text."""
    starts = _line_starts(text.encode("utf-8", "surrogateescape"))
    found: list[Mutant] = []
    for statement in ast.walk(tree):
        if isinstance(statement, ast.stmt) and statement.lineno in lines and not _is_declaration(statement):
            for node, what, replacement in _changes(statement):
                start, end = _place(node, starts)
                found.append(Mutant(file, statement.lineno, what, start, end, replacement))
    return tuple(sorted(found, key=lambda mutant: (mutant.line, mutant.start, mutant.what)))


def applied(text: str, mutant: Mutant) -> str | None:
    """The text with the change made; ``None`` where that is no Python, or nothing else than before."""
    content = text.encode("utf-8", "surrogateescape")
    changed = content[: mutant.start] + mutant.replacement.encode("utf-8", "surrogateescape") + content[mutant.end :]
    result = changed.decode("utf-8", "surrogateescape")
    before, after = parsed(text), parsed(result)
    if before is None or after is None or ast.dump(before) == ast.dump(after):
        return None
    return result


def commented(text: str, tree: ast.Module, lines: Collection[int]) -> str:
    """The text with comments put behind statements of the lines: another text that does the same.

    A test that notices it compares texts.
    """
    rows = text.encode("utf-8", "surrogateescape").splitlines(keepends=True)
    ends = {
        node.end_lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno in lines and not hasattr(node, "body")
    }
    best = "".join([text, "" if text.endswith("\n") else "\n", "# nothing\n"])
    for end in ends:
        if end is not None:
            row = rows[end - 1]
            bare = row.rstrip(b"\r\n")
            rows[end - 1] = bare + _COMMENT + row[len(bare) :]
    wanted = b"".join(rows).decode("utf-8", "surrogateescape")
    after = parsed(wanted)
    return wanted if ends and after is not None and ast.dump(after) == ast.dump(tree) else best


def _is_declaration(node: ast.stmt) -> bool:
    return isinstance(node, _DECLARATIONS) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # a docstring, an ellipsis
    )


def _head(node: ast.stmt) -> range:
    """The lines of a declaration, without its body."""
    first = node.lineno
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
        return range(first, max(first + 1, min(statement.lineno for statement in node.body)))
    return range(first, (node.end_lineno or first) + 1)


def _changes(statement: ast.stmt) -> Iterator[tuple[ast.stmt | ast.expr, str, str]]:
    """What is replaced, what that is for people, and by what."""
    yield from _of_statement(statement)
    for node in _expressions(statement):
        for what, changed in _of_expression(node):
            yield node, what, f"({ast.unparse(changed)})"


def _of_statement(node: ast.stmt) -> Iterator[tuple[ast.stmt | ast.expr, str, str]]:
    match node:
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield value, "return None", "(None)"
        case ast.Assign(value=value) if not isinstance(value, ast.Constant):
            yield value, "assign None", "(None)"
        case ast.AugAssign(op=operator) if type(operator) in _ARITHMETIC:
            changed = copy.copy(node)
            changed.op = _ARITHMETIC[type(operator)]()
            yield node, f"{_sign(operator)}= becomes {_sign(changed.op)}=", ast.unparse(changed)
        case ast.If(test=test) | ast.While(test=test):
            yield test, "the condition is turned round", f"(not ({ast.unparse(test)}))"
        case ast.Expr(value=ast.Call()) | ast.Expr(value=ast.Await()):
            yield node, "the call is left out", "pass"
        case ast.Raise():
            yield node, "nothing is raised", "pass"
        case ast.Delete():
            yield node, "nothing is deleted", "pass"
        case ast.Break():
            yield node, "break becomes continue", "continue"
        case ast.Continue():
            yield node, "continue becomes break", "break"
        case _:
            pass


def _of_expression(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Compare(ops=[operator]):
            for kind in _COMPARISONS[type(operator)]:
                yield f"{_word(operator)} becomes {_word(kind())}", ast.Compare(node.left, [kind()], node.comparators)
        case ast.BinOp(op=operator) if not (_is_text(node.left) or _is_text(node.right)):
            changed = ast.BinOp(node.left, _ARITHMETIC.get(type(operator), ast.Add)(), node.right)
            yield f"{_sign(operator)} becomes {_sign(changed.op)}", changed
        case ast.BoolOp(op=ast.And(), values=values):
            yield "and becomes or", ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(values=values):
            yield "or becomes and", ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "the sign is left out", operand
        case ast.IfExp():
            yield "the two cases change places", ast.IfExp(node.test, node.orelse, node.body)
        case ast.Constant(value=bool() as value):
            yield f"{value} becomes {not value}", ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield f"{value} becomes {value + 1}", ast.Constant(value + 1)
        case ast.Constant(value=str() as value):
            yield "the text becomes another", ast.Constant(f"XX{value}")
        case _:
            pass


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a statement itself, and of no statement within it."""
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "type_comment"):
            continue
        for child in field if isinstance(field, list) else [field]:
            # Within formatted strings older versions of Python tell wrong places.
            if isinstance(child, ast.JoinedStr) or not isinstance(child, ast.expr | ast.withitem | ast.keyword):
                if isinstance(child, ast.comprehension | ast.arguments):
                    yield from _expressions(child)
                continue
            if isinstance(child, ast.expr):
                yield child
            yield from _expressions(child)


def _place(node: ast.stmt | ast.expr, starts: list[int]) -> tuple[int, int]:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column


def _line_starts(content: bytes) -> list[int]:
    starts = [0]
    for row in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    return starts


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _word(operator: ast.cmpop) -> str:
    return ast.unparse(ast.Compare(ast.Name("a"), [operator], [ast.Name("b")]))[2:-2]


def _sign(operator: ast.operator) -> str:
    return ast.unparse(ast.BinOp(ast.Name("a"), operator, ast.Name("b")))[2:-2]
