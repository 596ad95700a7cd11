from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.registry import get_agent
from orchestrator.models.events import (
    AgentEvent,
    Denied,
    Failed,
    FailureKind,
    Payload,
    Said,
    ToolReturned,
    Unrecognised,
)
from orchestrator.models.identity import AgentName
from orchestrator.models.recovery import Escalate, GiveUp, Ignore, RecoveryRule, Relaunch, Remedy, Wait
from orchestrator.models.work import Assignment
from orchestrator.recovery.cures import (
    ANY_AGENT,
    Plan,
    absolute,
    folder_to_grant,
    plan_recovery,
    signature_of,
    widened,
)

NEVER = re.compile(r"never seen")
FLAG = RecoveryRule("flag-missing", re.compile("needs --flag"), Relaunch(flags=("--flag",)), "a flag is missing")
FOLDER = RecoveryRule(
    "outside", re.compile(r"(?P<path>/\S+) is outside"), Relaunch(flags=("--folder",), with_path=True), "it is outside"
)
ROOTS = (Path("/project"), Path("/docs"), Path("/data"), Path("/session/scratch/claude"))
Make = Callable[[Payload], AgentEvent]


def plan(event: AgentEvent, assignment: Assignment, rules: Sequence[RecoveryRule], **changed: Any) -> Plan | None:
    given: dict[str, Any] = {"tried": (), "allowed_roots": ROOTS, "attempts": 0, "max_attempts": 3, **changed}
    return plan_recovery(event, rules, assignment=assignment, **given)


def remedy_of(found: Plan | None) -> Remedy:
    assert found is not None
    return found.remedy


@pytest.mark.parametrize(
    ("agent", "payload", "without", "remedy"),
    [
        pytest.param(
            "gemini",
            Denied(
                'Path not in workspace: Attempted path "/project/a.py" resolves outside the allowed workspace '
                "directories: /elsewhere or the project temp directory: /tmp/g"
            ),
            ("--include-directories",),
            Relaunch(flags=("--include-directories",), with_path=True),
            id="1: gemini was given too few folders",
        ),
        pytest.param(
            "gemini",
            Denied("Path must be within one of the workspace directories: /project"),
            ("--include-directories",),
            Relaunch(flags=("--include-directories",), with_path=True),
            id="1: in the words of the spec",
        ),
        pytest.param(
            "codex",
            Unrecognised(
                "Not inside a trusted directory and --skip-git-repo-check was not specified.", stream="stderr"
            ),
            ("--skip-git-repo-check",),
            Relaunch(flags=("--skip-git-repo-check",)),
            id="2: codex does not trust the directory",
        ),
        pytest.param(
            "claude",
            Failed(
                "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons",
                FailureKind.CONFIGURATION,
                final=True,
            ),
            ("IS_SANDBOX",),
            Relaunch(env={"IS_SANDBOX": "1"}),
            id="claude refuses to run as root",
        ),
    ],
)
def test_the_errors_of_the_spec_are_relaunched_with_the_flag_that_was_missing(
    agent: str, payload: Payload, without: tuple[str, ...], remedy: Remedy, assignment: Assignment, event: Make
) -> None:
    adapter = get_agent(AgentName(agent))
    left_out = replace(assignment, without_flags=without)
    assert remedy_of(plan(event(payload), left_out, (*adapter.recovery_rules, *ANY_AGENT))) == remedy


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(Denied("bash: /data/x: Permission denied", path="/data/x"), id="a denial"),
        pytest.param(Failed("open /data/x: Permission denied", final=True), id="a failure of the CLI"),
        pytest.param(Failed("EACCES: cannot open", FailureKind.CONFIGURATION), id="in Node's words"),
    ],
)
def test_any_other_permission_error_asks_a_person_with_suggestions(
    payload: Payload, assignment: Assignment, event: Make
) -> None:
    found = plan(event(payload), assignment, ANY_AGENT)
    assert isinstance(remedy_of(found), Escalate)
    assert found is not None
    assert len(found.suggestions) >= 2
    assert found.rule == "permission-denied"


def test_suggestions_name_the_path(assignment: Assignment, event: Make) -> None:
    found = plan(event(Denied("Permission denied", path="/data/x")), assignment, ANY_AGENT)
    assert found is not None
    assert "ls -ld /data/x" in found.suggestions[0]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(Failed("Permission denied", FailureKind.TOOL), id="a tool call that failed"),
        pytest.param(ToolReturned("1", ok=False, text="Permission denied"), id="a tool's output"),
        pytest.param(Said("Permission denied"), id="the agent's own words"),
        pytest.param(Unrecognised("Permission denied", stream="stdout"), id="an unknown record"),
        pytest.param(Unrecognised("Permission denied", stream="stderr"), id="any line on stderr"),
        pytest.param(Failed("usage limit", FailureKind.USAGE_LIMIT), id="a request the CLI tries again"),
    ],
)
def test_what_the_agent_deals_with_by_itself_is_left_to_it(
    payload: Payload, assignment: Assignment, event: Make
) -> None:
    assert plan(event(payload), assignment, ANY_AGENT) is None


