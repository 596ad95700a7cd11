from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orchestrator.models.identity import AgentName
from orchestrator.prompts import ANSWER_HEADING, FOLLOW_UP_HEADING
from orchestrator.rehearsal.dialogue import Answer, Call, Drop, ModelRequest, Pause, Refusal, Text, ToolResult, UserText
from orchestrator.rehearsal.scenario import Scenario
from orchestrator.rehearsal.script import Script, WorkerPaths

Said = UserText | ToolResult
OK = ToolResult("fine")
BAD = ToolResult("Path not in workspace", failed=True)


def script(*turns: Mapping[str, Any]) -> Script:
    return Script(Scenario.model_validate({"name": "test", "turn": list(turns)}))


def prompt(text: str = "do it", *, worker: str = "claude", role: str = "implementer", review: str = "-") -> UserText:
    return UserText(f"[orchestrate worker={worker} role={role} review={review}]\n{text}")


def ask(script: Script, *said: Said, agent: str = "claude", side: Mapping[str, Any] | None = None) -> Answer | Refusal:
    return script.answer(ModelRequest(AgentName(agent), "model", tuple(said), {"Write": ()}, side=side))


def words(answer: Answer | Refusal) -> str:
    assert isinstance(answer, Answer)
    return " ".join(piece.text.strip() for piece in answer.pieces if isinstance(piece, Text))


def turn(*steps: Mapping[str, Any], **selectors: Any) -> Mapping[str, Any]:
    return {"agent": "claude", **selectors, "step": list(steps)}


def test_a_response_ends_with_the_tool_call_and_the_next_one_follows_its_result() -> None:
    play = script(turn({"say": "one"}, {"run": "ls {target}"}, {"say": "two"}))
    play.paths["claude"] = WorkerPaths(target="/a b")
    first = ask(play, prompt())
    assert isinstance(first, Answer)
    assert first.pieces == (Text("one"), Call("run", text="ls '/a b'"))
    assert words(ask(play, prompt(), OK)) == "two"


def test_when_every_step_is_played_the_model_has_nothing_more_to_say() -> None:
    play = script(turn({"say": "one"}))
    ask(play, prompt())
    assert words(ask(play, prompt())) == "That is all."


def test_a_new_prompt_gets_the_next_turn_and_the_same_prompt_does_not() -> None:
    play = script(turn({"say": "first"}), turn({"say": "second"}))
    assert words(ask(play, prompt("begin"))) == "first"
    assert words(ask(play, prompt("begin"), prompt("go on"))) == "second"


def test_the_same_prompt_in_a_fresh_conversation_after_a_tool_call_gets_the_next_turn() -> None:
    play = script(turn({"run": "true"}, {"say": "first"}), turn({"say": "second"}))
    ask(play, prompt())
    assert words(ask(play, prompt())) == "second"


def test_a_retry_after_an_error_goes_on_in_the_same_turn() -> None:
    play = script(turn({"status": 429, "times": 2}, {"say": "through"}), turn({"say": "wrong turn"}))
    assert isinstance(ask(play, prompt()), Refusal)
    assert isinstance(ask(play, prompt()), Refusal)
    assert words(ask(play, prompt())) == "through"


def test_an_error_of_no_end_meets_every_request() -> None:
    play = script(turn({"status": 500, "times": 0}))
    assert [type(ask(play, prompt())) for _ in range(5)] == [Refusal] * 5


def test_two_workers_of_one_agent_play_their_own_turns() -> None:
    play = script(
        turn({"run": "true"}, {"say": "a"}, worker="claude"), turn({"run": "true"}, {"say": "b"}, worker="claude-2")
    )
    one, two = prompt(), prompt(worker="claude-2")
    ask(play, one)
    ask(play, two)
    assert words(ask(play, one, OK)) == "a"
    assert words(ask(play, two, OK)) == "b"


def test_a_request_on_the_clis_own_account_takes_no_turn() -> None:
    play = script(turn({"say": "mine"}))
    assert words(ask(play, prompt(), side={"score": 1})) == '{"score": 1}'
    assert words(ask(play, prompt())) == "mine"


@pytest.mark.parametrize(
    ("selectors", "fits"),
    [
        pytest.param({}, False, id="agent only"),
        pytest.param({"review": "*-milestone"}, True, id="by review"),
        pytest.param({"review": "*-blocker"}, False, id="by another review"),
        pytest.param({"role": "reviewer"}, True, id="by role"),
        pytest.param({"worker": "review-*"}, True, id="by worker"),
        pytest.param({"worker": "claude"}, False, id="by another worker"),
    ],
)
def test_a_review_is_played_only_by_a_turn_that_asks_for_it(selectors: Mapping[str, str], fits: bool) -> None:
    play = script(turn({"say": "scripted"}, **selectors))
    review = prompt(worker="review-001-claude", role="reviewer", review="001-milestone")
    answer = ask(play, review)
    assert isinstance(answer, Answer)
    assert (answer.pieces == (Text("scripted"),)) is fits


