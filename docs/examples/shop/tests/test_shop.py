"""Tests of the shop."""

import unittest

from shop.invoices import Invoice, invoice, total
from shop.pages import greeting, price
from shop.tokens import is_valid, token

INVOICES = {1: Invoice("ann", 250), 2: Invoice("bob", 100), 3: Invoice("ann", 5)}


class Shop(unittest.TestCase):
    def test_greeting(self) -> None:
        self.assertEqual(greeting("Ann"), "<h1>Hello Ann</h1>")

    def test_price(self) -> None:
        self.assertEqual(price(1205), "12.05 EUR")

    def test_invoice(self) -> None:
        self.assertIsNone(invoice(INVOICES, None, 1))
        self.assertEqual(invoice(INVOICES, "ann", 1), INVOICES[1])

    def test_total(self) -> None:
        self.assertEqual(total(INVOICES, "ann"), 255)

    def test_token(self) -> None:
        self.assertTrue(is_valid(b"secret", 7, token(b"secret", 7)))
        self.assertFalse(is_valid(b"secret", 8, token(b"secret", 7)))
