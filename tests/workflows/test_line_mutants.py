from __future__ import annotations

import ast

import pytest

from orchestrator.workflows.line_mutants import applied, behaving, commented, mutants_of, parsed


def tree_of(text: str) -> ast.Module:
    tree = parsed(text)
    assert tree is not None
    return tree


def changes(text: str, *lines: int) -> set[str]:
    """The changed lines of all mutants, without the blanks at their ends."""
    tree = tree_of(text)
    chosen = lines or range(1, text.count("\n") + 1)
    found = [applied(text, mutant) for mutant in mutants_of("a.py", text, tree, chosen)]
    before = text.splitlines()
    return {
        row.strip()
        for new in found
        if new is not None
        for row, old in zip(new.splitlines(), before, strict=True)
        if row != old
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x < y\n", {"(x <= y)", "(x >= y)"}),
        ("x == y\n", {"(x != y)"}),
        ("x in y\n", {"(x not in y)"}),
        ("x - y\n", {"(x + y)"}),
        ("x and y\n", {"(x or y)"}),
        ("not x\n", {"(x)"}),
        ("x = True\n", {"x = (False)"}),
        ("x = 3\n", {"x = (4)"}),
        ("x = ''\n", {"x = ('XX')"}),
        ("x -= y\n", {"x += y"}),
        ("f(x)\n", {"pass"}),
        ("raise E\n", {"pass"}),
        ("def f():\n    return x\n", {"return (None)"}),
        ("if x: y\n", {"if (not (x)): y"}),
        ("x = y if z else w\n", {"x = (w if z else y)", "x = (None)"}),
        ("é = 'é'; x -= y\n", {"é = ('XXé'); x -= y", "é = 'é'; x += y"}),
    ],
)
def test_one_change_is_made_and_the_rest_stays(text: str, expected: set[str]) -> None:
    assert changes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import a\n",
        '"""A text."""\n',
        "def f(x=1): ...\n",
        "class A: ...\n",
        "pass\n",
        "x: int\n",
        "x = f'{y + 1}'.z\n",
    ],
)
def test_what_does_nothing_has_no_mutant_but_its_value(text: str) -> None:
    assert changes(text) <= {"x = (None)"}


def test_lines_that_were_not_named_stay() -> None:
    text = "if x > 1:\n    y = 2\nelse:\n    y = 3\n"

    assert changes(text, 4) == {"y = (4)"}


def test_a_change_within_a_statement_of_several_lines_belongs_to_its_first() -> None:
    text = "f(\n    1,\n    x + y,\n)\n"
    tree = tree_of(text)

    assert {mutant.line for mutant in mutants_of("a.py", text, tree, {1})} == {1}
    assert mutants_of("a.py", text, tree, {3}) == ()


def test_importing_defining_and_documenting_is_no_behaviour() -> None:
    text = 'import a\n\n\n@b\ndef f(\n    x,\n):\n    """Text."""\n    return x\n\n\nY = 1\n'

    assert behaving(tree_of(text), {1, 4, 5, 6, 7, 8, 9, 12}) == {9, 12}


@pytest.mark.parametrize(
    "text", ["x = 1\n", "x = 1", "if y:\n    x = (\n        1)\n", "x = '''\na'''\n", "x = 1 \\\n    + 2\n"]
)
def test_comments_change_the_text_and_nothing_else(text: str) -> None:
    tree = tree_of(text)
    after = commented(text, tree, range(1, 9))

    assert after != text
    assert ast.dump(tree_of(after)) == ast.dump(tree)


def test_what_is_no_python_has_no_tree() -> None:
    assert parsed("def") is None
    assert parsed("x = '\0'") is None
