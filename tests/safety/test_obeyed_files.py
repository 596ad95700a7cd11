from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety.obeyed_files import OWN, ObeyedFile, obeyed_files, row_of_git, rows_of
from orchestrator.safety.sandbox_policy_files import available_policies, load_sandbox_policy


def test_the_table_is_long_enough_and_says_where_it_has_everything_from() -> None:
    rows = obeyed_files()
    assert len(rows) >= 80
    assert len({row.program for row in rows}) >= 25
    assert len({row.pattern for row in rows}) == len(rows)
    assert {row.do for row in rows} == {"hold", "take back", "discard", "warn"}


def test_the_table_is_no_policy() -> None:
    assert "obeyed_files" not in available_policies()


def test_what_this_program_obeys_is_held_whatever_a_policy_says() -> None:
    for name in available_policies():
        assert next(row for row in rows_of(load_sandbox_policy(name)) if row.pattern == OWN).do == "hold"


def test_a_policy_can_hold_any_row_and_others() -> None:
    held = {row.pattern for row in rows_of(SandboxConfig(name="x", hold=("Makefile", "my.rc"))) if row.do == "hold"}
    assert {"Makefile", "my.rc"} <= held
    assert {row.do for row in rows_of(SandboxConfig(name="x", hold=("*",)))} == {"hold"}


def test_names_that_are_never_writable_are_held_at_any_depth_and_those_of_git_folders_are_not_among_them() -> None:
    rows = rows_of(SandboxConfig(name="x", never_writable=("conf/own", ".git/hooks", "/etc/x", "{home}/y")))
    held = {row.pattern for row in rows if row.do == "hold"}
    assert {"conf/own", "conf/own/**"} <= held
    assert not any(pattern.startswith((".git/", "/", "{")) for pattern in held)


def test_what_git_names_is_held() -> None:
    row = row_of_git("tools/hooks/**", "core.hookspath")
    assert (row.do, row.program) == ("hold", "git")
    assert "core.hookspath" in row.when


@pytest.mark.parametrize(
    "wrong",
    [{"pattern": "/x"}, {"do": "ignore"}, {"source": "somewhere"}, {"program": ""}, {"when": ""}, {"more": "x"}],
)
def test_a_row_that_says_something_else_is_refused(wrong: dict[str, str]) -> None:
    right = {"pattern": "x", "program": "x", "when": "you run x", "do": "warn", "source": "https://x.example/"}
    ObeyedFile.model_validate(right)
    with pytest.raises(ValidationError):
        ObeyedFile.model_validate({**right, **wrong})
