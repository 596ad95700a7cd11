"""Read a reviewer's verdict from its final text; what cannot be read for certain is an abstention."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.late_pattern import late_pattern
from orchestrator.models.identity import AgentName, ReviewId
from orchestrator.models.reviews import PeerReview, Verdict
from orchestrator.review_engine.requests import ANSWERS, MAX_REVIEW_WORDS

_FENCE = late_pattern(r"```(?:json)?[ \t]*\n(.*?)```", re.DOTALL)
_OBJECT_START = late_pattern(r'\{\s*"')
_TAIL_CHARS = 32_768
"""How far from the end an object is looked for: a review of 200 words is far shorter, and the search stays cheap."""


_MOST_MISSES = 300
"""How many braces of a long text may begin no object: the search through each takes as long as the text."""


class KeyGivenTwice(ValueError):
    """One object gives the same key twice, so that which one counts would be a guess."""


def parse_reply(
    review: ReviewId, reviewer: AgentName, *, text: str, reply: Mapping[str, Any] | None = None
) -> PeerReview:
    """Read a reviewer's answer.

    ``reply`` is the CLI's structured answer and goes before ``text``.  In a text the object may stand alone, in a code
    fence, or last.  A verdict must be one of the three words exactly: synonyms are not guessed.  A key beyond the
    schema's is ignored, since dropping a blocker over one would let the work go on.

    Returns:
        The review; an abstention with its ``problem`` where the reply does not fit.
    """
    if reply is None:
        try:
            reply = last_object(text)
        except KeyGivenTwice as twice:
            return abstention(review, reviewer, str(twice))
    if reply is None:
        problem = "the reply holds no JSON object" if text.strip() else "the reply is empty"
        return abstention(review, reviewer, problem)
    misfit = _misfit(reply)
    if misfit is not None:
        return abstention(review, reviewer, misfit)
    summary = _clean(reply["summary"])
    points = tuple(_clean(point) for point in reply["points"])
    words = sum(len(part.split()) for part in (summary, *points))
    return PeerReview(
        review=review,
        reviewer=reviewer,
        verdict=Verdict(reply["verdict"]),
        summary=summary,
        points=points,
        words=words,
        over_length=words > MAX_REVIEW_WORDS,
    )


def abstention(review: ReviewId, reviewer: AgentName, problem: str, *, unheard: bool = False) -> PeerReview:
    """A reviewer that gave no usable answer, and why; ``unheard`` where it had no chance to give one."""
    return PeerReview(review=review, reviewer=reviewer, verdict=Verdict.ABSTAINED, problem=problem, unheard=unheard)


def _misfit(reply: Mapping[str, Any]) -> str | None:
    """Say where a reply breaks the schema, ``None`` where it fits."""
    missing = [key for key in ("verdict", "summary", "points") if key not in reply]
    if missing:
        return f"the reply lacks {' and '.join(missing)}"
    verdict, summary, points = reply["verdict"], reply["summary"], reply["points"]
    if not isinstance(verdict, str) or verdict not in [answer.value for answer in ANSWERS]:
        return f"the verdict is {_clean(repr(verdict))[:80]}, not one of {', '.join(ANSWERS)}"
    if not isinstance(summary, str):
        return "the summary is not a text"
    if not _is_list_of_texts(points):
        return "the points are not a list of texts"
    return None


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(point, str) for point in value)


def last_object(text: str, *, is_long: bool = False) -> Mapping[str, Any] | None:
    """The text as a JSON object, else the last object in the last code fence, else the last in the text.

    Args:
        is_long: Look through all of the text, and not only through its end: the object may be longer than that.

    Raises:
        KeyGivenTwice: One object gives the same key twice.
    """
    whole = _decoded(text)
    if whole is not None:
        return whole
    if is_long and len(text) > _TAIL_CHARS:
        found = _last_of_long(text)
        if found is not None:
            return found
    tail = text[-_TAIL_CHARS:]
    for fenced in reversed(_FENCE.findall(tail)):
        found = _decoded(fenced)
        if found is not None:
            return found
    return _last_within(tail, most_misses=len(tail))


def _last_of_long(text: str) -> Mapping[str, Any] | None:
    """The same for all of a text, whose objects are found from its beginning on: an inner one is never taken for it."""
    for fenced in reversed(_FENCE.findall(text)):
        found = _decoded(fenced)
        if found is not None:
            return found
    return _last_within(text, most_misses=_MOST_MISSES)


def _last_within(text: str, *, most_misses: int) -> Mapping[str, Any] | None:
    """The last object that stands in the text by itself; ``None`` also where there were too many false beginnings."""
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    found, start, misses = None, 0, 0
    while match := _OBJECT_START.search(text, start):
        start = match.end()
        try:
            value, start = decoder.raw_decode(text, match.start())
        except KeyGivenTwice:
            raise
        except (ValueError, RecursionError):
            misses += 1
            if misses > most_misses:
                return None
            continue
        found = value
    return found


def _decoded(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except KeyGivenTwice:
        raise
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise KeyGivenTwice("the reply gives one key twice")
    return found


def _clean(text: str) -> str:
    r"""Without lone surrogates: JSON may say ``\ud800``, which no journal could write."""
    return text.encode("utf-8", "replace").decode("utf-8").strip()
