from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.quotation import (
    clean,
    markdown_cell,
    markdown_code,
    markdown_line,
    markdown_quote,
    one_line,
    quoted_name,
    safe_json,
    unquoted_name,
    visible,
    visible_lines,
)

STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("src/größe 漢字 🙂.py", "src/größe 漢字 🙂.py", id="a plain name in any script"),
        pytest.param("a\n## Reviews\n\nb", r'"a\n## Reviews\n\nb"', id="line ends"),
        pytest.param("\x1b]52;c;aGk=\x07", r'"\033]52;c;aGk=\a"', id="a clipboard sequence"),
        pytest.param("\x9b2J", r'"\302\2332J"', id="an eight-bit control"),
        pytest.param("a\u202egnp.exe", r'"a\342\200\256gnp.exe"', id="a turned direction"),
        pytest.param('q"u\\o', r'"q\"u\\o"', id="quotation marks and backslashes"),
        pytest.param(b"\xff\xfe", r'"\377\376"', id="bytes that are no UTF-8"),
        pytest.param("\ud800", r'"\355\240\200"', id="half a pair"),
    ],
)
def test_a_name_is_quoted_as_git_quotes_it(name: str | bytes, shown: str) -> None:
    assert quoted_name(name) == shown


@given(st.binary(min_size=1, max_size=40))
def test_every_name_can_be_read_back_and_none_steers(name: bytes) -> None:
    shown = quoted_name(name)
    assert unquoted_name(shown) == name
    assert not STEERS.search(shown)
    assert "\n" not in shown


@pytest.mark.slow
def test_git_itself_reads_our_quotation(tmp_path: Path) -> None:
    names = [b"a\nb", b"\x1b]52", b"\xff", b'a"b\\', "a\u202eb\u200bc".encode(), b"\x07\x08\t\x0b\x0c\r"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in names:
        Path(tmp_path, name.decode(errors="surrogateescape")).write_text("x")
    listed = "".join(f"{quoted_name(name)}\n" for name in names)
    subprocess.run(["git", "-C", tmp_path, "update-index", "--add", "--stdin"], input=listed.encode(), check=True)
    out = subprocess.run(["git", "-C", tmp_path, "ls-files", "-z"], check=True, capture_output=True).stdout
    assert sorted(out.split(b"\0")[:-1]) == sorted(names)


@given(st.text())
def test_no_text_keeps_what_steers(text: str) -> None:
    for shown in (clean(text), one_line(text), visible(text), visible_lines(text), markdown_line(text)):
        assert not STEERS.search(shown)
    assert not {"\n", "\r"} & set(one_line(text) + visible(text) + markdown_line(text))


def test_what_a_person_decides_by_is_seen_whole() -> None:
    assert visible("rm -rf \u202e/x\n") == r"rm -rf \342\200\256/x\n"
    assert visible_lines("+a\x1b[2Kb\n") == "+a\\033[2Kb\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("it_is a plain sentence, 2 < 3 & 4", "it_is a plain sentence, 2 < 3 & 4", id="prose stays"),
        pytest.param("# Done", r"\# Done", id="a heading"),
        pytest.param("a\n\n## Reviews and decisions", "a ## Reviews and decisions", id="a section"),
        pytest.param("- x", r"\- x", id="a list"),
        pytest.param("12. x", r"12\. x", id="a numbered list"),
        pytest.param("> x", r"\> x", id="a quote"),
        pytest.param("---", r"\---", id="a rule"),
        pytest.param("<!-- gone", r"\<!-- gone", id="a comment that would hide the rest"),
        pytest.param("![x](http://h/p.png)", r"!\[x\](http://h/p.png)", id="a picture"),
        pytest.param("a `b` c", r"a \`b\` c", id="code"),
        pytest.param("&#x202e;", r"\&#x202e;", id="an entity"),
        pytest.param("~~no~~ **yes**", r"\~\~no\~\~ \*\*yes\*\*", id="emphasis"),
    ],
)
def test_a_line_of_markdown_shows_the_text_as_it_is(text: str, shown: str) -> None:
    assert markdown_line(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.py", "`a.py`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a``b`", "``` a``b` ```"), ("a\nb", r'`"a\nb"`')],
)
def test_no_backtick_ends_a_span_of_code(name: str, shown: str) -> None:
    assert markdown_code(name) == shown


def test_a_bar_does_not_end_a_cell() -> None:
    assert markdown_cell(markdown_line("a|b")) == r"a\|b"
    assert markdown_cell(markdown_code("a|b")) == r"`a\|b`"


def test_a_quote_keeps_its_lines_and_no_html() -> None:
    assert markdown_quote("**a**\x1b[31m\n<script>\n\n![p](u)") == ["> **a**", r"> \<script>", ">", r"> !\[p](u)"]


@given(st.text())
def test_a_json_document_keeps_its_values(text: str) -> None:
    document = safe_json(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(document) == {"a": text}
    assert not STEERS.search(document)
    document.encode()
