"""``orchestrate compositions``, and what ``plan`` makes of it, as a user sees them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.cli.build_request import build_request
from orchestrator.cli.proven_teams import candidates_for
from orchestrator.models.identity import AgentName, SessionId
from orchestrator.orchestration.config_store import AgentConfiguration, ConfigurationStore
from orchestrator.pattern_library import PatternLibrary
from orchestrator.settings.user_places import state_folder
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record
from tests.cli.conftest import JobResult, Story
from tests.cli.test_build_request import given
from tests.store.conftest import FAILED, PASSED, outcome

Call = Callable[..., JobResult]
TASK = "Fix the security bug in login"
SECURITY = replace(outcome(PASSED), pattern="security")
VERSIONS = {"gemini": "0.61.0", "claude": "2.1.329", "codex": "0.169.0"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, version in VERSIONS.items():
        program = programs / AGENTS[AgentName(name)].executable
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return made


@pytest.fixture
def call(orchestrate: Call, project: Path) -> Call:
    return lambda *words: orchestrate(*words, "--target", str(project))


@pytest.fixture
def won(project: Path, workspace: Path) -> Callable[..., str]:
    """Puts sessions of one composition into the user's log, and what preflight found into the workspace."""

    def put(times: int, *, lost: int = 0, first: int = 0, **changes: Any) -> str:
        members = tuple(replace(one, version=VERSIONS[one.agent]) for one in SECURITY.members)
        one = replace(SECURITY, project=str(project), members=members, **changes)
        failed = replace(one, result="failure", quality_score=59.0)
        bodies = [
            as_record(replace(each, session=SessionId(f"20261121-175811-{number:04x}")))
            for number, each in enumerate([one] * times + [failed] * lost, start=first)
        ]
        OutcomeLog(state_folder(os.environ)).append(*bodies)
        folder = workspace / "20261121-175811-7f3a"
        folder.mkdir(exist_ok=True)
        found = [{"name": name, "usable": True, "version": version} for name, version in VERSIONS.items()]
        (folder / "session.json").write_text(json.dumps({"opened_at": "2026-11-21", "found": found}))
        return bodies[0].configuration

    return put


def test_where_nothing_is_known_yet_that_is_said(call: Call, project: Path) -> None:
    shown = call("compositions")
    assert (shown.code, shown.out) == (0, "")
    assert "no composition is known here yet" in shown.err
    assert list(project.iterdir()) == []


def test_a_list_says_what_is_proven_and_what_is_lacking(call: Call, won: Callable[..., str]) -> None:
    proven = won(12, lost=1)
    few = won(3, first=50, team="solo")
    shown = call("compositions", "list").out.splitlines()
    assert shown[0].startswith(f"{proven}: security; 13 uses, 92%, score 97; proven: 12 of 13 (92%, surely ")
    assert shown[1].startswith(f"{few}: security; 3 uses, 100%")
    assert "not proven: 3 sessions were measured by gates, and it takes 10" in shown[1]
    document = json.loads(call("compositions", "--json").out)
    assert [(one["id"], one["proof"]["is_proven"]) for one in document] == [(proven, True), (few, False)]


def test_a_list_says_proven_no_more_where_a_cli_was_replaced(
    call: Call, won: Callable[..., str], workspace: Path
) -> None:
    name = won(12)
    session = workspace / "20261121-175811-7f3a/session.json"
    session.write_text(session.read_text().replace(VERSIONS["claude"], "3.0.0"))
    (shown,) = call("compositions", "list").out.splitlines()
    assert f"{name}: security" in shown
    assert "lapsed: claude is 3.0.0 now, and was 2.1.329" in shown
    (document,) = json.loads(call("compositions", "--json").out)
    assert document["proof"]["lapsed"]


def test_one_is_shown_with_its_sessions_and_deleted(call: Call, won: Callable[..., str]) -> None:
    name = won(2, lost=1)
    shown = call("compositions", "show", name).out
    assert shown.count("success, score 100") == 2
    assert "agent claude" in shown
    assert len(json.loads(call("compositions", "show", name, "--json").out)["sessions"]) == 3
    assert call("compositions", "delete", name).code == 0
    missing = call("compositions", "show", name)
    assert missing.code == 2
    assert "there is no composition" in missing.err
    assert call("compositions", "delete", name).code == 2


