from __future__ import annotations

import pytest

from orchestrator.suites.readers import READERS, read_report
from orchestrator.suites.report import Draft
from orchestrator.suites.suite import Form, Suite

HOSTILE = [
    b"",
    b"\x00\xff" * 100,
    b"{" * 10_000,
    b"<a" * 1000,
    b'{"Action":3}\n{"test":[]}',
    b"1..99999999999999999999\n",
]


@pytest.mark.parametrize("form", [form for form in Form if form is not Form.NONE])
def test_every_form_has_a_reader_that_never_raises(form: Form) -> None:
    for content in HOSTILE:
        READERS[form](content, Draft())


def test_files_are_read_in_the_order_of_their_names() -> None:
    suite = Suite("x", "x", ("x",), "x", Form.TAP)
    report = read_report(suite, b"1..1\nok 1 - printed\n", {"b.tap": b"1..1\nok 1 - b\n", "a.tap": b"1..1\nok 1 - a\n"})
    assert list(report.tests) == ["a", "b"]
