from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.money import Usage
from orchestrator.narration.formatting import clean, consumption, duration, money, one_line, tokens


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colours"),
        pytest.param("\x1b]0;title\x07text", "text", id="a window title"),
        pytest.param("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", id="a link"),
        pytest.param("a\x9b2Jb", "ab", id="an eight-bit sequence"),
        pytest.param("abc\x08\x08x\x00\x7f", "abcx", id="backspaces and NULs"),
        pytest.param("user\u202egnp.exe", "usergnp.exe", id="turned direction"),
        pytest.param("one\rtwo", "one\ntwo", id="a bare carriage return"),
        pytest.param("[bold]not markup[/bold]", "[bold]not markup[/bold]", id="markup stays text"),
        pytest.param("größe 漢字 🙂", "größe 漢字 🙂", id="every script stays"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(text: str, left: str) -> None:
    assert clean(text) == left


@given(st.text())
def test_no_text_keeps_a_control_character(text: str) -> None:
    assert not any((ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 for c in clean(text))
    assert "\n" not in one_line(text)
    assert len(one_line(text, 20)) <= 20


def test_a_huge_text_is_cut_without_looking_at_all_of_it() -> None:
    assert one_line("x" * 10_000_000, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (42.9, "0:42"), (725, "12:05"), (3727, "1:02:07"), (-5, "0:00")]
)
def test_a_duration_reads_like_a_clock(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, "unknown"), (0, "0"), (870, "870"), (12_345, "12.3k"), (999_960, "1.0M"), (1_234_567, "1.2M")],
)
def test_tokens_are_shortened_and_unknown_is_not_0(count: int | None, words: str) -> None:
    assert tokens(count) == words


@pytest.mark.parametrize(("usd", "words"), [(None, "unknown"), (0.0, "$0.00"), (0.0042, "$0.0042"), (1.5, "$1.50")])
def test_small_costs_keep_their_digits(usd: float | None, words: str) -> None:
    assert money(usd) == words


def test_consumption_says_what_is_unknown() -> None:
    assert consumption(Usage()) == "tokens and cost unknown"
    assert consumption(Usage(input_tokens=10)) == "10 tokens, cost unknown"