def test_plan_reuses_what_is_proven_and_says_so(call: Call, won: Callable[..., str]) -> None:
    name = won(12)
    shown = call("plan", TASK)
    assert shown.code == 0, shown.err
    assert f"change: proven on security here, 12 of 12 (100%, surely 82% to 100%): {name}" in shown.out
    assert f"known here {name}: 12 of 12" in shown.out
    document = json.loads(call("plan", TASK, "--json").out)
    assert (document["reuses"], document["compositions"][0]["proven"]) == (name, True)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "9 sessions were measured by gates, and it takes 10"),
        (("--without", "codex"), "codex may not be used"),
        (("--model", "claude=opus"), "9 sessions"),
    ],
)
def test_plan_says_why_nothing_is_reused(
    call: Call, won: Callable[..., str], options: tuple[str, ...], why: str
) -> None:
    won(9)
    shown = call("plan", TASK, *options)
    assert "proven on" not in shown.out
    assert f"not reused: {why}" in shown.out
    assert json.loads(call("plan", TASK, "--json", *options).out)["reuses"] is None


def test_a_team_that_is_asked_for_another_kind_of_task_or_another_version_is_not_it(
    call: Call, won: Callable[..., str], workspace: Path
) -> None:
    won(12)
    assert "proven" not in call("plan", TASK, "--team", "solo").out
    assert "proven" not in call("plan", "Add docs to the parser").out
    found = [{"name": name, "usable": True, "version": "9.9"} for name in VERSIONS]
    (workspace / "20261121-175811-7f3a" / "session.json").write_text(json.dumps({"opened_at": "2026", "found": found}))
    assert "gemini is 9.9 now, and was 0.61.0" in call("plan", TASK).out


def test_a_run_is_given_how_earlier_sessions_used_the_time(project: Path, won: Callable[..., str]) -> None:
    won(5, time_shares={AgentName("claude"): 0.8, AgentName("codex"): 0.2})
    request = build_request(TASK, given("--target", str(project)))
    assert [(one.agent, one.sessions, one.mostly) for one in request.earlier] == [("claude", 5, 5), ("codex", 5, 0)]
    assert build_request(TASK, given("--target", str(project), "--rehearse")).earlier == ()


def test_a_log_that_cannot_be_read_keeps_nobody_from_planning(call: Call, tmp_path: Path) -> None:
    log = OutcomeLog(state_folder(os.environ))
    log.path.mkdir(parents=True)
    assert call("plan", TASK).code == 0
    listed = call("compositions")
    assert listed.code == 2
    assert "cannot read" in listed.err


def test_a_rehearsal_looks_for_nothing(project: Path, workspace: Path, won: Callable[..., str]) -> None:
    won(12)
    options: dict[str, Any] = dict.fromkeys(("team", "agents", "without"), None) | {"models": (), "no_change": False}
    assert len(candidates_for(TASK, project, workspace, options, os.environ)) == 1
    assert candidates_for(TASK, project, workspace, {**options, "rehearse": True}, os.environ) == ()
    assert candidates_for(TASK, project, workspace, {**options, "no_change": True}, os.environ) == ()


