"""Prove that an adapter keeps its contract: call ``check_agent(AGENT, recordings)`` in any test.

Every check raises :class:`AssertionError` with a sentence that says what is wrong.  ``check_any_record`` needs
hypothesis, which comes with the development requirements.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from orchestrator.agents.contract import Agent, Translation
from orchestrator.agents.failures import failure_beside, failure_kind, http_status
from orchestrator.agents.logins import never_newer
from orchestrator.models.events import (
    AGENT_EVENT,
    AgentEvent,
    Denied,
    EventType,
    Failed,
    TurnEnded,
    Unrecognised,
)
from orchestrator.models.identity import WorkerId
from orchestrator.models.recovery import RecoveryRule
from orchestrator.models.work import Assignment, ModelEndpoint, Role
from orchestrator.recovery import PermissionRecoveryEngine
from orchestrator.value_class import value_class
from orchestrator.wire.lines import LineFramer
from orchestrator.wire.records import Noise, RawRecord, Stream, decode_line
from orchestrator.wire.spread_objects import SpreadObjects

READ_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""The time at which every recording is taken to have been read."""

PROMPT = 'First line with \'quotes\', "more", $HOME, `ticks` and --a-flag\n\n{"json": 1}\nüñí 👋\n' + "x" * 200_000

_FILES: tuple[tuple[Stream, str], ...] = (("stdout", "stdout.jsonl"), ("stderr", "stderr.log"))


@value_class
class Told:
    """One event of a recording, and the stream it came from."""

    stream: Stream
    event: AgentEvent


def check_agent(agent: Agent, recordings: Path | None = None) -> None:
    """Check everything below.

    Args:
        recordings: Folder with one folder per scenario, each with ``stdout.jsonl``, ``stderr.log``, ``meta.json`` and
            the golden ``events.json``; ``None`` where there are none yet, which is then said.
    """
    check_rules(agent)
    check_prompt(agent)
    check_assignment_is_obeyed(agent)
    check_any_record(agent)
    folders = sorted(path.parent for path in recordings.glob("*/meta.json")) if recordings is not None else []
    for folder in folders:
        check_recording(agent, folder)
    if folders:
        check_evidence(agent, folders)
    missing = missing_parts(agent, folders)
    assert not missing, f"{agent.name} is not complete: {'; '.join(missing)}"


def missing_parts(agent: Agent, folders: Sequence[Path]) -> list[str]:
    """What an adapter still lacks or leaves open, one sentence each; empty where it is complete.

    Args:
        folders: Its recordings.
    """
    missing: list[str] = []
    if not folders:
        missing.append("there is no recording of a real run (stdout.jsonl, stderr.log, meta.json, events.json)")
    else:
        ends = [one.event.payload for folder in folders for one in told(agent, folder)]
        if not any(isinstance(end, TurnEnded) and end.ok for end in ends):
            missing.append("no recording is of a turn that ends well")
        if not any(isinstance(end, Failed | Denied) for end in ends):
            missing.append("no recording is of an error or a denial")
    unknown = [strength for strength in agent.role_strengths if strength not in tuple(Role)]
    if not agent.role_strengths:
        missing.append("role_strengths is empty: name designer, implementer or reviewer, the best first")
    elif unknown:
        missing.append(f"role_strengths names {', '.join(unknown)}, which is no role")
    if agent.hook_missing is None and not _places_hook(agent):
        missing.append(
            "its launch places no hook that runs orchestrator.agents.hooks.HOOK_COMMAND before its shell tool: "
            "place one, or say in hook_missing why it cannot have one"
        )
    if agent.obeys_proxy is None:
        missing.append("obeys_proxy is open: try whether it reaches its model through HTTP_PROXY alone")
    elif not agent.obeys_proxy:
        missing.append("it does not use HTTP_PROXY, so under a policy that lists hosts it finds no network")
    if agent.replies is None:
        missing.append("replies is open: say whether it holds its answer to a schema, or gives JSON in its text")
    elif agent.replies == "schema" and not _carries_schema(agent):
        missing.append("replies is 'schema', but its launch carries none")
    missing += _open_logins(agent)
    return missing


