"""A task is cut into clauses, and what is quoted in it says nothing about what is wanted."""

from __future__ import annotations

import pytest

from orchestrator.composition.clauses import MOST_WORDS, QUOTED, clauses_of


@pytest.mark.parametrize(
    ("task", "clauses"),
    [
        ("Fix it. Why?", ["fix it.", "why?"]),
        ("- one\n- two", ["one", "two"]),
        ("1. one\n2) two", ["one", "two"]),
        ("Only a question: how?", ["only a question:", "how?"]),
        ("v1.5 and parser.py stay whole", ["v1.5 and parser.py stay whole"]),
        ("修复。为什么？", ["修复", "为什么"]),
        ("  \n\n", []),
    ],
)
def test_sentences_lines_and_bullets_are_clauses(task: str, clauses: list[str]) -> None:
    assert [clause.text for clause in clauses_of(task)] == clauses


@pytest.mark.parametrize(
    "task",
    [
        "why does `fix it` fail?",
        'why does "fix it" fail?',
        "why does 'fix it' fail?",
        "why does ```\nfix it\n``` fail?",
        "why does “fix it” fail?",
    ],
)
def test_quotes_and_code_are_no_words_of_the_task(task: str) -> None:
    words = [word for clause in clauses_of(task) for word in clause.words]
    assert "fix" not in words
    assert QUOTED in words


def test_an_apostrophe_begins_no_quote() -> None:
    (clause,) = clauses_of("don't drop the users' names")
    assert clause.words == ("don't", "drop", "the", "users", "names")


def test_a_question_is_known_by_its_mark_on_either_side() -> None:
    assert [clause.asks for clause in clauses_of("Why? Because. ¿por qué")] == [True, False, True]


def test_a_clause_without_an_end_keeps_a_bounded_number_of_words() -> None:
    (clause,) = clauses_of("and " * 10_000)
    assert len(clause.words) == MOST_WORDS
