from __future__ import annotations

import re

from orchestrator.gates.gate import Subject
from orchestrator.gates.suppressions import (
    files_left_out,
    in_comments,
    rules_left_out,
    section_of,
    table_of,
    words_of,
)
from orchestrator.models.quality_gates import Finding, Suppression

NOQA = re.compile(r"#\s*(?:ruff:\s*)?noqa\b[^#]*")
LINES = {"a.py": ("import os  # noqa: F401", "import re"), "b.py": ("# ruff: noqa", "import os")}
SUBJECT = Subject(lines=lambda name: LINES.get(name, ()))
FINDINGS = (
    Finding("unused", "F401", "pkg/a.py", 1),
    Finding("long", "E501", "tests/b.py", 2),
    Finding("shown only", "F401", "pkg/c.py", 3, counted=False),
)


def test_a_comment_on_the_line_hides_what_stands_there() -> None:
    found = in_comments(SUBJECT, [("a.py", 1, "F401"), ("a.py", 1, "E402"), ("a.py", 2, "F401")], NOQA)
    assert found == [Suppression("# noqa: F401", "a.py", 1, 2, "F401, E402")]


def test_a_comment_for_a_whole_file_hides_what_stands_anywhere_in_it() -> None:
    assert in_comments(SUBJECT, [("b.py", 2, "F401")], NOQA) == [Suppression("# ruff: noqa", "b.py", 1, 1, "F401")]


def test_a_file_that_cannot_be_read_hides_nothing() -> None:
    assert in_comments(SUBJECT, [("c.py", 1, "F401"), ("a.py", 99, "F401")], NOQA) == []


def test_settings_are_read_and_what_is_no_setting_is_none() -> None:
    subject = Subject(
        settings={"pyproject.toml": '[tool.ruff.lint]\nignore = ["E5"]', "setup.cfg": "[flake8]\nignore = E, W\n"}
    )
    assert words_of(table_of(subject, "pyproject.toml", "tool", "ruff", "lint").get("ignore")) == ("E5",)
    assert words_of(section_of(subject, "setup.cfg", "flake8").get("ignore")) == ("E", "W")
    broken = Subject(settings={"pyproject.toml": "[tool.ruff", "setup.cfg": "no section"})
    assert (table_of(broken, "pyproject.toml", "tool"), section_of(broken, "setup.cfg", "flake8")) == ({}, {})
    assert words_of(7) == ()


def test_a_rule_that_is_left_out_says_how_much_it_would_hide() -> None:
    (entry,) = rules_left_out("pyproject.toml", "ignore", ["F"], FINDINGS)
    assert (entry.asks, entry.hides) == ("ignore = F", 1)
    (entry,) = rules_left_out("pyproject.toml", "per-file-ignores tests/*", ["ALL"], FINDINGS, only="tests/*")
    assert entry.hides == 1


def test_files_that_are_left_out_are_counted_by_folder_pattern_or_expression() -> None:
    for pattern in ("tests", "tests/**", "*.py", "tests/b.py", "./tests"):
        (entry,) = files_left_out("pyproject.toml", "exclude", [pattern], FINDINGS)
        assert entry.hides == (2 if pattern == "*.py" else 1), pattern
    (entry,) = files_left_out("mypy.ini", "exclude", ["^tests/"], FINDINGS, are_regular=True)
    assert entry.hides == 1
    (entry,) = files_left_out("mypy.ini", "exclude", ["("], FINDINGS, are_regular=True)
    assert entry.hides == 0
