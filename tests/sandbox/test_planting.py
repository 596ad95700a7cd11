"""No way to code execution: whatever git's documentation names, planted by an agent, runs nothing of the agent's."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, cast

import pytest

from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.proof import prove_backend
from tests.sandbox.escaping import policy
from tests.sandbox.git_names import MANUAL, listed, names
from tests.sandbox.planting import ALWAYS, contents, control, plants
from tests.sandbox.table import ALL_HEAD, DOCUMENT, PLANTING, USERS, planted, trial_folder

NUMBER = 5
"""Of further plants, drawn anew for each combination: `benchmarks/planting.py` tries them all."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_needs_several_files_runs_where_nothing_holds_it(tmp_path: Path) -> None:
    # A plant that never runs proves nothing about who stops it.
    assert set(ALWAYS) <= set(cast(Sequence[str], control(tmp_path, number=0)["could"]))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(("name", "backend"), [("default", "bubblewrap"), ("strict", "bubblewrap")])
def test_nothing_that_is_planted_through_bubblewrap_runs(
    name: str, backend: str, user: str, not_proven: Callable[[str], NoReturn]
) -> None:
    if not prove_backend(policy(name, backend), os.environ).works:
        not_proven(f"bubblewrap: {prove_backend(policy(name, backend), os.environ).detail}")
    check(name, backend, user=user, not_proven=not_proven)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", ["default", "strict"])
def test_nothing_that_is_planted_under_landlock_runs(
    name: str, user: str, not_proven: Callable[[str], NoReturn]
) -> None:
    if landlock_profile.why_not() is not None:
        not_proven(str(landlock_profile.why_not()))
    check(name, "landlock", user=user, not_proven=not_proven)


def check(name: str, backend: str, *, user: str, not_proven: Callable[[str], NoReturn]) -> None:
    if user == "root" and os.geteuid() != 0:
        not_proven("plants by root: this is not root")
    seed = [*USERS, "default", "strict"].index(user) * 7 + len(name + backend)
    try:
        with trial_folder() as folder:
            found = planted(name, backend, user=user, folder=folder, number=NUMBER, seed=seed)
    except LookupError as problem:
        not_proven(str(problem))
    assert found["ran"] == []
    assert found["tried"] == len(ALWAYS) + NUMBER


def test_a_repository_counts_as_untouched_only_to_the_last_byte_and_mode(tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "a").write_text("x")
    before = contents(tmp_path)
    assert contents(tmp_path) == before
    (tmp_path / "hooks" / "a").chmod(0o755)
    assert contents(tmp_path) != before
    (tmp_path / "b").symlink_to("hooks")
    assert "b" in contents(tmp_path)


def test_every_name_of_the_installed_manual_is_planted(not_proven: Callable[[str], NoReturn]) -> None:
    if not any((MANUAL / "man1").glob("git-config*")):
        not_proven("git's manual is not installed")
    assert sorted(names() - set(listed())) == []


def test_the_names_hold_what_is_known_to_be_obeyed() -> None:
    assert {"config", "config.worktree", "commondir", "info/attributes", "hooks/pre-commit", "HEAD"} <= set(listed())
    assert len(plants()) > 4 * len(listed())


def test_the_page_says_that_nothing_ran() -> None:
    form = r"- (\w+), (\w+), \w+: \d+ tried, (\d+) ran without a sandbox, (\d+) ran through it, .*"
    rows = [re.fullmatch(form, line) for line in DOCUMENT.read_text(encoding="utf-8").splitlines()]
    found = [row.groups() for row in rows if row is not None]
    assert {row[:2] for row in found} == set(PLANTING)
    assert {row[3] for row in found} == {"0"}
    assert all(int(row[2]) >= len(ALWAYS) for row in found)


def test_of_all_names_nothing_ran_either() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition(ALL_HEAD)[2]
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \| (\d+) \| (\d+) \| \d+ \|$", section, re.MULTILINE)
    assert {row[:3] for row in rows} == {(*each, user) for each in PLANTING for user in USERS}
    assert {ran for *_, ran in rows} == {"0"}
    assert {tried for *_, tried, _ in rows} == {str(len(plants()))}