def test_a_turn_for_reviews_is_not_played_to_anything_else() -> None:
    play = script(turn({"say": "scripted"}, review="*"))
    assert words(ask(play, prompt())).startswith("Done.")


def test_a_turn_that_repeats_serves_every_prompt() -> None:
    play = script(turn({"say": "again"}, repeat=True))
    assert [words(ask(play, prompt(text))) for text in ("1", "2", "3")] == ["again"] * 3


def test_a_reviewer_without_lines_approves() -> None:
    answer = ask(script(), prompt(worker="review-001-codex", role="reviewer", review="001-request"))
    assert isinstance(answer, Answer)
    (call,) = answer.pieces
    assert isinstance(call, Call)
    assert call.reply["verdict"] == "approved"
    assert call.reply["points"] == []


def test_a_request_without_marker_belongs_to_the_worker_named_like_the_agent() -> None:
    play = script(turn({"say": "heard"}, worker="claude"))
    assert words(ask(play, UserText("just talking"))) == "heard"


@pytest.mark.parametrize(
    ("results", "said"), [pytest.param([OK], "it went well", id="ok"), pytest.param([BAD], "it failed", id="failed")]
)
def test_a_conditional_step_looks_at_the_last_result(results: Sequence[Said], said: str) -> None:
    play = script(turn({"run": "x"}, {"say": "it failed", "when": "failed"}, {"say": "it went well", "when": "ok"}))
    ask(play, prompt())
    assert words(ask(play, prompt(), *results)) == said


def test_hangs_come_before_the_response_and_pauses_and_cuts_inside_it() -> None:
    play = script(turn({"hang_s": 3}, {"say": "a"}, {"pause_s": 1}, {"say": "b"}, {"drop": True}, {"say": "c"}))
    answer = ask(play, prompt())
    assert isinstance(answer, Answer)
    assert answer.hang_s == 3
    assert answer.pieces == (Text("a"), Pause(1), Text("b"), Drop())
    assert words(ask(play, prompt())) == "c"


def test_a_report_is_a_line_of_its_own_in_the_specs_format() -> None:
    play = script(turn({"report": {"type": "milestone", "text": "stands", "progress": 80}}))
    answer = ask(play, prompt())
    assert isinstance(answer, Answer)
    assert answer.pieces == (Text('\n{"type": "milestone", "payload": {"text": "stands", "progress": 80}}\n'),)


def again(script: Script, *said: Said, digest: str = "d1") -> Answer | Refusal:
    """A request with its digest."""
    return script.answer(ModelRequest(AgentName("claude"), "model", tuple(said), {"Write": ()}, digest=digest))


def test_a_request_that_comes_again_in_the_same_words_gets_the_same_answer_also_from_another_server() -> None:
    turns = (turn({"run": "true"}, {"say": "done"}), turn({"say": "wrong turn"}))
    play, other = script(*turns), script(*turns)
    first = again(play, prompt())
    assert isinstance(first, Answer)
    other.restore(play.bookmarks())
    for server in (play, other):
        repeated = again(server, prompt())
        assert isinstance(repeated, Answer)
        assert repeated.pieces == first.pieces
        assert words(again(server, prompt(), OK, digest="d2")) == "done"


def test_what_the_script_refuses_cuts_or_holds_back_is_met_by_what_follows() -> None:
    for step in ({"status": 500}, {"drop": True}, {"hang_s": 1.0}):
        play = script(turn(step, {"run": "true"}, {"say": "done"}))
        first = again(play, prompt())
        if step == {"hang_s": 1.0}:
            assert isinstance(first, Answer)
            assert first.hang_s == 1.0
        second = again(play, prompt())
        assert second != first


@pytest.mark.parametrize(
    "schema", ["", f'\n\n{ANSWER_HEADING}\n\n{{"type": "object"}}'], ids=["of the task", "of a plan"]
)
def test_each_follow_up_has_something_of_its_own_written(schema: str) -> None:
    written = []
    for asked in ("and more", "and again more"):
        answer = ask(script(), prompt(f"{asked}\n\n{FOLLOW_UP_HEADING}\n\nBefore: do it{schema}"))
        assert isinstance(answer, Answer)
        written += [repr(piece) for piece in answer.pieces if isinstance(piece, Call)]
    assert len(set(written)) == 2, "what is written once more as it is there would change nothing"
