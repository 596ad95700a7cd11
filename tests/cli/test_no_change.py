"""A task that asks for an answer and no change, as somebody runs it who has a made-up agent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program, program

SESSION = "00000000-0000-4000-8000-000000000001"
NEEDS_PERSON = 3
ANSWER = "There are two modules: shop and till."


def record(**fields: Any) -> str:
    return json.dumps({**fields, "session_id": SESSION})


def turn(answer: str, *, failed: bool = False, reads: bool = True, does: str = "true") -> str:
    block: dict[str, Any] = {"tool_use_id": "t1", "type": "tool_result", "content": "def shop(): ..."}
    if failed:
        block["is_error"] = True
    called = {"type": "tool_use", "id": "t1", "name": "Read", "input": {"file_path": "shop.py"}}
    call = record(type="assistant", message={"id": "m1", "role": "assistant", "content": [called]})
    back = record(type="user", message={"role": "user", "content": [block]})
    end = record(**{**json.loads(CLAUDE_SAYS["result"]), "result": answer})
    said = [CLAUDE_SAYS["init"], *((call, back) if reads else ()), end]
    first, *rest = [f"cat <<'E'\n{line}\nE" for line in said]
    return "\n".join([first, f"( {does}\n) >/dev/null 2>&1", *rest])


__all__ = ["program"]
pytestmark = pytest.mark.slow


@pytest.fixture
def target(program: Program) -> Path:
    return program.target(files={"shop.py": "def shop(): ...\n", "test_it.py": "import unittest\n"})


def test_an_answer_that_rests_on_what_was_read_is_the_work(program: Program, target: Path) -> None:
    program.agent("claude", turn(ANSWER))
    ran = program.run(target, "--no-change", task="Analyze the codebase structure")
    assert ran.code == 0, ran.text
    shown = program.orchestrate("show").text
    for told in (ran.text, shown, (program.session() / "report.md").read_text(), json.dumps(program.report())):
        assert ANSWER in told
    (worker,) = program.report()["workers"]
    assert worker["role"] != "implementer"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(turn("  "), id="no answer"),
        pytest.param(turn(ANSWER, failed=True), id="the only read failed"),
        pytest.param(turn(ANSWER, reads=False), id="nothing was read"),
    ],
)
def test_what_rests_on_nothing_is_no_answer(program: Program, target: Path, said: str) -> None:
    program.agent("claude", said)
    ran = program.run(target, "--no-change", task="Analyze the codebase structure")
    assert ran.code == NEEDS_PERSON, ran.text


def test_nobody_may_write(program: Program, target: Path) -> None:
    program.agent("claude", turn(ANSWER, does=f"echo x >{target}/new.txt; echo x >>{target}/shop.py"))
    ran = program.run(target, "--no-change", task="Analyze the codebase structure")
    assert sorted(path.name for path in target.iterdir()) == [".git", "shop.py", "test_it.py"]
    assert (target / "shop.py").read_text() == "def shop(): ...\n"
    assert ran.code == 0, ran.text
