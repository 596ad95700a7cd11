"""Pages of the shop."""

from __future__ import annotations


def greeting(name: str) -> str:
    """Greet a visitor, by the name in the address."""
    return f"<h1>Hello {name}</h1>"


def price(amount: int) -> str:
    """Show an amount in cents as euros."""
    return f"{amount // 100}.{amount % 100:02} EUR"
