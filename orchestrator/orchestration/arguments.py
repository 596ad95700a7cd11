"""Refuse arguments that cannot be meant, with the name that they have for the caller."""

from __future__ import annotations


def text_of(name: str, value: object, *, most_chars: int | None = None) -> str:
    """The value, if it is a text with something in it.

    Raises:
        ValueError: The value is no text, is empty, or is longer than ``most_chars``.
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a non-empty string, not {type(value).__name__}")
    # Spaces of no width and the like are no text either.
    if not any(char.isprintable() and not char.isspace() for char in value):
        raise ValueError(f"{name} must be a non-empty string, not {value[:40]!r}")
    if most_chars is not None and len(value) > most_chars:
        raise ValueError(f"{name} may have {most_chars:,} characters, and has {len(value):,}")
    return value


def share_of(name: str, value: object) -> float:
    """The value, if it is a number from 0 to 1.

    Raises:
        ValueError: The value is no number from 0 to 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, not {value!r}")
    return float(value)
