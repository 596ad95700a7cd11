"""What a CLI said on its standard error before it died."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.events import ConversationStarted, EventType, Unrecognised
from orchestrator.models.facts import PersonAsked
from orchestrator.models.identity import WorkerId
from orchestrator.session.own_words import LINE_CHARS, with_line

if TYPE_CHECKING:
    from tests.session.conftest import Play

NODE = """
node:internal/modules/cjs/loader:1228
  throw err;
  ^

Error: Cannot find module '/opt/cli/main.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)
    at node:internal/main/run_main_module:36:49 {
  code: 'MODULE_NOT_FOUND',
}

Node.js v20.20.2
"""


LISTED = """
Error: Config file at /srv/shop/opencode.json is not valid JSON(C):
--- JSONC Input ---
{"model": 5, "nope": [

--- Errors ---
CloseBracketExpected at line 2, column 1
CloseBraceExpected at line 2, column 1
--- End ---
"""


def kept(text: str) -> tuple[str, ...]:
    start: tuple[str, ...] = ()
    return reduce(with_line, text.splitlines(), start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("env: node: No such file\n", "env: node: No such file", id="a launcher without its interpreter"),
        pytest.param(NODE, "Error: Cannot find module '/opt/cli/main.js'", id="a missing module"),
        pytest.param(
            LISTED, "Error: Config file at /srv/shop/opencode.json is not valid JSON(C):", id="a long listing"
        ),
        pytest.param(LISTED, "CloseBraceExpected at line 2, column 1", id="the end of a long listing"),
        pytest.param("a\na\na\nb\n", "b", id="a line that repeats"),
    ],
)
def test_the_meaningful_lines_are_kept(text: str, expected: str) -> None:
    assert expected in kept(text)
    assert not any("node:internal/main" in line for line in kept(text))


def test_a_long_line_is_cut() -> None:
    (line,) = kept("x" * 10_000)
    assert len(line) == LINE_CHARS


def test_one_that_ends_without_any_record_does_not_start_and_the_plan_falls(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", final_wait_s=30.0)
    p.start("claude")
    p.says("claude", Unrecognised("env: node: No such file or directory", "stderr"), kind=EventType.STATUS)
    p.exits("claude", 127)
    assert "does not start" in p.session.workers[WorkerId("claude")].why
    assert "node: No such file" in p.session.lost["claude"]  # type: ignore[index]  # a NewType of str
    assert p.session.ending is None
    assert [step.agent for step in p.session.steps()] == ["codex"]


def test_where_nobody_is_left_the_reason_names_the_cause(play: Callable[..., Play]) -> None:
    p = play("claude", final_wait_s=30.0)
    p.start("claude")
    p.says("claude", Unrecognised("license expired", "stderr"), kind=EventType.STATUS)
    p.exits("claude", 1)
    assert p.session.ending is not None
    assert "license expired" in p.session.ending.reason


def test_a_death_in_the_middle_is_told_with_its_own_words(play: Callable[..., Play]) -> None:
    p = play("claude", final_wait_s=30.0, max_restarts=0)
    p.start("claude")
    p.says("claude", ConversationStarted("c-1"), kind=EventType.STATUS)
    p.says("claude", Unrecognised("FATAL ERROR: heap out of memory", "stderr"), kind=EventType.STATUS)
    p.exits("claude", 134)
    assert any("heap out of memory" in effect.question.text for effect in p.wanted(PersonAsked))