def test_what_is_exported_is_imported_into_quarantine_until_it_has_won_here(
    call: Call, orchestrate: Call, won: Callable[..., str], tmp_path: Path
) -> None:
    name = won(12)
    file, other = tmp_path / "counts.json", tmp_path / "other"
    assert call("compositions", "export", "-o", str(file)).code == 0
    assert str(tmp_path) not in file.read_text()
    other.mkdir()
    assert orchestrate("compositions", "import", str(file), "--target", str(other)).code == 0
    listed = orchestrate("compositions", "list", "--target", str(other)).out
    assert listed.startswith(f"{name}: security; 0 uses")
    assert "imported, in quarantine" in listed
    assert "others say: 12 successes" in orchestrate("compositions", "show", name, "--target", str(other)).out
    store = ConfigurationStore(other / ".orchestrator" / "compositions")
    assert store.search() == []
    kept = store.load(name)
    assert kept is not None
    for _ in range(3):
        kept.record_outcome(True, 90)
    store.save(kept)
    path = store.storage_dir / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "tags": ["mine"], "note": "x"}))
    assert [one.tags for one in store.list_all()] == [["mine"]]
    assert "'note' is no field" in store.problems[0]
    library = PatternLibrary()
    again = ConfigurationStore(store.storage_dir, library)
    assert again.search() == [], "no caller's word and no edit makes it one that has won here"
    assert len(library) == 0
    assert "proven on" not in orchestrate("plan", TASK, "--target", str(other)).out
    members = tuple(replace(one, version=VERSIONS[one.agent]) for one in SECURITY.members)
    store.log.append(as_record(replace(SECURITY, project=str(other), members=members)))
    assert [(one.id, one.usage_count) for one in store.search()] == [(name, 4)]


@pytest.mark.parametrize("content", ["", "{}", '{"compositions": [{"prompt": "x"}]}', "[1]"])
def test_a_foreign_file_that_is_none_is_refused_and_nothing_is_taken_in(
    call: Call, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "counts.json"
    file.write_text(content)
    for words in (("import", str(file)), ("import", str(tmp_path / "missing")), ("federate", str(file))):
        refused = call("compositions", *words)
        assert refused.code == 2, refused
    assert not OutcomeLog(state_folder(os.environ)).path.exists()


def test_counts_are_noised_and_summed_up_for_others(call: Call, won: Callable[..., str], tmp_path: Path) -> None:
    won(12)
    first, both = tmp_path / "first.json", tmp_path / "both.json"
    assert call("compositions", "federate", "--epsilon", "0.5", "-o", str(first)).code == 0
    assert call("compositions", "federate", str(first), "-o", str(both)).code == 0
    document = json.loads(both.read_text())
    assert (document["contributors"], document["epsilon"], len(document["compositions"])) == (2, 1.0, 16)
    exact = tmp_path / "exact.json"
    call("compositions", "export", "-o", str(exact))
    assert "not noised" in call("compositions", "federate", str(exact)).err


def test_the_store_is_made_anew_from_the_log_and_from_journals(
    call: Call, story: Story, project: Path, workspace: Path
) -> None:
    store = ConfigurationStore(project / ".orchestrator" / "compositions")
    path = store.save(AgentConfiguration("mine", "release", [{"role": "x"}], "parallel", {}))
    text = path.read_text()
    shutil.rmtree(store.storage_dir)
    with store.log.path.open("a") as file:
        file.write("no line of ours\n")
    rebuilt = call("compositions", "rebuild")
    assert rebuilt.code == 1
    assert "line 2" in rebuilt.out
    assert path.read_text() == text
    story.write()
    derived = call("compositions", "rebuild", "--from-journals", "--json", "--workspace", str(workspace))
    assert json.loads(derived.out)["journals"]["running"] == [story.folder.id]


def test_sessions_without_a_journal_here_are_named_and_stay(
    call: Call, won: Callable[..., str], workspace: Path
) -> None:
    name = won(25)
    shown = call("compositions", "rebuild", "--from-journals", "--workspace", str(workspace)).out
    assert "25 sessions of the log without a journal in this workspace, which stay as they are: 20261121-" in shown
    assert shown.count("20261121-175811-00") == 20
    assert f"{name}: security; 25 uses" in call("compositions").out


def test_an_edit_that_is_refused_is_said(call: Call, project: Path) -> None:
    path = ConfigurationStore(project / ".orchestrator" / "compositions").save(
        AgentConfiguration(
            "mine", "release", [{"role": "x"}], "parallel", {}, created_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
    )
    path.write_text(path.read_text().replace('"usage_count": 0', '"usage_count": 99'))
    shown = call("compositions")
    assert "usage_count is 0 by what was recorded, not 99" in shown.err
    assert '"usage_count": 0' in path.read_text()


def test_a_score_of_failed_sessions_is_low(won: Callable[..., str], call: Call) -> None:
    won(0, lost=3)
    assert f"0%, score {outcome(FAILED).quality_score:.0f}" in call("compositions").out