def test_an_agents_own_rule_also_reads_tool_failures_and_stderr(assignment: Assignment, event: Make) -> None:
    for payload in (Failed("needs --flag", FailureKind.TOOL), Unrecognised("needs --flag", stream="stderr")):
        assert remedy_of(plan(event(payload), assignment, (FLAG,))) == FLAG.remedy


def test_the_first_rule_that_fits_wins(assignment: Assignment, event: Make) -> None:
    other = replace(FLAG, name="later", remedy=Ignore())
    found = plan(event(Denied("needs --flag")), assignment, (replace(FLAG, pattern=NEVER), FLAG, other))
    assert found is not None
    assert found.rule == "flag-missing"


def test_a_rule_with_a_reason_or_kind_needs_it(assignment: Assignment, event: Make) -> None:
    by_reason = replace(FLAG, reason="mode")
    by_kind = replace(FLAG, failure=FailureKind.BILLING)
    assert plan(event(Denied("needs --flag", reason="mode")), assignment, (by_reason,)) is not None
    assert plan(event(Denied("needs --flag", reason="other")), assignment, (by_reason,)) is None
    assert plan(event(Failed("needs --flag", FailureKind.BILLING)), assignment, (by_kind,)) is not None
    assert plan(event(Failed("needs --flag", FailureKind.NETWORK)), assignment, (by_kind,)) is None
    assert plan(event(Denied("needs --flag")), assignment, (by_kind,)) is None


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        pytest.param(FailureKind.USAGE_LIMIT, Wait(), id="a usage limit is waited for"),
        pytest.param(FailureKind.OVERLOADED, Wait(), id="an overloaded provider is waited for"),
        pytest.param(FailureKind.NETWORK, Wait(), id="a lost network is waited for"),
        pytest.param(FailureKind.CONTEXT_FULL, Relaunch(fresh=True), id="a full context begins a new conversation"),
    ],
)
def test_failures_of_every_agent_have_a_remedy(
    kind: FailureKind, remedy: Remedy, assignment: Assignment, event: Make
) -> None:
    assert remedy_of(plan(event(Failed("no", kind, final=True)), assignment, ANY_AGENT)) == remedy


@pytest.mark.parametrize("kind", [FailureKind.AUTHENTICATION, FailureKind.BILLING])
def test_a_refused_login_is_never_tried_again(kind: FailureKind, assignment: Assignment, event: Make) -> None:
    assert isinstance(remedy_of(plan(event(Failed("no", kind, final=True)), assignment, ANY_AGENT)), GiveUp)


def test_a_wait_lasts_until_the_time_the_cli_named(assignment: Assignment, event: Make) -> None:
    until = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    limited = event(Failed("limit", FailureKind.USAGE_LIMIT, resets_at=until, final=True))
    assert remedy_of(plan(limited, assignment, ANY_AGENT)) == Wait(until)
    assert remedy_of(plan(limited, assignment, ANY_AGENT, tried={"usage-limit"})) == Wait(until)


def test_the_same_rule_and_path_a_second_time_asks_a_person(assignment: Assignment, event: Make) -> None:
    denied = event(Denied("/data/a/x is outside"))
    first = plan(denied, assignment, (FOLDER,))
    assert remedy_of(first) == FOLDER.remedy
    assert first is not None
    again = plan(denied, assignment, (FOLDER,), tried={first.signature})
    assert isinstance(remedy_of(again), Escalate)
    assert again is not None
    assert "came again" in again.because
    other = plan(event(Denied("/data/b/y is outside")), assignment, (FOLDER,), tried={first.signature})
    assert remedy_of(other) == FOLDER.remedy


def test_after_the_most_relaunches_a_person_is_asked(assignment: Assignment, event: Make) -> None:
    denied = event(Denied("needs --flag"))
    assert remedy_of(plan(denied, assignment, (FLAG,), attempts=2)) == FLAG.remedy
    found = plan(denied, assignment, (FLAG,), attempts=3)
    assert isinstance(remedy_of(found), Escalate)
    assert found is not None
    assert "3 is the most" in found.because


def test_what_needs_no_relaunch_is_not_bounded(assignment: Assignment, event: Make) -> None:
    harmless = replace(FLAG, remedy=Ignore())
    assert remedy_of(plan(event(Denied("needs --flag")), assignment, (harmless,), attempts=9)) == Ignore()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/etc/passwd", id="somewhere else"),
        pytest.param("/data/../etc/passwd", id="by a detour"),
        pytest.param("/database/x", id="a folder whose name begins alike"),
    ],
)
def test_a_path_outside_the_policy_is_never_granted(path: str, assignment: Assignment, event: Make) -> None:
    found = plan(event(Denied(f"{path} is outside")), assignment, (FOLDER,))
    assert isinstance(remedy_of(found), Escalate)
    assert found is not None
    assert any("sandbox policy" in suggestion for suggestion in found.suggestions)


