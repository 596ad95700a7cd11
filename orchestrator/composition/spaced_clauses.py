"""Read what a clause says in a language whose words are separated by spaces, by beginnings of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from orchestrator.composition.clause_signals import Hit, Signal, folded, longest_head
from orchestrator.composition.clauses import Clause
from orchestrator.composition.languages import BY_WORDS, CODE, RUSSIAN, Language
from orchestrator.value_class import value_class


@value_class
class _Tables:
    """A language's tables with their accents folded, and each phrase cut into words."""

    fillers: frozenset[str]
    questions: tuple[tuple[str, ...], ...]
    asked: tuple[tuple[str, ...], ...]
    suggestions: tuple[tuple[str, ...], ...]
    requests: tuple[tuple[str, ...], ...]
    strong: tuple[tuple[str, ...], ...]
    weak: tuple[tuple[str, ...], ...]
    marks: tuple[tuple[str, ...], ...]
    changes: tuple[tuple[str, ...], ...]
    subordinate: frozenset[str]
    conjunctions: frozenset[str]
    no_change: tuple[str, ...]
    analyses: frozenset[str]
    verb_last: bool


@cache
def _suggestions() -> tuple[tuple[str, ...], ...]:
    """The suggestions of every language: short ones say little of which language it is."""
    return tuple(phrase for language in (*BY_WORDS, RUSSIAN) for phrase in _tables(language).suggestions)


@cache
def _code() -> tuple[str, ...]:
    return tuple(map(folded, CODE))


@cache
def _tables(language: Language) -> _Tables:
    def phrases(rows: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(folded(row).split()) for row in rows)

    return _Tables(
        fillers=frozenset(map(folded, language.fillers)) | {",", "&"},
        questions=phrases(language.questions),
        asked=phrases(language.asked),
        suggestions=phrases(language.suggestions),
        requests=phrases(language.requests),
        strong=phrases(language.strong),
        weak=phrases(language.weak),
        marks=phrases(language.marks),
        changes=phrases(language.changes),
        subordinate=frozenset(map(folded, language.subordinate)),
        conjunctions=frozenset(map(folded, language.conjunctions)),
        no_change=tuple(map(folded, language.no_change)),
        analyses=frozenset(map(folded, language.analyses)),
        verb_last=language.verb_last,
    )


TOLD_TO_US = ("dime", "dimmi", "mostrami", "dammi", "muestrame", "dame", "cuentame", "подскажи", "расскажи")
"""Verbs with "me" within: "tell me"."""
AUDIENCES = tuple(
    "nutzer benutzer anwender kunden utilisateur usuari utent gebruiker użytkownik пользовател kullanici".split()
)
"""Whom a program explains something to."""
WHY = frozenset(
    "warum wieso weshalb pourquoi perche waarom dlaczego czemu почему зачем".split(),
) | {"por que"}
"""Questions also without their mark; "what the user types", "as in the ticket" are none then."""
OBLIGES = tuple(
    "soll muss must doit doivent devrait deben debe debería deve devono dovrebbe deveria moet"
    " moeten должен должн powin".split()
)
"""Beginnings of words of obligation: with one, what looks like a question without its mark is none."""


def read_by_words(clause: Clause, language: Language) -> Iterable[Hit]:
    """Say what a clause of this language asks for; words that forbid any change are a hit of their own."""
    tables = _tables(language)
    text = folded(clause.text)
    forbids = next((phrase for phrase in tables.no_change if phrase in text), "")
    if forbids:
        yield Hit(forbids, Signal.NO_CHANGE)
        text = text.replace(forbids, " ")
    words = tuple(re.findall(r"[^\W_][\w./'-]*\w|[^\W_]|,|\N{REPLACEMENT CHARACTER}", text))
    while words and words[0] in tables.fillers:
        words = words[1:]
    if words:
        yield _verb_last(words, clause, tables) if tables.verb_last else _verb_first(words, clause, tables)


def _verb_first(words: Sequence[str], clause: Clause, tables: _Tables) -> Hit:
    suggestion = longest_head(words, _suggestions())
    if suggestion:
        return Hit(" ".join(suggestion), Signal.CHANGE)
    request = longest_head(words, tables.requests)
    if request:
        return _requested(words[len(request) :], request, tables)
    question = longest_head(words, tables.questions) or (longest_head(words, tables.asked) if clause.asks else ())
    if question or words[0].startswith("qu'"):
        return _asked(words, question or words[:1], clause, tables)
    strong = _stem_head(words, tables.strong)
    if strong:
        is_to_us = len(strong) > 1 or "-" in strong[0] or strong[0].startswith(TOLD_TO_US)
        return Hit(" ".join(strong), _analysis(words[len(strong) :], tables, is_weak=False, is_to_us=is_to_us))
    weak = _stem_head(words, tables.weak)
    if weak:
        return Hit(" ".join(weak), _analysis(words[len(weak) :], tables, is_weak=True))
    change = _change_in(words, tables)
    if change:
        return Hit(change, Signal.CHANGE)
    if len(words) <= 4 and words[0] in tables.analyses:
        return Hit(words[0], Signal.ANSWER)
    return Hit(" ".join(words[:3]), Signal.UNCLEAR)


