"""The tables of languages hold what their readers expect of them."""

from __future__ import annotations

import pytest

from orchestrator.composition.languages import BY_SCRIPT, BY_WORDS, RUSSIAN, Language, UnspacedLanguage


@pytest.mark.parametrize("language", [*BY_WORDS, RUSSIAN], ids=lambda language: language.name)
def test_no_row_is_empty_or_in_capitals(language: Language) -> None:
    """An empty beginning of a word would begin every word; clauses are in small letters."""
    for rows in (
        language.questions,
        language.requests,
        language.strong,
        language.weak,
        language.changes,
        language.marks,
    ):
        assert all(row and row == row.lower().strip() for row in rows)


@pytest.mark.parametrize("language", BY_SCRIPT.values(), ids=lambda language: language.name)
def test_no_sign_is_empty(language: UnspacedLanguage) -> None:
    assert all((*language.questions, *language.orders, *language.strong, *language.weak, *language.things))


def test_a_language_is_told_by_words_of_its_own() -> None:
    for language in BY_WORDS:
        others = frozenset[str]().union(*(other.common for other in BY_WORDS if other is not language))
        assert len(language.common - others) >= 10, language.name