def test_a_path_the_worker_was_given_already_is_cured_by_no_folder(assignment: Assignment, event: Make) -> None:
    denied = event(Denied("/project/.env is outside"))
    assert isinstance(remedy_of(plan(denied, assignment, (FOLDER,))), Escalate)
    left_out = replace(assignment, without_flags=("--folder",))
    assert remedy_of(plan(denied, left_out, (FOLDER,))) == FOLDER.remedy
    mode = replace(FOLDER, remedy=Relaunch(flags=("--mode=edit",), with_path=True))
    assert remedy_of(plan(denied, assignment, (mode,))) == mode.remedy


def test_the_path_is_taken_from_the_event_where_the_text_names_none(assignment: Assignment, event: Make) -> None:
    found = plan(event(Denied("needs --flag", path="sub/../x.py")), assignment, (FLAG,))
    assert found is not None
    assert (found.path, found.signature) == ("/project/x.py", "flag-missing:/project/x.py")


def test_without_a_path_a_folder_can_only_be_put_back(assignment: Assignment, event: Make) -> None:
    rule = replace(FOLDER, pattern=re.compile("outside"))
    assert isinstance(remedy_of(plan(event(Denied("outside")), assignment, (rule,))), Escalate)
    left_out = replace(assignment, without_flags=("--folder",))
    assert remedy_of(plan(event(Denied("outside")), left_out, (rule,))) == rule.remedy


def test_the_rules_of_every_agent_have_names_of_their_own() -> None:
    names = [rule.name for rule in ANY_AGENT]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("/srv/shop/a.txt", 'readable = ["/srv/shop"]', id="the folder it lies in"),
        pytest.param("/secret.txt", 'readable = ["/secret.txt"]', id="never the root for a file in it"),
        pytest.param("/srv/a.txt", 'readable = ["/srv/a.txt"]', id="nor a folder right under it"),
        pytest.param("/home/anna/.netrc", 'readable = ["/home/anna/.netrc"]', id="nor a whole home"),
        pytest.param("/etc/ssl/private/key", "no sandbox policy should grant", id="the machine's own is not for it"),
        pytest.param("/etc", "no sandbox policy should grant", id="nor its folder"),
    ],
)
def test_the_suggestion_names_the_narrowest_thing_that_would_do(
    path: str, words: str, assignment: Assignment, event: Make
) -> None:
    found = plan(event(Denied(f"{path} is outside")), assignment, (FOLDER,))
    assert found is not None
    assert words in found.suggestions[0]


def test_an_error_is_the_same_by_rule_and_path() -> None:
    assert signature_of(FOLDER, "/a") == "outside:/a"
    assert signature_of(FOLDER, None) == "outside"


def test_a_flag_that_was_left_out_is_put_back(assignment: Assignment) -> None:
    left_out = replace(assignment, without_flags=("--skip-git-repo-check", "--other"))
    after = widened(left_out, Relaunch(flags=("--skip-git-repo-check",)), path=None)
    assert after.without_flags == ("--other",)


@pytest.mark.parametrize(
    ("agent", "flag"),
    [("gemini", "--include-directories"), ("codex", "--skip-git-repo-check"), ("gemini", "--skip-trust")],
)
def test_the_command_line_is_then_the_one_with_nothing_left_out(agent: str, flag: str, assignment: Assignment) -> None:
    launch = get_agent(AgentName(agent)).launch
    left_out = replace(assignment, without_flags=(flag,))
    assert flag not in launch(left_out).argv
    assert launch(widened(left_out, Relaunch(flags=(flag,)), path=None)).argv == launch(assignment).argv


def test_a_variable_is_put_back_with_the_value_of_the_rule(assignment: Assignment) -> None:
    after = widened(replace(assignment, without_flags=("IS_SANDBOX",)), Relaunch(env={"IS_SANDBOX": "1"}), path=None)
    assert after.without_flags == ()
    assert after.extra_env == {"IS_SANDBOX": "1"}


def test_a_new_flag_is_added_once_with_its_value(assignment: Assignment) -> None:
    relaunch = Relaunch(flags=("--mode", "edit", "--verbose"))
    once = widened(assignment, relaunch, path=None)
    assert once.extra_flags == ("--mode", "edit", "--verbose")
    assert widened(once, relaunch, path=None) == once


def test_a_path_grants_its_folder_for_reading_only(assignment: Assignment) -> None:
    after = widened(assignment, Relaunch(with_path=True), path="/data/a/x.csv")
    assert after.readable == (*assignment.readable, Path("/data/a"))
    assert after.writable == assignment.writable


def test_a_path_in_a_granted_folder_grants_nothing_more(assignment: Assignment) -> None:
    for path in ("/docs/a/b.md", "/docs", "/project/a.py", "a.py"):
        assert widened(assignment, Relaunch(with_path=True), path=path) == assignment


def test_a_relaunch_without_the_path_grants_nothing(assignment: Assignment) -> None:
    assert widened(assignment, Relaunch(), path="/data/a/x.csv") == assignment


def test_a_fresh_start_forgets_the_conversation(assignment: Assignment) -> None:
    assert widened(assignment, Relaunch(fresh=True), path=None).resume is None


def test_paths_are_made_whole_without_looking_at_a_disk(assignment: Assignment) -> None:
    assert absolute("../x/./y", assignment) == Path("/x/y")
    assert folder_to_grant("/data/../data/a/x", assignment) == Path("/data/a")
