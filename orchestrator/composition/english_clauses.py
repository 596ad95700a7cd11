"""Read what an English clause says by its form: question, request, analysis, order or wish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from orchestrator.composition import english as en
from orchestrator.composition.clause_signals import Hit, Signal, longest_head
from orchestrator.composition.clauses import QUOTED, Clause
from orchestrator.late_pattern import late_pattern

_SEPARATORS = frozenset({",", "&", "+"})


def read_english(clause: Clause) -> Iterable[Hit]:
    """Say what an English clause asks for; words that forbid any change are a hit of their own."""
    text, forbids = _without_no_change(clause.text)
    if forbids:
        yield Hit(forbids, Signal.NO_CHANGE)
        clause = Clause(text, tuple(re.findall(r"\S+", text.replace(",", " , "))), clause.asks)
    clause = _stripped(clause)
    if any(word not in _SEPARATORS for word in clause.words):
        yield _english_signal(clause)


def _without_no_change(text: str) -> tuple[str, str]:
    """The text without the words at its end that forbid any change, and those words; empty where there are none."""
    bare = text.strip(" .,!;:")
    for alone in en.NO_CHANGE_ALONE:
        if bare == alone:
            return "", alone
    found = _FORBIDDING.search(bare)
    return (bare[: found.start()], found.group().strip(" ,")) if found else (text, "")


_FORBIDDING = late_pattern(
    rf"(?:^|[\s,(])(?:but |and |please )*(?:{'|'.join(en.NEGATIONS)}) (?:{'|'.join(en.NO_CHANGE)})"
    r"(?: yet| for now| at all| please| here| now| though)*$|(?:^|, ?| )(?:change nothing|changing nothing)$"
)


def _stripped(clause: Clause) -> Clause:
    count = 0
    while count < len(clause.words) and clause.words[count] in en.FILLERS:
        count += 1
    return clause.after(count)


def _english_signal(clause: Clause) -> Hit:
    words = clause.words
    wish = _asked_for_later(words)
    if wish:
        return Hit(wish, Signal.CHANGE)
    suggestion = longest_head(words, en.SUGGESTIONS)
    if suggestion:
        return Hit(" ".join(suggestion), Signal.CHANGE)
    if words[0] in en.QUESTION_WORDS:
        return _english_question(clause)
    request = longest_head(words, en.REQUESTS)
    if request:
        return _requested(clause, request)
    if words[0] in en.AUXILIARIES:
        subject = words[1] if len(words) > 1 else ""
        if words[0] in {"can", "could"}:
            return Hit(" ".join(words[:2]), Signal.UNCLEAR)  # a question about what is, or a wish: nobody can tell
        if clause.asks or (subject in en.PRONOUNS and words[0] not in {"do", "have", "may", "might"}):
            return Hit(" ".join(words[:2]), Signal.ANSWER, question=True)
    return _english_order(clause)


def _asked_for_later(words: Sequence[str]) -> str:
    """ "… please fix", "… can you mend it": a wish behind whatever the clause began with."""
    for index, word in enumerate(words):
        rest = words[index + 1 :]
        if word == "please" and rest and rest[0] in en.CHANGES:
            return f"please {rest[0]}"
        if index and word in {"can", "could", "would", "will"} and rest[:1] == ("you",):
            verb = next((w for w in rest[1:4] if w not in en.FILLERS), "")
            if verb in en.CHANGES:
                return f"{word} you {verb}"
    return ""


def _english_question(clause: Clause) -> Hit:
    words = clause.words
    reach = 1 if words[0] in en.ADVERBIAL else 5
    aux = next((word for word in words[1 : 1 + reach] if word in en.AUXILIARIES or word.endswith("'s")), "")
    is_contracted = words[0].endswith("'s") or words[0] == "whats"
    obliges = any(word in en.OBLIGATION and index for index, word in enumerate(words))
    ordered = _ordered_too(words, only_pronouns=clause.asks)
    if ordered:
        return Hit(ordered, Signal.CHANGE)
    is_inverted = aux in en.OBLIGATION and words[words.index(aux) + 1 : words.index(aux) + 2] in _PRONOUN_NEXT
    if clause.asks or ((aux or is_contracted) and (not obliges or is_inverted)):
        return Hit(" ".join(words[:2]), Signal.ANSWER, question=True)
    if words[0] in {"how", "why", "what"} and not obliges and not set(words) & _FINITE:
        return Hit(words[0], Signal.ANSWER)
    return Hit(" ".join(words[:2]), Signal.UNCLEAR)


_PRONOUN_NEXT = frozenset((word,) for word in en.PRONOUNS)
_FINITE = frozenset(
    "is are was were should must can cannot can't doesn't don't isn't does has have fails crashes".split()
)


def _requested(clause: Clause, request: Sequence[str]) -> Hit:
    """After "can you", "I want to": what follows is what is wanted."""
    rest = _stripped(clause.after(len(request)))
    shown = " ".join((*request, *rest.words[:1]))
    if not rest.words:
        return Hit(shown, Signal.UNCLEAR)
    if rest.words[0] in en.LEARN and any(word in en.QUESTION_WORDS for word in rest.words[1:4]):
        return Hit(shown, _unless_ordered(rest, Signal.ANSWER))
    hit = _english_order(rest)
    if hit.signal is Signal.ANSWER:
        return Hit(shown, Signal.ANSWER)
    return Hit(shown, Signal.CHANGE)


def _english_order(clause: Clause) -> Hit:
    words = clause.words
    strong = longest_head(words, en.STRONG_PHRASES) or (words[:1] if words[0] in en.STRONG else ())
    if strong:
        rest = clause.after(len(strong))
        signal = _analysis_signal(rest, is_weak=strong[0] in _TELLING)
        if signal is Signal.ANSWER and strong[0] in en.OFTEN_OF_PROGRAMS and not _is_certain(rest.words):
            signal = Signal.UNCLEAR
        return Hit(" ".join(strong), signal)
    given = _given_answer(words)
    if given:
        return Hit(given, _analysis_signal(clause.after(len(given.split())), is_weak=False))
    if words[:2] in (("show", "me"), ("show", "us")):
        return Hit("show me", _analysis_signal(clause.after(2), is_weak=True))
    if words[0] in en.WEAK:
        signal = _analysis_signal(clause.after(1), is_weak=True)
        if signal is Signal.ANSWER and words[0] in en.SHOWING and not _is_shown_to_us(words[1:]):
            signal = Signal.UNCLEAR
        return Hit(words[0], signal)
    noun = _named_analysis(words)
    if noun:
        return Hit(noun, Signal.ANSWER)
    if words[0] in en.CHANGES:
        return Hit(words[0], Signal.CHANGE)
    wish = longest_head(words, en.WISHES) or tuple(word for word in words if word in en.OBLIGATION)[:1]
    if wish:
        return Hit(" ".join(wish), Signal.CHANGE)
    return Hit(" ".join(words[:3]), Signal.UNCLEAR)


_TELLING = frozenset({"tell", "let", "remind", "find", "figure"})
"""With "me" or "out" behind them they ask for an answer only where a question follows, or the code base is meant."""


def _given_answer(words: Sequence[str]) -> str:
    """ "Give me an overview", "do a threat model": what is to be given is an answer."""
    giving = longest_head(words, en.GIVE)
    if not giving:
        return ""
    for index in range(len(giving), min(len(words), len(giving) + 5)):
        if words[index] in en.ANSWERS and words[index + 1 : index + 2] not in _COMPOUND_NEXT:
            return " ".join(words[: index + 1])
        if words[index] in _PREPOSITIONS or words[index] in _SEPARATORS:
            break
    return ""


_PREPOSITIONS = frozenset("of for in on into to from with about by at under over as between against through".split())
_COMPOUND_NEXT = frozenset((word,) for word in en.COMPOUNDS)


def _analysis_signal(rest: Clause, *, is_weak: bool) -> Signal:
    """What a verb of analysis with this behind it says."""
    words = tuple(word for word in rest.words if word not in en.FILLERS or word in en.CONJUNCTIONS)
    if _ordered_too(words, only_pronouns=False):
        return Signal.CHANGE
    if not words or words[0] in en.COMPOUNDS or words[0] in {"each", "every"}:
        return Signal.UNCLEAR if words or is_weak else Signal.ANSWER
    told = next((index for index, word in enumerate(words) if word in en.SUBORDINATE), len(words))
    if set(words) & en.PEOPLE and told != 0:
        return Signal.UNCLEAR
    if any(word in _FINITE for word in words[:told]) or _writes_document(words) or _is_means(words):
        return Signal.UNCLEAR
    if is_weak:
        asked = told == 0 and words[0] not in {"that", "if"} and not _has_mark(words)
        about = (
            _names_code(words)
            and not _is_placed(words[:told] or words)
            and not _has_mark(words[:told] if asked else words)
        )
        return Signal.ANSWER if asked or about else Signal.UNCLEAR
    is_object = words[0] in en.DETERMINERS or words[0] in _PREPOSITIONS or words[0] in en.ANALYSED or told == 0
    is_object = is_object or any(_is_thing(word) for word in words)
    return Signal.ANSWER if is_object and not _has_mark(words[:told]) else Signal.UNCLEAR


def _unless_ordered(rest: Clause, signal: Signal) -> Signal:
    return Signal.CHANGE if _ordered_too(rest.words, only_pronouns=False) else signal


def _ordered_too(words: Sequence[str], *, only_pronouns: bool) -> str:
    """The verb of change that "and", "then" or a comma puts beside what the clause began with.

    Args:
        only_pronouns: Only "and fix it": "where do we create and delete users?" orders nothing.
    """
    is_told = False
    for index, word in enumerate(words):
        is_told = is_told or word in en.SUBORDINATE
        if word not in en.CONJUNCTIONS:
            continue
        before = words[index - 1] if index else ""
        follows = index + 1
        while follows < len(words) and (words[follows] in en.BETWEEN or words[follows] in en.CONJUNCTIONS):
            follows += 1
        verb = words[follows] if follows < len(words) else ""
        points = words[follows + 1 : follows + 2]
        is_pointing = points in (("it",), ("them",), ("this",), ("that",), ("these",), ("those",), ("all",))
        if verb not in en.CHANGES and not (is_pointing and not only_pronouns and verb not in _NO_ORDERS):
            continue
        is_beside_another = is_told and before in en.CHANGES
        if is_pointing or not (only_pronouns or is_beside_another):
            return f"{word} {verb}" if word not in _SEPARATORS else verb
    return ""


_NO_ORDERS = (
    en.STRONG
    | en.WEAK
    | en.QUESTION_WORDS
    | en.AUXILIARIES
    | en.PRONOUNS
    | en.DETERMINERS
    | en.SUBORDINATE
    | _PREPOSITIONS
)


def _writes_document(words: Sequence[str]) -> bool:
    """ "… in docs/architecture.md", "… to the log": the answer is to stand in a file, or on a surface."""
    for index, word in enumerate(words):
        if word not in en.DESTINATIONS and word != "on":
            continue
        for target in words[index + 1 : index + 4]:
            if target.endswith((".md", ".rst", ".txt", ".adoc", ".csv", ".html")) or target.startswith("docs/"):
                return True
            if target in en.DOCUMENT_NAMES and word in {"in", "into", "to"}:
                return True
            if target in _PREPOSITIONS:
                break
    return False


def _is_means(words: Sequence[str]) -> bool:
    """ "… to fix", "… by adding": the analysis is a means to a change."""
    for index, word in enumerate(words[:-1]):
        if word == "by" and words[index + 1] in en.GERUNDS:
            return True
        if word == "to" and words[index + 1] in en.CHANGES:
            before = words[max(0, index - 4) : index]
            if not set(before) & en.HOW_TO:
                return True
    return False


def _has_mark(words: Sequence[str]) -> bool:
    for index, word in enumerate(words):
        if any(tuple(words[index : index + len(mark)]) == mark for mark in en.MARKS):
            return True
        if word in {"in", "on", "at", "above", "below"} and set(words[index + 1 : index + 4]) & en.SURFACES:
            return True
    return False


def _is_thing(word: str) -> bool:
    return word == QUOTED or word in en.THINGS_OF_ANY or _is_named(word)


def _is_named(word: str) -> bool:
    """A part of a code base, or a path in one."""
    return word in en.THINGS or "/" in word or bool(re.search(r"\w\.(?:py|js|ts|go|rs|c|h|java|rb|php|md|toml)$", word))


def _goes_on(following: Sequence[str]) -> bool:
    """Whether a word is the first part of another: "code points", "code entered by …"."""
    ended = _PREPOSITIONS | en.CONJUNCTIONS | en.ANALYSED | en.THINGS
    return bool(following) and following[0] not in ended


def _is_certain(words: Sequence[str]) -> bool:
    """Whether a question follows, or the code base is named."""
    return _names_code(words) or bool(set(words) & (en.QUESTION_WORDS | en.ANALYSED))


def _is_shown_to_us(words: Sequence[str]) -> bool:
    return any(map(_is_named, words)) or bool(set(words) & {"our", "we", "this", "these"})


def _is_placed(words: Sequence[str]) -> bool:
    """ "… in monospace", "… on push", "… to the tracker": where a program is to do it."""
    return any(
        word in en.PLACING
        and (after := words[index + 1]) not in en.DETERMINERS
        and not (_is_thing(after) or after in en.QUESTION_WORDS or after in _PREPOSITIONS)
        for index, word in enumerate(words[:-1])
    )


def _names_code(words: Sequence[str]) -> bool:
    """Whether a part of a code base is named, or something pointed at that a code base has."""
    return any(
        (_is_named(word) and not (word == "code" and _goes_on(words[index + 1 : index + 2])))
        or (word in en.THINGS_OF_ANY and set(words[max(0, index - 3) : index]) & en.POINTING)
        or (word in en.MEASURABLE and words[index + 1 : index + 2] in (("of",), ("to",)))
        for index, word in enumerate(words)
    )


def _named_analysis(words: Sequence[str]) -> str:
    """ "Architecture review", "security deep dive", "review of the parser"."""
    if len(words) <= 5 and words[-1] in en.NAMED_ANALYSES and words[0] in en.ANALYSED:
        return " ".join(words)
    if len(words) <= 5 and words[-2:] in (("deep", "dive"), ("threat", "model")):
        return " ".join(words)
    for index, word in enumerate(words[:4]):
        if word in en.NAMED_ANALYSES and words[index + 1 : index + 2] in (("of",), ("for",)):
            return f"{word} {words[index + 1]}" if not set(words) & _FINITE else ""
    return ""
