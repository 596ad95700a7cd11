"""The scenario that ``--rehearse`` plays really does what it says, in any target."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.models.identity import AgentName
from orchestrator.rehearsal.dialogue import Answer, Call, ModelRequest, Text, ToolResult, UserText
from orchestrator.rehearsal.scenario import find_scenario, load_scenario
from orchestrator.rehearsal.script import Script, WorkerPaths
from orchestrator.wire.records import RawRecord, decode_line


def play(
    script: Script, agent: str, *, worker: str, role: str, review: str = "-", prompt: str = "begin"
) -> list[Answer]:
    """A CLI without tools of its own: it does what the model says until the model says nothing more to do."""
    marker = f"[orchestrate worker={worker} role={role} review={review}]\n{prompt}"
    said: list[UserText | ToolResult] = [UserText(marker)]
    answers = []
    while True:
        answer = script.answer(ModelRequest(AgentName(agent), "model", tuple(said), {"Write": ()}))
        assert isinstance(answer, Answer)
        answers.append(answer)
        calls = [piece for piece in answer.pieces if isinstance(piece, Call) and piece.kind != "reply"]
        if not calls:
            return answers
        said.append(do(calls[0]))


def do(call: Call) -> ToolResult:
    match call.kind:
        case "write":
            Path(call.path).parent.mkdir(parents=True, exist_ok=True)
            Path(call.path).write_text(call.text)
            return ToolResult("written")
        case "run":
            done = subprocess.run(call.text, shell=True, capture_output=True, text=True, check=False)  # noqa: S602 -- ours
            return ToolResult(done.stdout + done.stderr, failed=done.returncode != 0)
        case _:
            return ToolResult(Path(call.path).read_text())


def replies(answers: list[Answer]) -> list[Mapping[str, object]]:
    return [piece.reply for answer in answers for piece in answer.pieces if isinstance(piece, Call) and piece.reply]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    script = Script(load_scenario(find_scenario("default")))
    for worker in ("gemini", "claude", "codex", "review-001-gemini", "review-001-codex"):
        (tmp_path / "target").mkdir(exist_ok=True)
        script.paths[worker] = WorkerPaths(str(tmp_path / "target"), str(tmp_path / worker))
    return script


@pytest.mark.slow
def test_the_implementer_writes_a_module_whose_tests_pass(script: Script, tmp_path: Path) -> None:
    answers = play(script, "claude", worker="claude", role="implementer")
    ran = subprocess.run(
        [sys.executable, "-B", str(tmp_path / "target" / "signup" / "test_validation.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Ran 4 tests" in ran.stderr
    said = [piece.text for answer in answers for piece in answer.pieces if isinstance(piece, Text)]
    records = [record for text in said for line in text.splitlines() for record in decode_line(line.encode(), "stdout")]
    events = [record.data for record in records if isinstance(record, RawRecord)]
    assert [event["type"] for event in events] == ["milestone"]


def test_the_design_is_written_at_the_second_try_if_the_first_is_refused(script: Script, tmp_path: Path) -> None:
    (first,) = play_refused(script)
    assert "not allowed" in first
    play(script, "gemini", worker="gemini", role="designer", prompt="go on")
    assert "validate(form)" in (tmp_path / "gemini" / "design.md").read_text()


def play_refused(script: Script) -> list[str]:
    prompt = UserText("[orchestrate worker=gemini role=designer review=-]\nbegin")
    script.answer(ModelRequest(AgentName("gemini"), "model", (prompt,), {"write_file": ()}))
    refused = ToolResult("Path not in workspace", failed=True)
    answer = script.answer(ModelRequest(AgentName("gemini"), "model", (prompt, refused), {"write_file": ()}))
    assert isinstance(answer, Answer)
    return [piece.text for piece in answer.pieces if isinstance(piece, Text)]


@pytest.mark.slow
def test_one_reviewer_has_a_concern_one_approves_and_the_final_review_approves(script: Script) -> None:
    play(script, "claude", worker="claude", role="implementer")
    milestone = {"role": "reviewer", "review": "001-milestone"}
    (concern,) = replies(play(script, "gemini", worker="review-001-gemini", **milestone))
    (approval,) = replies(play(script, "codex", worker="review-001-codex", **milestone))
    (final,) = replies(play(script, "codex", worker="codex", role="reviewer"))
    assert [concern["verdict"], approval["verdict"], final["verdict"]] == ["concerns", "approved", "approved"]
