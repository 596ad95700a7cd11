from __future__ import annotations

import pytest

from orchestrator.safety.evaluated_output import is_meant_for_shells, texts_to_write
from orchestrator.safety.shell.words import Word


@pytest.mark.parametrize(
    ("made_by", "meant"),
    [("ssh-agent -s", True), ("/usr/bin/dircolors", True), ("cat x", False), ("", False), ("echo ssh-agent", False)],
)
def test_only_what_a_program_prints_for_shells_is_meant_for_them(made_by: str, meant: bool) -> None:
    assert is_meant_for_shells(made_by) is meant


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("--format=git push origin %(refname)", "git push origin $_made"),
        ('{print "rm -rf " $1}', "rm -rf "),
        ("s/^/git push /", "git push "),
        ('.[] | "rm -rf \\(.path)"', "rm -rf $_made"),
    ],
)
def test_a_text_that_output_is_made_of_is_found_with_its_holes(word: str, text: str) -> None:
    assert text in list(texts_to_write([Word("x"), Word(word)]))


def test_a_word_alone_is_no_text() -> None:
    assert list(texts_to_write([Word("git push"), Word("push")])) == []