_NO_LOGINS: Final = ((b"{}", b"{}"), (b'{"a": 1}', b'{"a": 2}'), (b"a", b"b"), (b"", b"x"))
"""Contents before and after that are no login of anybody's."""


def _open_logins(agent: Agent) -> list[str]:
    credential = agent.credential
    if not credential.files:
        return []
    if credential.newer_login is never_newer:
        return [
            "credential.newer_login is open: a login that it renews in its private home is lost, until a function "
            "says when the file may replace the user's (orchestrator.agents.logins has the pieces)"
        ]
    if any(not credential.newer_login(before, after, 0.0) for before, after in _NO_LOGINS):
        return ["credential.newer_login lets content of no known form replace the user's login"]
    return []


def _places_hook(agent: Agent) -> bool:
    spec = agent.launch(sample_assignment(agent))
    texts = [*spec.argv, *spec.env.values(), *(file.content for file in spec.files)]
    return any("ORCHESTRATOR_GUARD_HOOK" in text for text in texts)


def _carries_schema(agent: Agent) -> bool:
    schema = {"type": "object", "properties": {"a-name-of-its-own": {"type": "string"}}}
    spec = agent.launch(sample_assignment(agent, reply_schema=schema, role=Role.REVIEWER))
    return any("a-name-of-its-own" in text for text in (*spec.argv, *(file.content for file in spec.files)))


# --- launching ------------------------------------------------------------------------------------------------------


def sample_assignment(agent: Agent, **changes: Any) -> Assignment:
    """An implementer's assignment, with what the test changes in it."""
    plain = Assignment(
        worker=WorkerId("w1"),
        agent=agent.name,
        role=Role.IMPLEMENTER,
        prompt="say hi",
        target=Path("/project"),
        scratch=Path("/session/scratch/w1"),
        home=Path("/session/home/w1"),
        writable=(Path("/session/scratch/w1"), Path("/project")),
    )
    return replace(plain, **changes)


def check_prompt(agent: Agent) -> None:
    """The prompt reaches the CLI whole, on standard input, and by no other way."""
    for bypass in (True, False):
        spec = agent.launch(sample_assignment(agent, prompt=PROMPT, bypass_approvals=bypass))
        assert spec.stdin == PROMPT, f"{agent.name}: the prompt is changed on its way to standard input"
        assert not any("--a-flag" in word for word in spec.argv), f"{agent.name}: the prompt stands in argv"
        assert not any("--a-flag" in value for value in spec.env.values()), f"{agent.name}: the prompt stands in env"


def check_assignment_is_obeyed(agent: Agent) -> None:
    """What an assignment asks for is on the command line, and what it leaves out is not."""
    plain = agent.launch(sample_assignment(agent))
    assert plain.argv[0] == agent.executable, f"{agent.name}: argv begins with {plain.argv[0]!r}"
    assert plain.cwd == Path("/project"), f"{agent.name} does not run in the target"
    assert plain.stop_ladder, f"{agent.name} has no stop ladder"
    model = agent.launch(sample_assignment(agent, model="some-model"))
    assert "some-model" in " ".join(model.argv), f"{agent.name} does not pass the model on"
    resumed = agent.launch(sample_assignment(agent, resume="0-conversation"))
    assert "0-conversation" in resumed.argv, f"{agent.name} does not continue a conversation"
    other = agent.launch(sample_assignment(agent, endpoint=ModelEndpoint("http://127.0.0.1:1", "the-key")))
    assert not any("the-key" in word for word in other.argv), f"{agent.name}: the key stands in argv"
    assert "the-key" in other.env.values(), f"{agent.name} does not get the endpoint's key"
    for flag in {word for word in plain.argv[1:] if word.startswith("--")}:
        left_out = agent.launch(sample_assignment(agent, without_flags=(flag,)))
        assert flag not in left_out.argv, f"{agent.name}: {flag} cannot be left out"
        back = agent.launch(sample_assignment(agent, without_flags=(flag,), extra_flags=(flag,)))
        assert back.argv == plain.argv, f"{agent.name}: {flag} is not put back as it was"
    for name in plain.env:
        assert name not in agent.launch(sample_assignment(agent, without_flags=(name,))).env
    added = agent.launch(sample_assignment(agent, extra_flags=("--new-flag=1",), extra_env={"NEW": "1"}))
    assert "--new-flag=1" in added.argv, f"{agent.name} ignores extra flags"
    assert added.env["NEW"] == "1", f"{agent.name} ignores extra environment"


