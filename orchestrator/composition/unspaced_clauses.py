"""Read what a clause says in a language without spaces, or whose verbs take endings, by signs within it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from orchestrator.composition.clause_signals import Hit, Signal
from orchestrator.composition.clauses import Clause
from orchestrator.composition.languages import UnspacedLanguage


def read_by_signs(clause: Clause, language: UnspacedLanguage) -> Iterable[Hit]:
    """Say what a clause of this language asks for; signs that forbid any change are a hit of their own."""
    text = clause.text
    forbids = next((phrase for phrase in language.no_change if phrase in text), "")
    if forbids:
        yield Hit(forbids, Signal.NO_CHANGE)
        text = text.replace(forbids, "")
    if text.strip(" ,.!?\u3001\uff0c"):
        yield (
            _ending_in_verb(text, clause, language)
            if language.verb_last
            else _beginning_in_verb(text, clause, language)
        )


def _ending_in_verb(text: str, clause: Clause, language: UnspacedLanguage) -> Hit:
    """Japanese, Korean: a verb of change counts in the form of an order."""
    ordered = _orders(language).search(text)
    if ordered:
        return Hit(ordered.group().strip(), Signal.CHANGE)
    end = text.rstrip(" .,!?\u3002\uff1f")
    if re.search("どうですか|どうでしょう|いかが|어때", text):
        return Hit(end[-6:], Signal.UNCLEAR)  # "how about …"
    told_us = _first_sign(text, language.answer_forms)
    if told_us and not re.search("ユーザーに|사용자에게", text):
        return Hit(told_us, Signal.ANSWER)
    weak = _first_sign(text, (*language.strong, *language.weak))
    if weak:
        is_about = _first_sign(text, language.things) and not _first_sign(text, language.marks)
        return Hit(weak, Signal.ANSWER if is_about else Signal.UNCLEAR)
    asked = _first_sign(text, language.questions)
    if asked and (clause.asks or end.endswith(language.questions)):
        return Hit(asked, Signal.ANSWER, question=True)
    return Hit(text[-8:].strip(), Signal.UNCLEAR)


NATIVE_ORDERS: Mapping[str, str] = {
    "Japanese": "(?:直|なお|作|つく|書|消|変え|入れ|足|付け|つけ|加え|減ら|増や|速く|早く|に|外|戻|分け|止め|置き換え)"
    "(?:して|って|いて|て|し?たい|してほしい)(?!い?る)",
    "Korean": "고쳐|고치|만들어|만들고|바꿔|바꾸|넣어|없애|줄여|높여",
}
"""Verbs of change that are not made of a noun and "to do"."""


@cache
def _orders(language: UnspacedLanguage) -> re.Pattern[str]:
    made = f"(?:{'|'.join(language.orders)})\\s?\u3092?(?:{'|'.join(language.order_forms)})"
    return re.compile(f"{made}|{NATIVE_ORDERS[language.name]}")


def _beginning_in_verb(text: str, clause: Clause, language: UnspacedLanguage) -> Hit:
    """Chinese: what stands before the verb of change says whether it is asked for or spoken about."""
    order = _first_sign(text, language.orders)
    asked = _first_sign(text, language.questions)
    told = min((text.find(sign) for sign in language.questions if sign in text), default=len(text))
    strong = _first_sign(text, language.strong)
    weak = _first_sign(text, language.weak)
    if order:
        begun = text.find(order)
        if re.search(f"(?:并|並|然后|然後|再|后|，|,|、|和|且)\\s?(?:{'|'.join(language.orders)})", text):
            return Hit(order, Signal.CHANGE)
        if strong and text.find(strong) < told < begun:
            return Hit(strong, Signal.ANSWER)
        is_request = re.search("能不能|能否|可以|可否|可不可以|请|請|帮|幫|麻烦|想", text[:begun])
        if asked and clause.asks and not is_request and (told < begun or asked in "吗嗎呢"):
            return Hit(asked, Signal.ANSWER, question=True)
        if asked and told < begun and not is_request and not strong and not weak:
            return Hit(asked, Signal.ANSWER, question=True)
        return Hit(order, Signal.CHANGE)
    if text.rstrip(" ？?").endswith(("怎么样", "怎麼樣", "吧", "好不好")):
        return Hit(text.rstrip(" ？?")[-3:], Signal.UNCLEAR)  # "how about …"
    if strong:
        is_to_us = strong in {"告诉我", "给我", "給我", "讲解", "讲一下"}
        is_of_code = is_to_us or bool(_first_sign(text, (*language.things, *language.questions)))
        return Hit(strong, Signal.ANSWER if is_of_code and not re.search("[向给]用户", text) else Signal.UNCLEAR)
    if weak and text.find(weak) < told:
        is_about = _first_sign(text, language.things) and not _first_sign(text, language.marks)
        return Hit(weak, Signal.ANSWER if is_about else Signal.UNCLEAR)
    if asked:
        return Hit(asked, Signal.ANSWER, question=True)
    return Hit(text[:8], Signal.UNCLEAR)


def _first_sign(text: str, signs: Collection[str]) -> str:
    """The sign that stands first in the text; empty where none does."""
    return min((sign for sign in signs if sign in text), key=text.find, default="")
