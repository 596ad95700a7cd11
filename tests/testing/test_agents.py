"""The kit lets a sound adapter through, and says what is wrong with an unsound one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from orchestrator.agents.command_lines import Grammar, Option, additions, assembled
from orchestrator.agents.contract import Agent, Credential, Translation
from orchestrator.models.events import AgentEvent, EventType, Failed, Said, TurnEnded
from orchestrator.models.identity import AgentName
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.recovery import Ignore, RecoveryRule
from orchestrator.models.work import Assignment
from orchestrator.testing.agents import (
    check_agent,
    check_any_record,
    check_evidence,
    check_prompt,
    check_recording,
    check_rules,
    check_turns,
    golden,
    missing_parts,
    told,
)
from orchestrator.wire.records import Noise, RawRecord

NAME = AgentName("aider")


def launch(assignment: Assignment) -> LaunchSpec:
    options: list[Option] = [("--yes-always",), ("--no-stream",)]
    options += [("--model", assignment.model)] if assignment.model else []
    options += [("--restore", assignment.resume)] if assignment.resume else []
    env = {"AIDER_KEY": assignment.endpoint.key} if assignment.endpoint else {}
    return LaunchSpec(
        argv=("aider", *assembled(options, assignment, Grammar())),
        cwd=assignment.target,
        env=additions(env, assignment),
        stdin=assignment.prompt,
    )


def translate(state: Translation, record: RawRecord | Noise, at: datetime) -> tuple[Translation, Sequence[AgentEvent]]:
    if isinstance(record, Noise):
        return state, (AgentEvent(EventType.PROGRESS, NAME, at, Said(record.text)),)
    if record.data.get("end") is True:
        return state, (AgentEvent(EventType.STATUS, NAME, at, TurnEnded(True, "success")),)
    if "lost" in record.data:
        return state, (AgentEvent(EventType.ERROR, NAME, at, Failed("no connection")),)
    return state, (AgentEvent(EventType.PROGRESS, NAME, at, Said(str(record.data))),)


RULE = RecoveryRule("aider-lost", re.compile("lost"), Ignore(), because="it says so", source="a guess")

SOUND = Agent(
    name=NAME,
    title="Aider",
    executable="aider",
    package="aider",
    pinned="1.0",
    launch=launch,
    translate=translate,
    recovery_rules=(),
    credential=Credential((), (), "none"),
    oldest=(1,),
    role_strengths=("implementer",),
    replies="text",
    obeys_proxy=True,
    hook_missing="it has no hooks",
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "stdout.jsonl").write_bytes(b'{"a": 1}\r\n{"lost": 1}\n{"end": true}\ncaf\xc3\xa9\nno newline')
    (folder / "meta.json").write_text('{"exit": "0"}')
    (folder / "events.json").write_text(golden(told(SOUND, folder)))
    return folder


@pytest.mark.slow
def test_a_sound_adapter_passes_with_recordings_and_is_asked_for_them(recording: Path) -> None:
    check_agent(SOUND, recording.parent)
    with pytest.raises(AssertionError, match="there is no recording of a real run"):
        check_agent(SOUND)


def test_everything_that_is_missing_is_said_at_once() -> None:
    bare = replace(SOUND, role_strengths=(), replies=None, obeys_proxy=None, hook_missing=None)
    said = "; ".join(missing_parts(bare, []))
    for part in ("recording", "role_strengths", "hook", "HTTP_PROXY", "replies"):
        assert part in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role_strengths": ("painter",)}, "painter, which is no role"),
        ({"obeys_proxy": False}, "finds no network"),
        ({"replies": "schema"}, "its launch carries none"),
        ({"credential": Credential((), (PurePosixPath(".x/login"),), "")}, "a login that it renews"),
        (
            {"credential": Credential((), (PurePosixPath(".x"),), "", newer_login=lambda old, new, now_s: "")},
            "content of no known form",
        ),
    ],
)
def test_what_an_adapter_says_of_itself_is_held_against_it(
    recording: Path, changes: dict[str, Any], words: str
) -> None:
    assert not missing_parts(SOUND, [recording])
    (said,) = missing_parts(replace(SOUND, **changes), [recording])
    assert words in said


def test_a_prompt_in_argv_is_found() -> None:
    def careless(assignment: Assignment) -> LaunchSpec:
        return LaunchSpec(("aider", "--message", assignment.prompt), cwd=assignment.target, stdin=assignment.prompt)

    with pytest.raises(AssertionError, match="the prompt stands in argv"):
        check_prompt(replace(SOUND, launch=careless))


def test_a_changed_prompt_is_found() -> None:
    def careless(assignment: Assignment) -> LaunchSpec:
        return LaunchSpec(("aider",), cwd=assignment.target, stdin=assignment.prompt.strip()[:1_000])

    with pytest.raises(AssertionError, match="the prompt is changed"):
        check_prompt(replace(SOUND, launch=careless))


@pytest.mark.slow
def test_a_translator_that_raises_is_found() -> None:
    def careless(
        state: Translation, record: RawRecord | Noise, at: datetime
    ) -> tuple[Translation, Sequence[AgentEvent]]:
        raise KeyError("type")

    with pytest.raises(KeyError):
        check_any_record(replace(SOUND, translate=careless), examples=20)


def test_a_recording_that_translates_otherwise_is_found(recording: Path) -> None:
    (recording / "events.json").write_text("[]\n")
    with pytest.raises(AssertionError, match="no longer translates"):
        check_recording(SOUND, recording)
    (recording / "events.json").unlink()
    with pytest.raises(AssertionError, match=r"has no events\.json"):
        check_recording(SOUND, recording)


def test_a_rule_that_no_recording_meets_is_found(recording: Path) -> None:
    with pytest.raises(AssertionError, match="no recording meets these rules: aider-lost"):
        check_evidence(replace(SOUND, recovery_rules=(RULE,)), [recording])


def test_two_rules_of_one_name_are_found() -> None:
    with pytest.raises(AssertionError, match="two rules have the same name"):
        check_rules(replace(SOUND, recovery_rules=(RULE, RULE)))


def test_a_turn_that_ends_twice_is_found() -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    ended = AgentEvent(EventType.STATUS, NAME, at, TurnEnded(True, "success"))
    with pytest.raises(AssertionError, match="a turn ends twice"):
        check_turns("here", [ended, ended])
