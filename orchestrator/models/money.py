"""These models count tokens and cost; an unknown figure is ``None``, never 0."""

from __future__ import annotations

from typing import Any, Final

from orchestrator.value_class import value_class

_MOST: Final = 1e15
"""Tokens or dollars: more than this is no figure but a fault, and would drown every other one in a sum."""


def tokens(value: Any) -> int | None:
    """The figure as a count of tokens; ``None`` for anything that cannot be one: no number, below 0, not finite."""
    return int(value) if _is_figure(value) else None


def cost_usd(value: Any) -> float | None:
    """The figure as a cost in US dollars; ``None`` for anything that cannot be one: no number, below 0, not finite."""
    return float(value) if _is_figure(value) else None


def _is_figure(value: Any) -> bool:
    # bool is an int; the comparison is false for NaN.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST


def _sum(a: float | None, b: float | None) -> float | None:
    return None if a is None and b is None else (a or 0.0) + (b or 0.0)


@value_class
class Usage:
    """What one turn, or many, consumed.  Adding two keeps unknown apart from 0."""

    input_tokens: int | None = None
    """Without those read from a cache."""
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: float | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Turn impossible figures into unknown ones: a negative one would loosen every limit on sums."""
        for name in ("input_tokens", "output_tokens", "cached_tokens"):
            value = getattr(self, name)
            if value is not None and not (type(value) is int and 0 <= value < _MOST):
                object.__setattr__(self, name, tokens(value))
        if self.cost_usd is not None:
            object.__setattr__(self, "cost_usd", cost_usd(self.cost_usd))

    @property
    def total_tokens(self) -> int | None:
        """All tokens of the turn; ``None`` where neither side is known."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0) + (self.cached_tokens or 0)

    def __add__(self, other: Usage) -> Usage:
        def whole(a: int | None, b: int | None) -> int | None:
            return None if a is None and b is None else (a or 0) + (b or 0)

        return Usage(
            input_tokens=whole(self.input_tokens, other.input_tokens),
            output_tokens=whole(self.output_tokens, other.output_tokens),
            cached_tokens=whole(self.cached_tokens, other.cached_tokens),
            cost_usd=_sum(self.cost_usd, other.cost_usd),
            model=other.model or self.model,
        )


UNKNOWN = Usage()
"""Nothing has been told yet."""
