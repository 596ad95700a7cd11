from __future__ import annotations

import pytest

from orchestrator.orchestration.arguments import text_of


def test_a_text_is_taken_as_it_is_and_anything_else_is_named() -> None:
    assert text_of("task", " Fix it ") == " Fix it "
    for wrong, said in (
        (None, "not NoneType"),
        ("", "not ''"),
        ("\u200b", "not '.u200b'"),
        (3, "not int"),
        ("xxxx", "3 characters, and has 4"),
    ):
        with pytest.raises(ValueError, match=f"task m.*{said}"):
            text_of("task", wrong, most_chars=3)
