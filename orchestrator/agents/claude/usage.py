"""Count what Claude Code says it has consumed, each token and cent once.

Input tokens are told with the first line of each message; output tokens and cost only by the result, which is a total
over all runs of the conversation, forked ones included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.agents.contract import Translation, changed
from orchestrator.models.events import ConversationStarted, UsageReported
from orchestrator.models.money import Usage, cost_usd, tokens

_TURN = "turn/"
"""Prefix of the totals of what has been reported inside the running turn."""


def at_init(state: Translation, started: ConversationStarted) -> Translation:
    """The state at a turn's beginning: another conversation than the expected one counts from nothing."""
    fresh = state.conversation is not None and state.conversation != started.reference
    totals = {} if fresh else {key: value for key, value in state.totals.items() if not key.startswith(_TURN)}
    model = started.model or state.model
    return changed(state, conversation=started.reference, model=model, totals=totals, ended=False)


def of_message(state: Translation, message: Mapping[str, Any]) -> tuple[Translation, UsageReported | None]:
    """The usage of a message when its id is seen for the first time."""
    name, said = message.get("id"), message.get("usage")
    if not isinstance(name, str) or name in state.counted or not isinstance(said, Mapping):
        return state, None
    fresh = _added(said, "input_tokens", "cache_creation_input_tokens")
    cached = _added(said, "cache_read_input_tokens")
    model = message.get("model")
    if fresh is None and cached is None:
        return changed(state, counted=state.counted.adding(name)), None
    totals = {
        **state.totals,
        _TURN + "input": state.totals.get(_TURN + "input", 0) + (fresh or 0),
        _TURN + "cached": state.totals.get(_TURN + "cached", 0) + (cached or 0),
    }
    usage = Usage(input_tokens=fresh, cached_tokens=cached, model=model if isinstance(model, str) else None)
    return changed(state, counted=state.counted.adding(name), totals=totals), UsageReported(usage)


def of_result(state: Translation, result: Mapping[str, Any]) -> tuple[Translation, UsageReported | None]:
    """What the result adds to all that has been reported before; ``None`` where it states no figure."""
    stated = _stated(result)
    if not stated:
        return state, None
    before = state.totals
    if any(value < before.get(key, 0) for key, value in stated.items()):
        before = {key: value for key, value in before.items() if key.startswith(_TURN)}  # another conversation
    rest = {key: max(value - before.get(key, 0) - before.get(_TURN + key, 0), 0) for key, value in stated.items()}
    kept = {key: value for key, value in before.items() if not key.startswith(_TURN)}
    usage = Usage(
        input_tokens=_whole(rest.get("input")),
        output_tokens=_whole(rest.get("output")),
        cached_tokens=_whole(rest.get("cached")),
        cost_usd=round(rest["cost"], 9) if "cost" in rest else None,
        model=state.model,
    )
    return changed(state, totals={**kept, **stated}), UsageReported(usage)


def _stated(result: Mapping[str, Any]) -> dict[str, float]:
    """The conversation's totals, by our names."""
    stated: dict[str, float] = {}
    cost, models = cost_usd(result.get("total_cost_usd")), result.get("modelUsage")
    if cost is not None:
        stated["cost"] = cost
    figures = [one for one in models.values() if isinstance(one, Mapping)] if isinstance(models, Mapping) else None
    if figures is not None:
        stated["input"] = sum(_added(one, "inputTokens", "cacheCreationInputTokens") or 0 for one in figures)
        stated["output"] = sum(_added(one, "outputTokens") or 0 for one in figures)
        stated["cached"] = sum(_added(one, "cacheReadInputTokens") or 0 for one in figures)
    return stated


def _added(said: Mapping[str, Any], *names: str) -> int | None:
    values = [count for name in names if (count := tokens(said.get(name))) is not None]
    return sum(values) if values else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
