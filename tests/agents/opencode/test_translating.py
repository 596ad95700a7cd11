"""OpenCode's records become events; its log alone tells of a request that is made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.agents.contract import Translation
from orchestrator.agents.opencode.translating import translate
from orchestrator.models.events import (
    ConversationStarted,
    Denied,
    Failed,
    FailureKind,
    Payload,
    Retrying,
    ToolReturned,
    TurnEnded,
    UsageReported,
)
from orchestrator.testing.agents import READ_AT
from orchestrator.wire.records import Noise, RawRecord


def told(*records: Mapping[str, Any] | str) -> list[Payload]:
    state, payloads = Translation(), list[Payload]()
    for record in records:
        read = Noise(record, "stderr") if isinstance(record, str) else RawRecord({"sessionID": "ses_1", **record})
        state, events = translate(state, read, READ_AT)
        payloads += [event.payload for event in events]
    return payloads


def finish(reason: str, **tokens: Any) -> Mapping[str, Any]:
    return {"type": "step_finish", "part": {"reason": reason, "tokens": tokens, "cost": 0}}


def test_the_first_record_of_a_turn_begins_it_and_a_stop_ends_it() -> None:
    text = {"type": "text", "part": {"text": "Done."}}
    payloads = told({"type": "step_start"}, finish("tool-calls"), text, finish("stop"), {"type": "step_start"})
    assert [type(one).__name__ for one in payloads if not isinstance(one, UsageReported)] == [
        *("ConversationStarted", "Said", "TurnEnded", "ConversationStarted")
    ]
    (ended,) = [one for one in payloads if isinstance(one, TurnEnded)]
    assert (ended.ok, ended.text) == (True, "Done.")


def test_what_was_thought_counts_as_output_and_an_unknown_price_is_no_cost() -> None:
    payloads = told(finish("stop", input=1000, output=335, reasoning=10, cache={"read": 200, "write": 5}))
    (reported,) = [one for one in payloads if isinstance(one, UsageReported)]
    usage = reported.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (1005, 345, 200)
    assert usage.cost_usd is None


def test_a_command_that_ends_badly_is_a_call_that_failed() -> None:
    state = {"status": "completed", "input": {"command": "exit 3"}, "output": "", "metadata": {"exit": 3}}
    payloads = told({"type": "tool_use", "part": {"tool": "bash", "callID": "c", "state": state}})
    (returned,) = [one for one in payloads if isinstance(one, ToolReturned)]
    assert (returned.ok, returned.exit_code) == (False, 3)


def test_a_rejected_permission_is_a_denial() -> None:
    words = "The user rejected permission to use this specific tool call."
    state = {"status": "error", "input": {"filePath": "/x"}, "error": words}
    payloads = told({"type": "tool_use", "part": {"tool": "write", "callID": "c", "state": state}})
    assert Denied(words, "write", "/x") in payloads


def test_a_failed_turn_ends_with_its_status() -> None:
    error = {"name": "APIError", "data": {"message": "Incorrect API key provided", "statusCode": 401}}
    payloads = told({"type": "error", "error": error})
    (failed,) = [one for one in payloads if isinstance(one, Failed)]
    assert (failed.failure, failed.http_status, failed.final) == (FailureKind.AUTHENTICATION, 401, True)
    assert isinstance(payloads[-1], TurnEnded)
    assert not payloads[-1].ok


def test_a_request_that_is_made_again_is_told_by_its_log() -> None:
    line = 'level=ERROR message="stream error" session.id=s mode=primary error.error="AI_APICallError: {}"'
    assert told(line.format("The server had an error")) == [Retrying("AI_APICallError: The server had an error")]
    (limit,) = told(line.format("Rate limit reached, try again in 20m"))
    assert isinstance(limit, Failed)
    assert limit.failure is FailureKind.USAGE_LIMIT
    assert limit.resets_at is not None


def test_records_of_no_known_shape_are_shown() -> None:
    kinds = [type(one).__name__ for one in told({"type": "brand_new"}, {"type": "text"}, {"type": 3})]
    assert kinds == ["ConversationStarted", *["Unrecognised"] * 3]
    assert not [one for one in told("a line of noise") if isinstance(one, ConversationStarted)]
