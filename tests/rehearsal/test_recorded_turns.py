"""A stand-in that is given the answers of a recorded run writes what its CLI wrote then, but for texts and figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS
from orchestrator.models.identity import AgentName

OpenStage = Callable[..., AbstractAsyncContextManager[Any]]
RECORDINGS = Path(__file__).parents[1] / "recordings"
FOLDERS = {"claude": "claude-2.1.332", "codex": "codex-0.171.0"}
"""Recorded by ``benchmarks/recordings.py``, which keeps what the model was told to answer."""
CASES = ("edit", "failed-command", "failed-read", "limit", "refused-key", "reply", "server-error")
GEMINI = "gemini-0.61.0"
GEMINI_TURNS: Mapping[str, list[Mapping[str, Any]]] = {
    "plain-stream": [{"say": "Hello from the mock."}],
    "yolo-write": [{"say": "Writing."}, {"write": {"path": "{target}/a.txt", "text": "hello\n"}}, {"say": "Wrote it."}],
    "shell-yolo": [{"run": "echo out; echo err >&2; exit 3"}, {"say": "ran"}],
    "err401": [{"status": 401, "times": 0}],
}
"""Recorded before the model's answers were kept in the form of a scenario; these are the same answers."""
SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string"}, "summary": {"type": "string"}},
    "required": ["verdict", "summary"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Cli:
    agent: Agent
    folder: Path


def records(stdout: bytes) -> Iterator[Mapping[str, Any]]:
    """What of a stream is records: other lines stand between them, and JSON over several lines."""
    for line in stdout.splitlines():
        with suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict) and "type" in record:
                yield record


def kind(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells the records of one stream apart."""
    inner = record.get("item") or record.get("part") or {}
    return tuple(str(each) for each in (record.get("type"), record.get("subtype"), inner.get("type")) if each)


def kinds_in_order(stdout: bytes) -> list[tuple[str, ...]]:
    """Pieces of one text count once, however finely it was cut."""
    found: list[tuple[str, ...]] = []
    in_pieces = False
    for record in records(stdout):
        if not (in_pieces and record.get("delta")):
            found.append(kind(record))
        in_pieces = bool(record.get("delta"))
    return found


def fields_by_kind(stdouts: list[bytes]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for stdout in stdouts:
        for record in records(stdout):
            found.setdefault(kind(record), set()).update(record)
    return found


def assert_written_alike(stdout: bytes, folder: Path, case: str) -> None:
    recorded = fields_by_kind([path.read_bytes() for path in sorted(folder.glob("*/stdout.jsonl"))])
    for record in records(stdout):
        assert kind(record) in recorded, record
        assert set(record) <= recorded[kind(record)], record
    here = (folder / case / "stdout.jsonl").read_bytes()
    assert kinds_in_order(stdout) == kinds_in_order(here)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FOLDERS)
async def test_a_stand_in_writes_what_its_cli_was_recorded_to_write(
    name: str, case: str, stand_ins: Path, stage: OpenStage
) -> None:
    folder = RECORDINGS / FOLDERS[name]
    told = json.loads((folder / case / "meta.json").read_text(encoding="utf-8"))
    changes = {"reply_schema": SCHEMA} if case == "reply" else {}
    async with stage(Cli(AGENTS[AgentName(name)], stand_ins), *told["model_turns"]) as at:
        run = await at.run("do it", **changes)
    assert run.code == int(told["exit"]), run
    assert_written_alike(run.stdout, folder, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", GEMINI_TURNS)
async def test_the_stand_in_of_gemini_writes_what_was_recorded(case: str, stand_ins: Path, stage: OpenStage) -> None:
    folder = RECORDINGS / GEMINI
    told = json.loads((folder / case / "meta.json").read_text(encoding="utf-8"))
    async with stage(Cli(AGENTS[AgentName("gemini")], stand_ins), GEMINI_TURNS[case]) as at:
        run = await at.run("do it")
    assert run.code == int(told["exit"]), run
    assert_written_alike(run.stdout, folder, case)
