from __future__ import annotations

from orchestrator.models.entries import GuardAsked
from orchestrator.models.identity import WorkerId
from orchestrator.session.consents import COMMAND_CHARS, key_of, shown

CLAUDE = WorkerId("claude")


def test_a_command_is_shown_on_one_line_as_a_shell_would_take_it() -> None:
    assert shown(GuardAsked(CLAUDE, "r", "executable", ("git", "push", "a b"), "/t")) == "git push 'a b'"
    assert shown(GuardAsked(CLAUDE, "r", "hook", ("cd x &&\n  make",), "/t")) == "cd x && make"


def test_a_long_command_is_cut() -> None:
    assert len(shown(GuardAsked(CLAUDE, "r", "hook", ("x" * 1000,), "/t"))) == COMMAND_CHARS + 2


def test_requests_of_two_workers_are_told_apart() -> None:
    assert key_of(CLAUDE, "r") != key_of(WorkerId("codex"), "r")