def _requested(rest: Sequence[str], request: Sequence[str], tables: _Tables) -> Hit:
    shown = " ".join((*request, *rest[:1]))
    told = next((index for index, word in enumerate(rest) if word in tables.subordinate), len(rest))
    explains = any(_stem_head(rest[index:], (*tables.strong, *tables.weak)) for index in range(len(rest)))
    if explains and not _change_in(rest[:told], tables) and not _change_after_and(rest, tables):
        return Hit(shown, Signal.ANSWER)
    return Hit(shown, Signal.CHANGE)


def _asked(words: Sequence[str], question: Sequence[str], clause: Clause, tables: _Tables) -> Hit:
    shown = " ".join(question)
    for index, word in enumerate(words):
        if word in tables.conjunctions and longest_head(words[index + 1 :], tables.requests):
            return Hit(" ".join(words[index + 1 : index + 3]), Signal.CHANGE)
    if not clause.asks:
        if any(longest_head(words[index:], tables.requests) for index in range(1, len(words))):
            return Hit(shown, Signal.CHANGE)
        obliges = any(word.startswith(OBLIGES) for word in words[1:])
        if shown not in WHY or obliges or _change_in(words, tables):
            return Hit(shown, Signal.UNCLEAR)
    return Hit(shown, Signal.ANSWER, question=True)


def _analysis(rest: Sequence[str], tables: _Tables, *, is_weak: bool, is_to_us: bool = False) -> Signal:
    told = next((index for index, word in enumerate(rest) if word in tables.subordinate), len(rest))
    if _change_after_and(rest, tables):
        return Signal.CHANGE
    if not rest:
        return Signal.UNCLEAR if is_weak else Signal.ANSWER
    if any(longest_head(rest[index:], tables.marks) for index in range(len(rest))) and (is_weak or told):
        return Signal.UNCLEAR
    if any(word.startswith(AUDIENCES) for word in rest):
        return Signal.UNCLEAR
    is_about_code = any(_last_part(word).startswith(_code()) or "/" in word for word in rest)
    if not is_about_code and (is_weak or not (told < len(rest) or is_to_us)):
        return Signal.UNCLEAR
    return Signal.ANSWER


def _change_after_and(words: Sequence[str], tables: _Tables) -> bool:
    """Whether a verb of change stands in the two words behind an "and"."""
    return any(
        word in tables.conjunctions
        and any(_stem_head(words[place:], tables.changes) for place in (index + 1, index + 2))
        for index, word in enumerate(words)
    )


def _change_in(words: Sequence[str], tables: _Tables) -> str:
    for index in range(len(words)):
        found = _stem_head(words[index:], tables.changes)
        if found:
            return " ".join(found)
    return ""


def _verb_last(words: Sequence[str], clause: Clause, tables: _Tables) -> Hit:
    """Turkish: the verb that says what is wanted ends the clause."""
    tail = words[-3:]
    if words[-1].startswith(("misin", "musun", "mısın", "miyiz", "mı", "mi")) and len(words) > 1:
        stem = words[-2:-1]
        if _stem_head(stem, tables.strong) and not _change_in(words[-2:-1], tables):
            return Hit(" ".join(words[-2:]), Signal.ANSWER)
        if words[-1].startswith(("misin", "musun", "mısın", "miyiz")) or _change_in(stem, tables):
            return Hit(" ".join(words[-2:]), Signal.CHANGE)
        return Hit(" ".join(words[-2:]), Signal.ANSWER if clause.asks else Signal.UNCLEAR, question=clause.asks)
    if any(
        (word,) in tables.changes and words[index + 1 : index + 2] in (("ve",), (",",))
        for index, word in enumerate(words)
    ):
        return Hit("ve", Signal.CHANGE)
    for verbs, is_weak in ((tables.strong, False), (tables.weak, True)):
        found = next((" ".join(verb) for verb in verbs if tuple(words[-len(verb) :]) == verb), "")
        if found:
            return Hit(found, _analysis(words[: -len(found.split())], tables, is_weak=is_weak))
    if clause.asks and any(longest_head(words[index:], tables.questions) for index in range(len(words))):
        return Hit(words[-1], Signal.ANSWER, question=True)
    change = _change_in(tail, tables)
    return Hit(change or words[-1], Signal.CHANGE if change else Signal.UNCLEAR)


def _stem_head(words: Sequence[str], stems: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The words at the head that one of the stems begins: whole words but for the last, which may go on."""
    best: tuple[str, ...] = ()
    for stem in stems:
        count = len(stem)
        if count <= len(best) or count > len(words):
            continue
        last = words[count - 1] if count > 1 else _last_part(words[0])
        if tuple(words[: count - 1]) == tuple(stem[:-1]) and last.startswith(stem[-1]):
            best = tuple(words[:count])
    return best


def _last_part(word: str) -> str:
    """French and Italian write an article or pronoun before an apostrophe."""
    return word.rpartition("'")[2] or word
