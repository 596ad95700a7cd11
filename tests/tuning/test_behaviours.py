"""Each query finds every variant of its case and none of its near misses; clean journals are clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json, to_json

from orchestrator.models.entries import AgentOutput, Command, Input, JournalEntry, UserCommand
from orchestrator.models.events import AGENT_EVENT
from orchestrator.models.facts import AntipatternFound
from orchestrator.models.identity import AgentName, ProcessIdentity, WorkerId
from orchestrator.models.work import Role
from orchestrator.models.workers import WorkerState, WorkerStatus
from orchestrator.session.fold import step
from orchestrator.session.state import Session, WorkerDetail
from orchestrator.tuning.antipatterns import detect_coordination_antipatterns
from orchestrator.tuning.behaviours import (
    LEAST_REPEATS,
    MOST_AFTER_END,
    NOTHING_DONE,
    Behaviour,
    BehaviourFold,
    rework_found,
)
from orchestrator.tuning.session_measures import SessionMeasures, measures_of
from tests.session.conftest import Play

AT = datetime(2026, 11, 30, tzinfo=UTC)
JOURNALS = Path(__file__).resolve().parents[1] / "recordings" / "journals"
Step = tuple[str, dict[str, Any]]


def call(tool: str = "shell", *, command: str | None = None, path: str | None = None, id_: str = "1") -> dict[str, Any]:
    words = command or path or ""
    return {"kind": "tool_called", "tool": tool, "call_id": id_, "summary": words, "path": path, "command": command}


def answer(*, ok: bool = True, text: str = "", code: int | None = None, id_: str = "1") -> dict[str, Any]:
    return {"kind": "tool_returned", "call_id": id_, "ok": ok, "text": text, "exit_code": code}


def said(text: str, kind: str = "said", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "text": text, **more}


def found(steps: Sequence[Step | str]) -> list[Behaviour]:
    fold, every = BehaviourFold(), list[Behaviour]()
    for entry, one in enumerate(steps, start=1):
        if isinstance(one, str):
            if one == "sent back":
                fold.asked_again()
            else:
                every += fold.take(entry, "worker_started", {"worker": one, "attempt": 1})
            continue
        worker, payload = one
        event = {"agent": worker.partition("-")[0], "payload": payload}
        every += fold.take(entry, "agent_output", {"worker": worker, "events": [event]})
    # A session knows whose agent a worker is before it has spoken, so it may hear of a deadlock earlier.
    assert [one.name if one.name == "deadlock" else one for one in found_live(steps)] == [
        one.name if one.name == "deadlock" else one for one in every
    ]
    return every


def found_live(steps: Sequence[Step | str]) -> list[Behaviour]:
    """The same, as a session finds it while it runs."""
    session, every = crew(steps), list[Behaviour]()
    for entry, one in enumerate(steps, start=1):
        if isinstance(one, str) and one != "sent back":
            state = replace(session.workers[WorkerId(one)], attempt=session.workers[WorkerId(one)].attempt + 1)
            session.workers = {**session.workers, state.id: state}
            detail = replace(session.details[state.id], trace=NOTHING_DONE)
            session.details = {**session.details, state.id: detail}
            continue
        if isinstance(one, str):
            body: Input = UserCommand(Command.PAUSE, by="terminal", worker=WorkerId("nobody"))
        else:
            state = session.workers[WorkerId(one[0])]
            payload = {"subtype": "success", "ok": True} | one[1] if one[1]["kind"] == "turn_ended" else one[1]
            told = {"type": "progress", "agent": str(state.agent), "timestamp": AT, "payload": payload}
            event = AGENT_EVENT.validate_python(told)
            body = AgentOutput(state.id, state.attempt, "stdout", 0, 1, (event,))
        before = session
        session, wanted = step(session, JournalEntry(entry, AT, body))
        assert before.watch.found == session.watch.found[: len(before.watch.found)]
        facts = [fact for fact in wanted if isinstance(fact, AntipatternFound)]
        every += [Behaviour(fact.name, fact.summary, fact.entries) for fact in facts]
    return every


def crew(steps: Sequence[Step | str]) -> Session:
    """A session in which everybody who is named runs."""
    session = Play("gemini", "claude", "codex", watch_rules=1).session
    for one in steps:
        name = WorkerId(one if isinstance(one, str) else one[0])
        if name not in session.details and name != "sent back":
            agent = AgentName("claude" if name.partition("-")[0] == "claude" else name.partition("-")[0])
            assignment = replace(session.details[WorkerId("gemini")].assignment, worker=name)
            shim = ProcessIdentity(100, 1)
            state = WorkerState(name, agent, Role.ANALYST, WorkerStatus.RUNNING, attempt=1, shim=shim)
            session.workers = {**session.workers, name: state}
            session.details = {**session.details, name: WorkerDetail(assignment)}
    return session


def names(steps: Sequence[Step | str]) -> list[str]:
    return [one.name for one in found(steps)]


def write(worker: str, path: str = "/t/a.py", tool: str = "write_file") -> Step:
    return worker, call(tool, path=path)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([write("a"), write("b"), write("a")], id="A B A"),
        pytest.param([write("a"), write("a"), write("b"), write("b"), write("a")], id="each twice"),
        pytest.param([write("a", tool="Edit"), write("b", tool="file_change"), write("a", tool="replace")], id="tools"),
        pytest.param([write("a"), write("b", "/t/b.py"), write("b"), write("a")], id="another file between"),
        pytest.param([write("x"), write("a"), write("b"), write("a"), write("b")], id="a third one before, and on"),
        pytest.param(["a", write("a"), "b", write("b"), "a", write("a")], id="in a further attempt"),
    ],
)
def test_a_file_that_goes_back_and_forth_is_thrash(steps: list[Step | str]) -> None:
    (one,) = [each for each in found(steps) if "a.py" in each.summary][:1]
    assert one.name == "thrash"
    assert len(one.entries) == 3


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([write("a"), write("b")], id="handed on"),
        pytest.param([write("a"), write("b"), write("c")], id="three workers"),
        pytest.param([write("a"), write("b", "/t/b.py"), write("a")], id="two files"),
        pytest.param([write("a"), write("b"), "sent back", write("a")], id="a review asked for it"),
        pytest.param([write("a"), write("b", tool="read_file"), write("a")], id="the other one only reads"),
        pytest.param([write("a")] * 5, id="one worker"),
    ],
)
def test_a_file_that_is_handed_on_or_back_by_a_review_is_none(steps: list[Step | str]) -> None:
    assert "thrash" not in names(steps)


def waits(worker: str, text: str, kind: str = "reported") -> Step:
    return worker, said(text, kind)


@pytest.mark.parametrize(
    "steps",
    [
        [waits("a", "I am waiting for b."), waits("b", "Waiting for a to finish")],
        [waits("a", "blocked by b"), waits("b", "this depends on a")],
        [waits("a", "waiting on b"), waits("b", "waiting on c"), waits("c", "I wait for a")],
        [waits("claude-1", "waiting for codex"), waits("codex-2", "waits for claude-1", "said")],
        [waits("a", "waiting for @B", "said"), ("c", call()), waits("b", "WAITING FOR A")],
    ],
)
def test_who_wait_for_each_other_are_a_deadlock(steps: list[Step]) -> None:
    started: list[Step | str] = [*dict.fromkeys(worker for worker, _ in steps), *steps]
    assert names([*started, *[step for step in steps if step[0] == "claude-1"]]) == ["deadlock"]


@pytest.mark.parametrize(
    "steps",
    [
        [waits("a", "waiting for b"), waits("b", "done")],
        [waits("a", "waiting for b"), waits("b", "waiting for c"), waits("c", "done")],
        [waits("a", "waiting for b"), ("a", call()), waits("b", "waiting for a")],
        [waits("a", "waiting for the tests"), waits("b", "waiting for a")],
        [waits("a", "no longer waiting for b"), waits("b", "waiting for a")],
        [waits("a", "waiting for a")],
    ],
)
def test_who_waits_in_a_line_or_goes_on_is_none(steps: list[Step]) -> None:
    assert names([*dict.fromkeys(worker for worker, _ in steps), *steps]) == []


def again(times: int, command: str = "ls", text: str = "x", **more: Any) -> list[Step]:
    return [("a", one) for _ in range(times) for one in (call(command=command), answer(text=text, **more))]


@pytest.mark.parametrize(
    "steps",
    [
        again(LEAST_REPEATS),
        again(LEAST_REPEATS + 5),
        again(LEAST_REPEATS, "pytest -q", "1 failed", ok=False, code=1),
        [*again(2, "pwd"), *again(LEAST_REPEATS)],
        [("a", one) for _ in range(LEAST_REPEATS) for one in (call("read_file", path="/t/a"), answer(text="same"))],
        [("a", one) for _ in range(LEAST_REPEATS) for one in (call("think"), said("Again."), answer())],
    ],
)
def test_the_same_step_with_the_same_answer_again_and_again_is_repetition(steps: list[Step]) -> None:
    (one,) = found(steps)
    assert one.name == "step repetition"
    assert len(one.entries) == LEAST_REPEATS


@pytest.mark.parametrize(
    "steps",
    [
        again(LEAST_REPEATS - 1),
        [step for number in range(9) for step in again(1, "pytest", f"{number} passed")],
        [step for number in range(9) for step in again(1, f"cat {number}")],
        [step for _ in range(5) for step in (*again(1, "pytest"), write("a"), ("a", answer()))],
        [(worker, one) for worker in "abcdefgh" for one in (call(command="ls"), answer(text="x"))],
        [*again(3), "a", *again(3)],
    ],
)
def test_steps_that_differ_in_anything_are_none(steps: list[Step | str]) -> None:
    assert names(steps) == []


DONE: Step = ("a", said("all done", "reported", progress=100.0))
CALLS: list[Step] = [("a", call(command=f"ls {number}")) for number in range(MOST_AFTER_END)]


@pytest.mark.parametrize(
    "steps",
    [
        [DONE, *CALLS],
        [*CALLS, DONE, *CALLS],
        [DONE, *CALLS, *CALLS],
        [DONE, ("a", said("one thing more")), *CALLS],
        [("a", said("done", "reported", progress=120.0)), *CALLS],
        [DONE, ("b", call(command="ls")), *CALLS],
    ],
)
def test_who_goes_on_after_all_is_done_is_unaware_of_the_end(steps: list[Step]) -> None:
    assert names(steps) == ["unaware of the end"]


@pytest.mark.parametrize(
    "steps",
    [
        [*CALLS, DONE],
        [DONE, *CALLS[1:]],
        [DONE, *(("b", one) for _, one in CALLS)],
        [("a", said("nearly", "reported", progress=99.0)), *CALLS],
        [DONE, "sent back", *CALLS],
        [DONE, "a", *CALLS],
    ],
)
def test_who_ends_or_is_asked_for_more_is_none(steps: list[Step | str]) -> None:
    assert names(steps) == []


def run_of(command: str = "pytest -q", *, ok: bool = False, code: int | None = 1) -> list[Step]:
    return [("a", call(command=command)), ("a", answer(ok=ok, code=code))]


@pytest.mark.parametrize(
    "steps",
    [
        [*run_of(), ("a", said("All tests pass."))],
        [*run_of("npm test"), ("a", said("The change is in. All 12 tests pass now.", "turn_ended"))],
        [*run_of("cargo test", code=None), ("a", said("Every test passed", "reported"))],
        [*run_of("go test ./..."), ("a", said("I ran them.\nThe tests are green."))],
        [*run_of(ok=True, code=0), *run_of(), ("a", said("The test suite passes."))],
        [*run_of("cd x && python -m unittest"), ("a", said("All of the unit tests succeeded."))],
    ],
)
def test_who_says_that_tests_pass_that_failed_contradicts_what_it_did(steps: list[Step]) -> None:
    (one,) = found(steps)
    assert one.name == "reasoning contradicts action"
    assert one.entries[-1] == len(steps)


@pytest.mark.parametrize(
    "steps",
    [
        [*run_of(), *run_of(ok=True, code=0), ("a", said("All tests pass."))],
        [*run_of(), ("a", said("Not all tests pass yet."))],
        [*run_of(), ("a", said("I will make all tests pass."))],
        [*run_of(), ("b", said("All tests pass."))],
        [*run_of("grep pytest setup.cfg"), ("a", said("All tests pass."))],
        [*run_of("ls"), ("a", said("All tests pass."))],
        [*run_of(), ("a", said("All tests pass but one."))],
        [*run_of(), "a", ("a", said("All tests pass."))],
    ],
)
def test_who_says_it_of_other_tests_or_of_none_is_none(steps: list[Step | str]) -> None:
    assert names(steps) == []


@pytest.mark.parametrize(("written", "left"), [(60, 20), (60, 0), (300, 100), (1000, 1), (90, 30)])
def test_most_of_what_was_written_done_again_is_rework(written: int, left: int) -> None:
    one = rework_found(written, left, 7)
    assert one is not None
    assert (one.name, one.entries) == ("rework", (7,))


@pytest.mark.parametrize(("written", "left"), [(59, 0), (60, 21), (100, 100), (90, 31), (500, None)])
def test_little_or_what_is_mostly_kept_is_none(written: int, left: int | None) -> None:
    assert rework_found(written, left, 7) is None


@pytest.mark.parametrize("name", sorted(path.name for path in JOURNALS.glob("*.jsonl")))
def test_nothing_is_found_in_a_clean_journal(name: str) -> None:
    assert measures_of((JOURNALS / name).read_bytes().splitlines(keepends=True)).behaviours == ()


def test_a_finding_is_an_antipattern_with_its_entries() -> None:
    finding = Behaviour("thrash", "a, b and a again wrote a.py", (3, 5, 9))
    session = SessionMeasures("s", datetime(2026, 11, 30, tzinfo=UTC), ended="done", behaviours=(finding,))
    (one,) = detect_coordination_antipatterns([session])
    assert (one.name, str(one.evidence[0])) == ("thrash", "s, entries 3, 5, 9")


def test_they_are_found_in_the_lines_of_a_journal() -> None:
    """The same, through the fold that skips most lines."""
    lines = (JOURNALS / "format-3-team.jsonl").read_bytes().splitlines(keepends=True)
    texts = [line for line in lines if b'"kind":"tool_called"' in line and b'"claude"' in line]
    entry = from_json(texts[0])
    events = [{"agent": "claude", "payload": one} for one in (call(command="ls"), answer(text="x"))]
    entry["body"]["events"] = events * LEAST_REPEATS
    planted = [*lines[: lines.index(texts[0]) + 1], to_json(entry) + b"\n", *lines[lines.index(texts[0]) + 1 :]]
    assert [one.name for one in measures_of(planted).behaviours] == ["step repetition"]
