from __future__ import annotations

import pytest

from orchestrator.suites.shell_lines import UnreadableTextError, commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b", [("", "a b")]),
        ("a && b || c; d | e\nf & g", [("", "a"), ("&&", "b"), ("||", "c"), (";", "d"), ("|", "e"), ("\n", "f"), ("&", "g")]),  # noqa: E501 - one row
        ("a 'b && c' \"d; e\"", [("", "a b && c d; e")]),
        ("a \\\n  b # c && d\ne", [("", "a b"), ("\n", "e")]),
        ("(cd x && y)", [("", "cd x"), ("&&", "y")]),
        ("a $(b | c) 2>&1", [("", "a $(b | c) 2>&1")]),
        ("", []),
        ("# only words", []),
    ],
)  # fmt: skip
def test_a_text_is_cut_into_its_commands(text: str, found: list[tuple[str, str]]) -> None:
    assert [(command.joined_by, " ".join(command.texts)) for command in commands(text)] == found


def test_assignments_stand_apart() -> None:
    (command,) = commands("A=1 B='x y' pytest C=2")
    assert [word.raw for word in command.assignments] == ["A=1", "B='x y'"]
    assert command.texts == ["pytest", "C=2"]
    assert command.raw == "A=1 B='x y' pytest C=2"


@pytest.mark.parametrize(("raw", "needs"), [("a", False), ("'$a'", False), ('"$a"', True), ("a*", True), ("~/x", True)])
def test_what_only_a_shell_can_expand_is_known(raw: str, needs: bool) -> None:
    assert commands(f"x {raw}")[0].words[1].needs_shell is needs


@pytest.mark.parametrize(
    "text", ["if a; then b; fi", "for x in y; do z; done", "cat <<E\nx\nE", "a 'b", "a $(b", "x" * 30_000]
)
def test_what_is_more_than_a_list_of_commands_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTextError):
        commands(text)