# --- translating ----------------------------------------------------------------------------------------------------


def check_any_record(agent: Agent, examples: int = 200) -> None:
    """Any JSON object and any noise is accepted, and every event bears the agent's own name and our time."""
    from hypothesis import Phase, given, settings  # only tests have it
    from hypothesis import strategies as st

    words = st.sampled_from(_words_of(agent)) | st.text(max_size=8)
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
        max_leaves=8,
    )
    records = st.builds(RawRecord, st.dictionaries(words, values, max_size=6))
    streams: st.SearchStrategy[Stream] = st.sampled_from(("stdout", "stderr"))
    noise = st.builds(Noise, st.text(max_size=60), streams)

    @settings(max_examples=examples, deadline=None, database=None, phases=(Phase.generate, Phase.shrink))
    @given(st.lists(records | noise, max_size=5))
    def accepts(sequence: list[RawRecord | Noise]) -> None:
        state = Translation()
        for record in sequence:
            state, events = agent.translate(state, record, READ_AT)
            for event in events:
                assert event.agent == agent.name
                assert event.timestamp == READ_AT
                AGENT_EVENT.dump_json(event)  # what cannot be written cannot be journalled

    accepts()


_VOCABULARY = (
    *("type", "subtype", "message", "content", "text", "role", "assistant", "user", "system", "init", "result"),
    *("tool_use", "tool_result", "tool_use_id", "tool_id", "tool_name", "is_error", "error", "usage", "item", "status"),
    *("item.started", "item.completed", "command_execution", "file_change", "agent_message", "reasoning", "changes"),
    *("turn.completed", "turn.failed", "thread.started", "thread_id", "session_id", "stats", "models", "modelUsage"),
    *("permission_denied", "permission_denials", "api_retry", "attempt", "delta", "success", "structured_output"),
    *("input_tokens", "output_tokens", "cached", "total_cost_usd", "model", "id", "name", "input", "parameters"),
)


def _words_of(agent: Agent) -> list[str]:
    """Words that get deep into a translator; an adapter's own constants are found in its module."""
    return [*_VOCABULARY, str(agent.name)]


def told(agent: Agent, folder: Path, *, chunk_bytes: int = 1 << 20) -> list[Told]:
    """Every event of a recording, standard error after standard output."""
    state = Translation()
    events: list[Told] = []
    for stream, name in _FILES:
        path = folder / name
        data = path.read_bytes() if path.exists() else b""
        for record in _records(data, stream, chunk_bytes, agent.record_types):
            state, more = agent.translate(state, record, READ_AT)
            events.extend(Told(stream, event) for event in more)
    return events


def _records(
    data: bytes, stream: Stream, chunk_bytes: int, known: Container[str] | None
) -> Iterator[RawRecord | Noise]:
    framer, spread = LineFramer(), SpreadObjects()
    chunks = (data[at : at + chunk_bytes] for at in range(0, len(data), chunk_bytes))
    lines = [line for chunk in chunks for line in framer.feed(chunk)] + framer.finish()
    if stream != "stderr":
        lines = [whole for line in lines for whole in spread.feed(line)] + [*spread.finish()]
    for line in lines:
        if line.data is not None:
            yield from decode_line(line.data, stream, known)


