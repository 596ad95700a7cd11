"""Every attack, by every user there is, against every backend: what a weaker one lets out is listed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.proof import prove_backend
from tests.sandbox.attacking import ATTACKS
from tests.sandbox.escaping import policy
from tests.sandbox.table import (
    DOCUMENT,
    LEFT_BY_LANDLOCK,
    PLANTING_HEAD,
    USERS,
    outcomes,
    trial_folder,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def tried(
    name: str, backend: str, *, user: str, not_proven: Callable[[str], NoReturn]
) -> Mapping[str, tuple[bool, str]]:
    if user == "root" and os.geteuid() != 0:
        not_proven("attacks by root: this is not root")
    if backend == "landlock" and landlock_profile.why_not() is not None:
        not_proven(str(landlock_profile.why_not()))
    if backend == "bubblewrap" and not prove_backend(policy(name, backend), os.environ).works:
        not_proven(f"bubblewrap: {prove_backend(policy(name, backend), os.environ).detail}")
    with trial_folder() as folder:
        try:
            return outcomes(name, backend, user=user, folder=folder)
        except LookupError as problem:
            not_proven(str(problem))


def escaped(found: Mapping[str, tuple[bool, str]]) -> set[str]:
    return {name for name, (out, _) in found.items() if out}


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", ["default", "strict"])
def test_nothing_gets_out_of_bubblewrap(name: str, user: str, not_proven: Callable[[str], NoReturn]) -> None:
    found = tried(name, "bubblewrap", user=user, not_proven=not_proven)
    assert escaped(found) == set()
    assert set(found) == set(ATTACKS)
    assert len(found) >= 60


@pytest.mark.parametrize("user", USERS)
def test_landlock_leaves_open_what_is_listed_and_no_more(user: str, not_proven: Callable[[str], NoReturn]) -> None:
    assert escaped(tried("strict", "landlock", user=user, not_proven=not_proven)) <= LEFT_BY_LANDLOCK


@pytest.mark.parametrize("user", USERS)
def test_without_a_sandbox_the_attacks_do_get_out(user: str, not_proven: Callable[[str], NoReturn]) -> None:
    # An attack that never works proves nothing about who stops it.
    assert len(escaped(tried("strict", "none", user=user, not_proven=not_proven))) >= 40


def test_the_table_names_every_attack() -> None:
    text = Path(DOCUMENT).read_text(encoding="utf-8")
    assert [name for name in ATTACKS if f"| {name} |" not in text] == []


def test_the_table_has_nothing_out_in_its_columns_for_bubblewrap() -> None:
    attacks = Path(DOCUMENT).read_text(encoding="utf-8").partition(PLANTING_HEAD)[0]
    rows = [line.split("|")[1:-1] for line in attacks.splitlines() if "|" in line]
    heads = [head.strip() for head in rows[0]]
    for column in ("default, bubblewrap", "strict, bubblewrap"):
        cells = [row[heads.index(column)].strip() for row in rows[2:]]
        assert [cell for cell in cells if "OUT" in cell] == []
        assert cells[-1] == "0"
