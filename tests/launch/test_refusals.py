"""Every refusal that the installed CLIs know has been decided about, and gets the class that was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from benchmarks.refusals import drawn, listed, packages, refusals_in
from orchestrator.agents.failures import failure_kind
from orchestrator.models.events import FailureKind


def test_every_listed_refusal_gets_its_class() -> None:
    wrong = [
        (text, decided, str(failure_kind(text)))
        for rows in listed().values()
        for text, decided in rows.items()
        if not decided.startswith("none: ") and failure_kind(text) != decided
    ]
    assert not wrong


def test_each_row_has_a_class_or_a_reason() -> None:
    for package, rows in listed().items():
        assert package in packages()
        for text, decided in rows.items():
            assert decided in {*map(str, FailureKind)} or len(decided) > len("none: "), text


@pytest.mark.slow
@pytest.mark.timeout(900)  # it reads whole programs, hundreds of megabytes
def test_no_refusal_of_the_pinned_clis_is_unlisted(not_proven: Callable[[str], NoReturn]) -> None:
    found = drawn()
    if not found:
        not_proven("the pinned CLIs are not installed")
    known = listed()
    missing = {name: sorted(texts - known.get(name, {}).keys()) for name, texts in found.items()}
    assert not any(missing.values()), f"decide about these: python -m benchmarks.refusals --add: {missing}"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            b'case 401:return "Your API key has been revoked by its owner"',
            {"Your API key has been revoked by its owner"},
        ),
        (b'"Your API key has been revoked by its owner"', set()),
        (b'429 "The weather has been invalid for a while now"', set()),
        (
            b"rate_limit_error\x00Some words that say nothingYour account has been suspended for now",
            {"Your account has been suspended for now"},
        ),
        (b'401 "Your organization login was rejected"', {"Your organization login was rejected"}),
        (b"429 `You've hit your seasonal limit`", {"You've hit your seasonal limit"}),
        (b'400 "The model is not available with your plan"', {"The model is not available with your plan"}),
        (b'400 "Answer withheld by our usage policy"', {"Answer withheld by our usage policy"}),
        (b'403 "This version is no longer supported"', {"This version is no longer supported"}),
    ],
)
def test_a_refusal_stands_near_a_code(data: bytes, found: set[str]) -> None:
    assert refusals_in(data) == found
