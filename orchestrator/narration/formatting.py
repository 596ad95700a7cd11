"""Format figures and durations for people."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.models.money import Usage
from orchestrator.quotation import clean as clean
from orchestrator.quotation import one_line as one_line
from orchestrator.quotation import quoted_name as quoted_name
from orchestrator.quotation import quoted_names as quoted_names


def duration(length: timedelta | float) -> str:
    """``0:42``, ``12:05`` or ``1:02:07``."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    hours, rest = divmod(max(seconds, 0), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def tokens(count: int | None, unknown: str = "unknown") -> str:
    """``870``, ``12.3k``, ``1.2M``."""
    if count is None:
        return unknown
    if count < 1_000:
        return str(count)
    return f"{count / 1_000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.1f}M"


def money(usd: float | None, unknown: str = "unknown") -> str:
    """``$0.12``; four digits where two would say nothing."""
    if usd is None:
        return unknown
    return f"${usd:.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.4f}"


def consumption(usage: Usage, *, whole_tokens: bool = True, whole_cost: bool = True) -> str:
    """Say tokens and cost of a usage in one phrase; what is not known is said to be unknown.

    Args:
        whole_tokens: Whether everybody who took part told its tokens; if not, what is known is a lower bound.
        whole_cost: The same of the cost.
    """
    if usage.total_tokens is None and usage.cost_usd is None:
        return "tokens and cost unknown"
    least_tokens = "" if whole_tokens or usage.total_tokens is None else "at least "
    least_cost = "" if whole_cost or usage.cost_usd is None else "at least "
    return f"{least_tokens}{tokens(usage.total_tokens)} tokens, cost {least_cost}{money(usage.cost_usd)}"


def size(count: int | None) -> str:
    """``870 B``, ``12.3 KiB``, ``1.2 GiB``."""
    if count is None:
        return "unknown size"
    figure = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if figure < 1024:
            return f"{figure:.0f} {unit}" if unit == "B" else f"{figure:.1f} {unit}"
        figure /= 1024
    return f"{figure:.1f} TiB"


def counted(number: int, noun: str) -> str:
    """``1 file``, ``3 files``, ``2 entries``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("ry") else f"{number} {noun}s"


def changed_lines(files: int, insertions: int, deletions: int) -> str:
    """``3 files, +10 -2``."""
    return f"{counted(files, 'file')}, +{insertions} -{deletions}"
