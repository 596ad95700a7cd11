from __future__ import annotations

import pytest

from orchestrator.workflows.mended_files import (
    Change,
    Span,
    UnfitChange,
    as_comments,
    mended,
    span_around,
    without_place,
)

CODE = (
    "import os\n\n\nclass A:\n    @property\n    def x(self):\n        return 1\n\n    def y(self):\n        return 2\n"
)


def test_changes_are_made_one_after_the_other() -> None:
    changes = [Change("./a.py", "return 1", "return 3"), Change("a.py", "return 3", "return 4")]

    assert mended(changes, {"a.py": CODE}, {"a.py"}) == {"a.py": CODE.replace("return 1", "return 4")}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param([], "no change", id="none"),
        pytest.param([Change("b.py", "a", "b")], "does not have", id="a file that is not there"),
        pytest.param([Change("a.py", "", "b")], "stands 0 times", id="an empty text"),
        pytest.param([Change("a.py", "return", "b")], "stands 2 times", id="twice"),
        pytest.param([Change("a.py", "return 1", "return 1")], "change nothing", id="nothing"),
        pytest.param([Change("conftest.py", "a", "b")], "is a test", id="what steers tests"),
        pytest.param([Change("c.py", "a", "b")], "cannot be read", id="unread"),
        pytest.param([Change("a.py", "return 1", "x" * 100_001)], "too long", id="too long"),
        pytest.param([Change("a.py", "return 1", "x")] * 21, "too many", id="too many"),
    ],
)
def test_what_cannot_be_changed_is_refused(changes: list[Change], said: str) -> None:
    with pytest.raises(UnfitChange, match=said):
        mended(changes, {"a.py": CODE, "conftest.py": "a"}, {"a.py", "c.py", "conftest.py"})


@pytest.mark.parametrize(
    ("line", "file", "span"),
    [
        pytest.param(7, "a.py", Span(5, 7), id="a function with its decorator"),
        pytest.param(10, "a.py", Span(9, 10), id="another function"),
        pytest.param(1, "a.py", Span(1, 11), id="no function"),
        pytest.param(7, "a.js", Span(1, 17), id="another language"),
    ],
)
def test_what_belongs_to_a_line_is_its_function(line: int, file: str, span: Span) -> None:
    assert span_around(CODE, line, file=file) == span


def test_a_file_that_is_no_python_has_lines_around_the_place() -> None:
    assert span_around("def x(:\n" * 30, 20, file="a.py") == Span(10, 30)


def test_the_place_is_put_back_and_all_else_stays() -> None:
    after = (
        CODE.replace("return 1", "return 3")
        .replace("import os\n", "import os\nFLAG = 1\n")
        .replace("return 2", "return 5")
    )

    assert without_place(CODE, after, 7, file="a.py") == after.replace("return 3", "return 1")
    assert without_place(CODE, CODE.replace("return 2", "return 5"), 7, file="a.py") is None


def test_what_is_put_right_behind_a_function_is_no_part_of_it() -> None:
    code = "def x():\n    return 1\n\n\ndef y():\n    return 2\n"

    assert without_place(code, code.replace("return 1\n", "return 1\n\n\nFLAG = 1\n"), 2, file="a.py") is None


def test_a_function_that_is_gone_mends_nothing() -> None:
    with pytest.raises(UnfitChange, match=r"no A\.x any more"):
        without_place(CODE, CODE.replace("def x", "def z"), 7, file="a.py")


def test_without_functions_lines_near_the_place_are_put_back() -> None:
    before = "".join(f"line {n};\n" for n in range(1, 51))
    after = before.replace("line 20;", "mended;").replace("line 40;", "flag;")

    assert without_place(before, after, 20, file="a.js") == before.replace("line 40;", "flag;")
    assert without_place(before, before.replace("line 40;", "flag;"), 20, file="a.js") is None


def test_added_lines_stand_below_as_comments_where_the_language_is_known() -> None:
    assert as_comments("a\nb", "a\nc\nb", file="x.py") == "a\nb\n# c\n"
    assert as_comments("a\n", "c\n", file="x.ts") == "a\n// c\n"
    assert as_comments("a\n", "c\n", file="x.unknown") is None
