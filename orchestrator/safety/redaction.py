"""Take secrets out of events: known values, and the common forms of keys.

Hardly any text holds one, and every text there is has to be looked at.  So one search by the regular expressions of
pydantic's core, a hundred times as fast as Python's, tells which texts *may* hold one (ADR 0077), and only in those it
is looked for.  That search must find whatever the forms below it find, and may find more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic_core import SchemaError, SchemaValidator, core_schema

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import AgentEvent
from orchestrator.value_class import value_class

T = TypeVar("T")

MIN_KNOWN_CHARS: Final = 8
"""A shorter value would be found all over ordinary text."""


@value_class
class _Form:
    """One form of secret."""

    kind: str
    hints: tuple[str, ...]
    """The pattern is only tried on texts with one of these: looking for them is many times faster."""
    may_match: str
    """Found in whatever the pattern matches; in the language of Rust's ``regex``, which cannot look back or ahead."""
    pattern: re.Pattern[str]
    """A group ``keep`` stays in front of what is put in its place."""


# Every repetition is bounded, and a match begins where no such run is under way, so time grows only with the text.
_FORMS: Final = (
    _Form(
        "api-key",
        ("sk-",),
        r"sk-[A-Za-z0-9_-]{16}",
        late_pattern(r"(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]{0,300}\d)[A-Za-z0-9_-]{16,300}"),
    ),
    _Form(
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"gh[pousr]_[A-Za-z0-9]{20}|github_pat_[A-Za-z0-9_]{20}",
        late_pattern(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,300}|github_pat_[A-Za-z0-9_]{20,300})"),
    ),
    _Form(
        "google-key", ("AIza",), r"AIza[A-Za-z0-9_-]{30}", late_pattern(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,100}")
    ),
    _Form(
        "google-token",
        ("ya29.",),
        r"ya29\.[A-Za-z0-9._-]{20}",
        late_pattern(r"(?<![A-Za-z0-9])ya29\.[A-Za-z0-9._-]{20,2000}"),
    ),
    _Form(
        "aws-key",
        ("AKIA", "ASIA"),
        r"A[KS]IA[A-Z0-9]{16}",
        late_pattern(r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ),
    _Form(
        "slack-token",
        ("xox",),
        r"xox[abeoprs]-[A-Za-z0-9-]{10}",
        late_pattern(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,300}"),
    ),
    _Form(
        "gitlab-token",
        ("glpat-",),
        r"glpat-[A-Za-z0-9_-]{16}",
        late_pattern(r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{16,300}"),
    ),
    _Form("npm-token", ("npm_",), r"npm_[A-Za-z0-9]{30}", late_pattern(r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,100}")),
    _Form(
        "jwt",
        ("eyJ",),
        r"eyJ[A-Za-z0-9_-]{8}",
        late_pattern(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{0,2000}"),
    ),
    _Form(
        "bearer",
        ("earer", "EARER"),
        r"(?i:bearer)[\s\x1c-\x1f]",  # Python counts four more characters as white space
        late_pattern(
            r"(?P<keep>(?<![A-Za-z0-9])bearer\s{1,4})(?=[A-Za-z._~+/=-]{0,2000}\d)[A-Za-z0-9._~+/=-]{12,4000}",
            re.IGNORECASE,
        ),
    ),
    _Form(
        "url-password",
        ("://",),
        r"://[^\s/:@\[]{0,100}:",
        late_pattern(r"(?P<keep>://[^\s/:@\[]{0,100}:)(?!\[redacted:)[^\s/@]{1,200}(?=@)"),
    ),
)

_LEAVES: Final = frozenset({type(None), bool, int, float, datetime})
_NAMES: Final[dict[type, tuple[str, ...]]] = {}
_TEXTLESS: Final = late_pattern(r"(?:(?:int|float|bool|datetime)(?: \| None)?)|Literal\[[^\]]*\](?: \| None)?")
"""Types of fields that hold no text but what this program itself has written."""
_WHOLE: Final = SchemaValidator(core_schema.str_schema(pattern="", regex_engine="rust-regex")).isinstance_python
"""Only a text that has to be searched is looked at so closely."""
_KEY_HINT: Final = "-----BEGIN"
_MAY_MATCH: Final = "|".join([*(form.may_match for form in _FORMS), _KEY_HINT])
_SHORTEST: Final = 6
"""No secret is shorter: ``://a:b@`` has seven characters."""

_KEY_BEGIN: Final = late_pattern(r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END: Final = late_pattern(r"-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY: Final = late_pattern(r"(?:(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{20,})+(?:(?:\r?\n|\\n)[A-Za-z0-9+/=]*)?)?")


class Redactor:
    """Takes secrets out of texts and events.

    Args:
        known: Values that must not show, such as the keys of the environment.  Those under 8 characters are left out.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        values = {value for value in known if len(value) >= MIN_KNOWN_CHARS}
        # Inside JSON and URLs a value may be spelt otherwise.  Longest first: one may contain another.
        spelt = {form for value in values for form in (value, json.dumps(value)[1:-1], _quoted(value))}
        self._known = tuple(sorted(spelt, key=lambda form: (-len(form), form)))
        self._may_match = _search((*map(_literal, filter(_is_whole, self._known)), _MAY_MATCH))

    def may_hold(self, text: str) -> bool:
        """Whether the text may hold a secret; where it may not, :meth:`text` gives it as it is."""
        return len(text) >= _SHORTEST and (self._may_match(text) or not (text.isascii() or _is_whole(text)))

    def text(self, text: str) -> str:
        """The text with ``[redacted:<kind>]`` in place of every secret; the same object where there is none."""
        # Every text there is comes through here, and nearly all of them end here.
        return self.searched(text) if self.may_hold(text) else text

    def searched(self, text: str) -> str:
        """The same, without asking first whether the text may hold a secret."""
        for value in self._known:
            if value in text:
                text = text.replace(value, "[redacted:known]")
        return _without_forms(text)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand in a text, in order and without overlaps; private keys are not looked for."""
        found = [match.span() for value in self._known for match in re.finditer(re.escape(value), text)]
        for form in _FORMS:
            if any(hint in text for hint in form.hints):
                for match in form.pattern.finditer(text):
                    kept = match.groupdict().get("keep") or ""
                    found.append((match.start() + len(kept), match.end()))
        apart: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if apart and start < apart[-1][1]:
                apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
            else:
                apart.append((start, end))
        return apart

    def event(self, event: AgentEvent) -> AgentEvent:
        """The event with every text of its payload redacted; the same object where there is no secret."""
        payload = self._value(event.payload)
        return event if payload is event.payload else replace(event, payload=payload)

    def value(self, value: T) -> T:
        """Any value of ours or of JSON with every text in it redacted; the same object where there is no secret."""
        redacted: T = self._value(value)
        return redacted

    def _value(self, value: Any) -> Any:
        """Any value of a payload, nested ones included; the same object where nothing changed."""
        kind = type(value)
        if kind is str:
            return self.text(value)
        # A member of an enumeration is a text too, but never a secret, and neither is a number.
        if kind in _LEAVES:
            return value
        if kind is dict or isinstance(value, Mapping):
            if all(self._value(key) is key and self._value(item) is item for key, item in value.items()):
                return value
            return {self._value(key): self._value(item) for key, item in value.items()}
        if kind is list or kind is tuple:
            if all(self._value(item) is item for item in value):
                return value
            return kind(map(self._value, value))
        names = _field_names(kind)
        changes = {}
        for name in names:
            before = getattr(value, name)
            after = self._value(before)
            if after is not before:
                changes[name] = after
        return replace(value, **changes) if changes else value


def _field_names(kind: Any) -> tuple[str, ...]:
    """The names of a dataclass's fields that may hold a text; empty for any other class."""
    names = _NAMES.get(kind)
    if names is None:
        # Looked up for every event there is, and the classes are few.
        found = fields(kind) if is_dataclass(kind) else ()
        names = _NAMES[kind] = tuple(field.name for field in found if not _TEXTLESS.fullmatch(str(field.type)))
    return names


def _quoted(value: str) -> str:
    """As a URL spells the value; bytes of the environment that are no UTF-8 are spelt as the bytes they are."""
    try:
        return quote(value, safe="", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(value, safe="", errors="surrogatepass")


def _is_whole(text: str) -> bool:
    """Whether it has no half of a surrogate pair in it: such a text cannot be searched, only looked through."""
    return _WHOLE(text)


def _literal(text: str) -> str:
    """A pattern for exactly this text."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\x{{{ord(c):x}}}" for c in text)


@lru_cache(maxsize=8)
def _search(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """What tells whether one of the patterns stands in a text; of too many patterns, that one may in every text.

    All who look for the same share it: what it learns while it searches takes 130 KiB.
    """
    schema = core_schema.str_schema(pattern="|".join(patterns), regex_engine="rust-regex")
    try:
        found: Callable[[str], bool] = SchemaValidator(schema).isinstance_python
    except SchemaError:
        return lambda _: True
    return found


def _without_forms(text: str) -> str:
    """Take out of a text whatever has the form of a key."""
    for form in _FORMS:
        if any(hint in text for hint in form.hints):
            text = form.pattern.sub(_placed(form.kind), text)
    return _without_private_keys(text) if _KEY_HINT in text else text


def _placed(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{match.groupdict().get('keep') or ''}[redacted:{kind}]"


def _without_private_keys(text: str) -> str:
    """Take PEM blocks out of a text; one whose end is missing is taken out as far as it looks like one."""
    kept: list[str] = []
    at = 0
    ends = True  # after one search for an end in vain there is none: the rest is not searched again for each block
    while begin := _KEY_BEGIN.search(text, at):
        kept.append(text[at : begin.start()])
        kept.append("[redacted:private-key]")
        end = _KEY_END.search(text, begin.end()) if ends else None
        ends = end is not None
        body = end or _KEY_BODY.match(text, begin.end())
        at = body.end() if body else begin.end()
    return "".join([*kept, text[at:]])
