"""Invoices of customers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Invoice:
    """What one customer owes."""

    owner: str
    amount: int


def invoice(invoices: dict[int, Invoice], user: str | None, number: int) -> Invoice | None:
    """Look an invoice up, for somebody who is logged in."""
    if user is None:
        return None
    return invoices.get(number)


def total(invoices: dict[int, Invoice], owner: str) -> int:
    """Add up what a customer owes."""
    return sum(each.amount for each in invoices.values() if each.owner == owner)
