"""What holds for every CLI that plays in a rehearsal, whether it is the real one or its stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.models.events import (
    Failed,
    FailureKind,
    Retrying,
    Said,
    ToolCalled,
    ToolReturned,
    TurnEnded,
    UsageReported,
)
from orchestrator.rehearsal.dialogue import ToolResult
from orchestrator.rehearsal.model_server import RecordedRequest
from orchestrator.sandbox.carried_settings import carry_settings
from orchestrator.toml_files import toml_text

Stage = Any
Cli = Any
OpenStage = Callable[..., AbstractAsyncContextManager[Stage]]

SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string"}, "summary": {"type": "string"}},
    "required": ["verdict", "summary"],
    "additionalProperties": False,
}


async def test_a_plain_turn_ends_well_with_the_models_words(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"say": "Hello from the script."}]) as at:
        run = await at.run("say hello")
    assert run.code == 0, run
    assert run.ended.ok, run
    assert run.ended.text.strip() == "Hello from the script."


async def test_a_tool_call_writes_the_file_byte_for_byte(cli: Cli, stage: OpenStage) -> None:
    text = "first {not a placeholder}\n\n  third, with 'quotes' and \"more\" and ü\n"
    write = {"path": "{target}/a folder/new.txt", "text": text}
    async with stage(cli, [{"say": "I write."}, {"write": write}, {"say": "Written."}]) as at:
        run = await at.run("write")
        written = at.target / "a folder" / "new.txt"
        assert written.read_text(encoding="utf-8") == text, run
    assert run.ended.ok, run
    assert len(run.of(ToolCalled)) == 1
    assert [result.ok for result in run.of(ToolReturned)] == [True]


async def test_a_shell_command_runs_and_its_output_goes_back_to_the_model(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"run": "echo seen > {target}/ran.txt && cat {target}/ran.txt"}, {"say": "Ran."}]) as at:
        run = await at.run("run")
        assert (at.target / "ran.txt").read_text() == "seen\n", run
        heard = at.server.requests[-1].asked
        assert heard is not None
        assert "seen" in heard.said[-1].text
    assert run.ended.ok, run


async def test_a_file_is_read_and_goes_back_to_the_model(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"read": "{target}/given.txt"}, {"say": "Read."}]) as at:
        at.target.mkdir()
        (at.target / "given.txt").write_text("forty-two\n")
        run = await at.run("read")
        assert any("forty-two" in said.text for said in at.server.requests[-1].asked.said), run
    assert run.ended.ok, run


async def test_a_step_for_failed_calls_is_played_after_a_failed_call_only(cli: Cli, stage: OpenStage) -> None:
    turn = [
        {"read": "{target}/missing.txt"},
        {"say": "It is missing.", "when": "failed"},
        {"say": "It is there.", "when": "ok"},
    ]
    async with stage(cli, turn) as at:
        run = await at.run("read")
    assert run.ended.text.strip() == "It is missing.", run


async def test_a_structured_reply_fits_the_schema_it_was_asked_for(cli: Cli, stage: OpenStage) -> None:
    reply = {"verdict": "concerns", "summary": "No test for an empty address."}
    async with stage(cli, [{"reply": reply}]) as at:
        run = await at.run("review", reply_schema=SCHEMA)
    assert run.ended.ok, run
    assert (run.ended.reply or json.loads(run.ended.text)) == reply


async def test_usage_is_reported_as_the_scenario_states_it(cli: Cli, stage: OpenStage) -> None:
    usage = {"input": 1200, "output": 345, "cached": 200}
    async with stage(cli, [{"say": "Counted."}, {"usage": usage}]) as at:
        run = await at.run("count")
    reported = [payload.usage for payload in run.of(UsageReported)]
    assert sum(one.output_tokens or 0 for one in reported) >= 345, run


@pytest.mark.slow  # the CLIs wait before they try again
@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        pytest.param(401, {FailureKind.AUTHENTICATION}, id="a refused key"),
        pytest.param(429, {FailureKind.USAGE_LIMIT}, id="a rate limit"),
        pytest.param(500, {FailureKind.OVERLOADED, FailureKind.UNKNOWN, FailureKind.NETWORK}, id="a server error"),
    ],
)
async def test_an_http_error_ends_the_turn_as_a_failure(
    cli: Cli, stage: OpenStage, status: int, kinds: set[FailureKind]
) -> None:
    async with stage(cli, [{"status": status, "times": 0}]) as at:
        if cli.agent.retries_for_ever and status != 401:
            heard = at.root / "stderr"
            run = await at.run("fail", stop_when=lambda: b"stream error" in heard.read_bytes())
            assert run.of(Retrying), run
            return
        run = await at.run("fail")
    assert run.code != 0, run
    assert not any(payload.ok for payload in run.of(TurnEnded)), run
    assert kinds & {payload.failure for payload in run.of(Failed)}, run


@pytest.mark.slow
async def test_a_connection_cut_in_mid_answer_ends_the_turn_as_a_failure(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"say": "This is as far as"}, {"drop": True, "times": 0}]) as at:
        if cli.agent.retries_for_ever:
            run = await at.run("drop", stop_when=lambda: len(at.server.requests) >= 2)
            assert not any(payload.ok for payload in run.of(TurnEnded)), run
            return
        run = await at.run("drop")
    assert run.code != 0, run
    assert not any(payload.ok for payload in run.of(TurnEnded)), run


async def test_what_the_model_says_appears_before_its_answer_is_whole(cli: Cli, stage: OpenStage) -> None:
    # One that tells whole texts only shows what comes before a call.
    first = {"run": "true"} if cli.agent.tells_whole_texts else {"pause_s": 0}
    async with stage(cli, [{"say": "Early words."}, first, {"pause_s": 3600}, {"say": "too late"}]) as at:
        shown = at.root / "stdout"
        run = await at.run("go", stop_when=lambda: b"Early words." in shown.read_bytes())
    assert b"too late" not in run.stdout, run


async def test_a_model_that_never_answers_can_be_stopped(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"hang_s": 3600}, {"say": "too late"}]) as at:
        run = await at.run("hang", stop_when=at.was_asked)
    assert not any(payload.ok for payload in run.of(TurnEnded)), run
    assert not run.of(Said), run


async def test_a_resumed_conversation_goes_on_with_the_next_turn(cli: Cli, stage: OpenStage) -> None:
    first = [{"write": {"path": "{target}/one.txt", "text": "one\n"}}, {"say": "First."}]
    async with stage(cli, first, [{"say": "Second."}]) as at:
        before = await at.run("begin")
        after = await at.run("go on", resume=before.conversation)
        last = at.server.requests[-1].asked
    assert after.ended.ok, after
    assert after.conversation == before.conversation
    assert after.ended.text.strip() == "Second."
    assert any("begin" in said.text for said in last.said), "the model hears the first prompt again"


async def test_a_stopped_conversation_can_be_resumed(cli: Cli, stage: OpenStage) -> None:
    first = [{"run": "true"}, {"hang_s": 3600}]
    async with stage(cli, first, [{"say": "Went on."}]) as at:
        asked = at.server.requests
        before = await at.run("begin", stop_when=lambda: any(_brings_a_result(request) for request in asked))
        after = await at.run("go on", resume=before.conversation)
    assert after.ended.text.strip() == "Went on.", after


async def test_an_unknown_flag_is_refused_before_anything_is_asked(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"say": "never"}]) as at:
        run = await at.run("x", flags=["--frobnicate"])
        assert not at.server.requests
    assert run.code in (1, 2), run
    # opencode 1.18.33 prints its help, and does not say which flag it does not know.
    assert (b"--log-level" if cli.agent.name == "opencode" else b"frobnicate") in run.stderr
    assert not run.stdout.strip()


def _brings_a_result(request: RecordedRequest) -> bool:
    return request.asked is not None and any(isinstance(said, ToolResult) for said in request.asked.said)


WORK = [
    {"say": "I write."},
    {"write": {"path": "{target}/a.txt", "text": "a\n"}},
    {"run": "cat {target}/a.txt"},
    {"report": {"type": "milestone", "text": "it stands"}},
    {"say": "Done."},
]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(WORK, id="work"),
        pytest.param([{"read": "{target}/missing.txt"}, {"say": "It is missing."}], id="a failed call"),
        pytest.param([{"run": "exit 3"}, {"say": "It failed."}], id="a failed command"),
        pytest.param([{"status": 429, "times": 0}], id="a limit"),
        pytest.param([{"status": 401, "times": 0}], id="a refused key"),
        pytest.param([{"drop": True, "times": 0}], id="a cut"),
    ],
)
async def test_a_stand_in_is_told_apart_from_the_real_cli_by_no_kind_of_event(
    agent: Any, turn: Any, stand_ins: Path, real_clis: Path | None, stage: OpenStage, not_proven: Callable[[str], Any]
) -> None:
    if real_clis is None:
        not_proven("the real CLIs are not installed: python -m orchestrator.rehearsal.installing")
    assert real_clis is not None
    kinds = []
    for name, folder in (("stand-in", stand_ins), ("real", real_clis)):
        async with stage(_Cli(agent, folder), turn, folder=name) as at:
            run = await at.run("do it")
        # Noise on stderr and the number of retries differ from machine to machine.
        kinds.append([p.kind for p in run.payloads if p.kind not in ("unrecognised", "retrying", "usage_reported")])
    assert kinds[0] == kinds[1]


class _Cli:
    def __init__(self, agent: Any, folder: Path) -> None:
        self.agent = agent
        self.folder = folder


_SERVER = """#!/usr/bin/env python3
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    with open(sys.argv[0] + ".log", "a") as log:
        log.write(f"{asked.get('method')}\\n")
    about = {"capabilities": {"tools": {}}, "serverInfo": {"name": "demo", "version": "1"}}
    told = {
        "initialize": {"protocolVersion": (asked.get("params") or {}).get("protocolVersion"), **about},
        "tools/list": {"tools": [{"name": "shout", "description": "d", "inputSchema": {"type": "object"}}]},
    }.get(asked.get("method"), {})
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": told}), flush=True)
"""


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    "cli", [pytest.param((name, "real"), id=f"real-{name}") for name in sorted(AGENTS)], indirect=True
)
async def test_an_mcp_server_that_the_policy_brings_along_is_used(cli: Cli, stage: OpenStage, tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(_SERVER)
    program.chmod(0o755)
    (setting,) = [one for one in cli.agent.user_settings if one.kind == "mcp"]
    described: dict[str, object] = {"command": str(program)}
    if setting.keys == ("mcp",):  # opencode's own form
        described = {"type": "local", "command": [str(program)]}
    document = {setting.keys[0]: {"demo": described}}
    file = tmp_path / "user" / setting.path
    file.parent.mkdir(parents=True)
    file.write_text(toml_text(document) if file.suffix == ".toml" else json.dumps(document))
    async with stage(cli, [{"say": "x"}]) as at:
        run = await at.run(
            "go",
            brought=("mcp",),
            before=lambda: carry_settings(cli.agent, ("mcp",), user_home=tmp_path / "user", home=at.home),
        )
    assert run.ended.ok, run
    assert "tools/list" in Path(f"{program}.log").read_text().splitlines(), run
