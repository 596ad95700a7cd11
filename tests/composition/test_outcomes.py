"""A task is a change unless every clause says that an answer is wanted, and the words it was read from are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.composition.clause_signals import Signal
from orchestrator.composition.outcomes import IN_DOUBT, MOST_CHARS, Outcome, language_of, read_outcome


def test_the_rule_and_its_hits_are_shown() -> None:
    reading = read_outcome("The login is slow. Why does it take so long? Please fix it.")
    assert reading.outcome is Outcome.CHANGE
    assert reading.rule == "it asks for a change"
    assert [(hit.words, hit.signal) for hit in reading.hits] == [("fix", Signal.CHANGE)]


def test_what_says_neither_is_a_change_and_says_so() -> None:
    reading = read_outcome("dark mode")
    assert (reading.outcome, reading.rule) == (Outcome.CHANGE, IN_DOUBT)


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        pytest.param("The importer is slow. Why?", Outcome.ANSWER, id="background of a question"),
        pytest.param("Why is the importer slow? It used to be fast.", Outcome.CHANGE, id="a report behind a question"),
        pytest.param("The importer. Is slow. On Mondays. With big files. Why?", Outcome.CHANGE, id="too much of it"),
        pytest.param("Look at the importer. Do not change anything.", Outcome.ANSWER, id="no change"),
        pytest.param("Add a button. Do not change anything else.", Outcome.CHANGE, id="no other change"),
        pytest.param("Fix the parser, but do not change anything", Outcome.CHANGE, id="a contradiction"),
        pytest.param("Why? " * (MOST_CHARS // 5 + 1), Outcome.CHANGE, id="too long to be read"),
        pytest.param("why " * 500, Outcome.CHANGE, id="a clause too long to be read"),
    ],
)
def test_what_stands_around_an_order_or_a_question_decides_with_it(task: str, outcome: Outcome) -> None:
    assert read_outcome(task).outcome is outcome


@pytest.mark.parametrize(
    ("task", "language"),
    [
        ("Fix the login", None),
        ("Corrige l'erreur dans le module", "French"),
        ("Corrige el error del formulario", "Spanish"),
        ("Исправь ошибку", "Russian"),
        ("Додай пошук і тести", None),
    ],
)
def test_a_language_is_known_by_its_script_and_its_common_words(task: str, language: str | None) -> None:
    found = language_of(task)
    assert (found.name if found else None) == language


@given(st.text(max_size=200))
def test_every_text_is_read(task: str) -> None:
    assert read_outcome(task).outcome in Outcome


WORDS = ("why", "and", "fix", "it", "?", ".", ",", "please", "don't", "¿", "`", "修复", "und", "warum", "mi")


@given(st.lists(st.sampled_from(WORDS), max_size=20))
def test_every_mixture_of_the_tables_own_words_is_read(words: list[str]) -> None:
    assert read_outcome(" ".join(words)).outcome in Outcome
