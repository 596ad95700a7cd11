"""Say whether a task asks for a change or for an answer; in doubt it asks for a change.

Each clause gives one signal.  A wrong "answer" would leave a task undone, a wrong "change" costs one writer's look;
so every sign of a change counts, and an answer is taken only where the form of the clause says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache

from orchestrator.composition import english as en
from orchestrator.composition.clause_signals import Hit, Signal, folded
from orchestrator.composition.clauses import MOST_WORDS, Clause, clauses_of
from orchestrator.composition.english_clauses import read_english
from orchestrator.composition.languages import BY_SCRIPT, BY_WORDS, RUSSIAN, Language, UnspacedLanguage
from orchestrator.composition.spaced_clauses import read_by_words
from orchestrator.composition.unspaced_clauses import read_by_signs
from orchestrator.value_class import value_class

MOST_CHARS = 20_000
"""A longer task is read no further: it is a specification, and asks for a change."""
MOST_CONTEXT = 3
"""Clauses that only describe, before a question, that are still taken for its background."""


class Outcome(StrEnum):
    """What a task is to result in."""

    CHANGE = "change"
    ANSWER = "answer"


@value_class
class Reading:
    """What a task asks for, the rule that says so, and the hits it fired on."""

    outcome: Outcome
    rule: str
    hits: tuple[Hit, ...]
    language: str


def read_outcome(task: str) -> Reading:
    """Whether ``task`` asks for a change or an answer."""
    language = language_of(task[:MOST_CHARS])
    clauses = clauses_of(task[:MOST_CHARS])
    if len(task) > MOST_CHARS or any(len(clause.words) == MOST_WORDS for clause in clauses):
        return Reading(Outcome.CHANGE, "so long a task is taken for a specification of a change", (), _name(language))
    hits = tuple(hit for clause in clauses for hit in _signals(clause, language))
    by_signal = {hit.signal for hit in hits}
    for signal, outcome, reason in RULES:
        if signal in by_signal:
            if signal is Signal.ANSWER and not _is_background(hits):
                break
            return Reading(outcome, reason, tuple(hit for hit in hits if hit.signal is signal), _name(language))
    return Reading(Outcome.CHANGE, IN_DOUBT, hits, _name(language))


RULES: Sequence[tuple[Signal, Outcome, str]] = (
    (Signal.CHANGE, Outcome.CHANGE, "it asks for a change"),
    (Signal.NO_CHANGE, Outcome.ANSWER, "it asks for no change"),
    (Signal.ANSWER, Outcome.ANSWER, "it asks for an answer, and for no change"),
)
"""The first row whose signal any clause gave."""
IN_DOUBT = "nothing says for certain that it asks for an answer only"


def _is_background(hits: Sequence[Hit]) -> bool:
    """Whether what says neither is only what a question at the end is about."""
    unclear = [index for index, hit in enumerate(hits) if hit.signal is Signal.UNCLEAR]
    return not unclear or (len(unclear) <= MOST_CONTEXT and hits[-1].question and unclear[-1] < len(hits) - 1)


def language_of(task: str) -> Language | UnspacedLanguage | None:
    """The language of a task; ``None`` for English and for all that is not known."""
    if re.search("[\u3040-\u30ff]", task):
        return BY_SCRIPT["kana"]
    if re.search("[\uac00-\ud7af]", task):
        return BY_SCRIPT["hangul"]
    if re.search("[\u4e00-\u9fff]", task):
        return BY_SCRIPT["han"]
    letters = task.lower()
    if re.search("[\u0430-\u044f]", letters):
        return None if re.search("[\u0456\u0457\u0454\u0491\u045e\u0458\u0459\u045a\u045b\u045f]", letters) else RUSSIAN
    words = {
        part for word in re.findall(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*", folded(letters)) for part in _elided(word)
    }
    best = max(BY_WORDS, key=lambda language: len(words & _common(language)))
    return best if len(words & _common(best)) > len(words & _ENGLISH) else None


def _elided(word: str) -> tuple[str, ...]:
    return (word, *re.split(r"['\u2019]", word)) if re.search(r"['\u2019]", word) else (word,)


_ENGLISH = frozenset(
    "the a an of to in on for and or is are be it its that this with from by at as not do does why how what which who"
    " where when should can could would will we i you our my your there all no more than so please if into after"
    " before when each has have about them their use new".split()
) | (en.CHANGES | en.STRONG | en.WEAK).difference(*(language.common for language in BY_WORDS))


@cache
def _common(language: Language) -> frozenset[str]:
    return frozenset(map(folded, language.common))


def _name(language: Language | UnspacedLanguage | None) -> str:
    return "English" if language is None else language.name


def _signals(clause: Clause, language: Language | UnspacedLanguage | None) -> Iterable[Hit]:
    match language:
        case None:
            yield from read_english(clause)
        case Language():
            yield from read_by_words(clause, language)
        case UnspacedLanguage():
            yield from read_by_signs(clause, language)