def golden(events: Iterable[Told]) -> str:
    """The events as they stand in ``events.json``: agent and time, which are the same everywhere, left out."""
    lines = []
    for one in events:
        shown = AGENT_EVENT.dump_python(one.event, mode="json", exclude_none=True)
        row = {"stream": one.stream, "type": shown["type"], **shown["payload"]}
        lines.append(json.dumps(row, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def check_recording(agent: Agent, folder: Path) -> None:
    """The recording translates to its golden events, however its bytes arrive."""
    where = f"{folder.parent.name}/{folder.name}"
    events = told(agent, folder)
    path = folder / "events.json"
    assert path.exists(), f"{where} has no events.json: run pytest tests/agents --update-goldens and read it"
    assert golden(events) == path.read_text(encoding="utf-8"), f"{where} no longer translates to its events.json"
    assert all(one.event.agent == agent.name for one in events), f"{where}: an event bears another agent's name"
    size = sum((folder / name).stat().st_size for _, name in _FILES if (folder / name).exists())
    for chunk_bytes in (1, 7, 4096) if size < 20_000 else (4096,):
        assert told(agent, folder, chunk_bytes=chunk_bytes) == events, f"{where}: chunks change the events"
    check_turns(where, [one.event for one in events])


def check_turns(where: str, events: Sequence[AgentEvent]) -> None:
    """Check that no turn ends twice."""
    ends = [isinstance(event.payload, TurnEnded) for event in events if event.type is not EventType.ERROR]
    assert not any(a and b for a, b in pairwise(ends)), f"{where}: a turn ends twice"


# --- recovery rules -------------------------------------------------------------------------------------------------


def check_rules(agent: Agent) -> None:
    """Rule names are unique and say whose they are; every rule says why and where it comes from."""
    names = [rule.name for rule in agent.recovery_rules]
    assert len(set(names)) == len(names), f"{agent.name}: two rules have the same name"
    for rule in agent.recovery_rules:
        assert rule.name.startswith(f"{agent.name}-"), f"rule {rule.name!r} does not begin with {agent.name}-"
        assert rule.because, f"rule {rule.name!r} does not say why"
        assert rule.source, f"rule {rule.name!r} does not say where it comes from"


def check_warning(agent: Agent, line: str) -> None:
    """What the CLI prints while it goes on stops nobody: no rule does more than take note of it."""
    _, events = agent.translate(Translation(), Noise(line, "stderr"), READ_AT)
    engine = PermissionRecoveryEngine(agent.recovery_rules)
    for event in events:
        plan = engine.plan(event, assignment=sample_assignment(agent), allowed_roots=(), attempts=0)
        assert plan is None or plan.remedy.kind == "ignore", f"{agent.name}: rule {plan.rule!r} stops for {line!r}"


def check_refusal(agent: Agent, row: Mapping[str, str]) -> None:
    """What the CLI says when it cannot go on is of its kind, and has its remedy.

    Args:
        row: ``text``, ``failure`` and ``remedy``; ``stream`` is ``stderr`` where no record tells of it.
    """
    text = row["text"]
    if row.get("stream") == "stderr":
        failed = failure_beside(Noise(text, "stderr"), agent.recovery_rules)
        assert failed is not None, f"{agent.name}: no rule knows {text!r}"
    else:
        status = http_status(text)
        failed = Failed(text, failure_kind(text, status), status, final=True)
    assert failed.failure == row["failure"], f"{agent.name}: {text!r} is taken for {failed.failure}"
    event = AgentEvent(EventType.ERROR, agent.name, READ_AT, failed)
    plan = PermissionRecoveryEngine(agent.recovery_rules).plan(
        event, assignment=sample_assignment(agent), allowed_roots=(), attempts=0
    )
    remedy = plan.remedy.kind if plan is not None else "none"
    assert remedy == row["remedy"], f"{agent.name}: {text!r} is answered with {remedy}"


def first_match(rules: Sequence[RecoveryRule], event: AgentEvent) -> RecoveryRule | None:
    """The rule that an event meets, by the contract of :class:`RecoveryRule`."""
    payload = event.payload
    if not isinstance(payload, Failed | Denied | Unrecognised):
        return None
    reason = payload.reason if isinstance(payload, Denied) else None
    failure = payload.failure if isinstance(payload, Failed) else None
    for rule in rules:
        fits = rule.reason in (None, reason) and rule.failure in (None, failure)
        if fits and rule.pattern.search(payload.text):
            return rule
    return None


def check_evidence(agent: Agent, folders: Sequence[Path]) -> None:
    """Every rule said to have been seen is the first to match in at least one recording."""
    met = {
        rule.name
        for folder in folders
        for one in told(agent, folder)
        if (rule := first_match(agent.recovery_rules, one.event)) is not None
    }
    dead = [rule.name for rule in agent.recovery_rules if rule.evidence == "seen" and rule.name not in met]
    assert not dead, f"{agent.name}: no recording meets these rules: {', '.join(dead)}"
