from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from orchestrator.cli import build_request as build_request_module
from orchestrator.cli import foreground, run, run_reports, session_run
from orchestrator.cli.build_request import (
    allowed_agents,
    build_request,
    environment_with_log_level,
    find_policy,
    find_sandbox,
    models_by_agent,
    rehearsal_request,
    sandbox_of,
    target_path,
    with_limits,
)
from orchestrator.cli.gate_reports import WRITERS
from orchestrator.coordinator.session_request import RunRequest
from orchestrator.coordinator.session_start import AS_REQUESTED
from orchestrator.errors import UsageError
from orchestrator.models.options import SessionOptions


def test_all_agents_is_not_the_same_as_a_list_of_all() -> None:
    assert allowed_agents(None, None) is None
    assert allowed_agents(("codex", "claude"), None) == ("codex", "claude")
    assert "gemini" not in (allowed_agents(None, ("gemini",)) or ())
    assert allowed_agents(("codex", "claude"), ("claude",)) == ("codex",)


def test_a_model_may_hold_an_equals_sign() -> None:
    assert models_by_agent(("claude=a=b", "codex=x")) == {"claude": "a=b", "codex": "x"}


def test_a_model_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        models_by_agent(("claude=a", "claude=b"))


def test_a_policy_is_found_by_name_or_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\n[[rule]]\nwhen = "always"\nthen = "continue"\n')

    assert find_policy("cautious").name == "cautious"
    assert find_policy(str(file)).name == "mine"


def test_open_is_no_sandbox() -> None:
    assert find_sandbox("open").backend == "none"
    assert find_sandbox("default").backend != "none"


def test_limits_of_a_run_replace_those_of_the_policy() -> None:
    config = with_limits(find_sandbox("default"), (("cpu_percent", 80.0), ("memory_mib", 512), ("cpu_percent", 90.0)))

    assert (config.limits.cpu_percent, config.limits.memory_mib) == (90.0, 512)
    assert config.limits.runtime_s == find_sandbox("default").limits.runtime_s
    assert with_limits(config, ()) is config


def test_the_policys_network_can_be_said_otherwise_for_one_run() -> None:
    given = {"sandbox": "default", "approvals": (), "worker_limits": (("memory_mib", 512),), "network": None}
    config = sandbox_of({**given, "allowed_hosts": ("git.example.org",)})
    assert (config.network, config.limits.memory_mib) == ("allow-list", 512)
    assert config.allowed_hosts[-1] == "git.example.org"
    assert sandbox_of({**given, "network": "open", "allowed_hosts": ()}).network == "open"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, None, id="a real run"),
        pytest.param({"rehearse": True}, (None, False), id="the default scenario"),
        pytest.param({"stand_ins": True}, (None, True), id="stand-ins mean a rehearsal"),
        pytest.param({"scenario": "plain"}, ("plain.toml", False), id="a scenario means a rehearsal"),
    ],
)
def test_what_is_rehearsed_follows_from_the_options(
    given: dict[str, object], expected: tuple[str | None, bool] | None
) -> None:
    request = rehearsal_request({"rehearse": False, "scenario": None, "stand_ins": False, "installed": False, **given})

    found = request and (request.scenario.name if request.scenario else None, request.stand_ins)
    assert found == expected


def test_verbose_goes_before_the_environments_log_level() -> None:
    environ = {"ORCHESTRATOR_LOG_LEVEL": "error"}

    assert environment_with_log_level(environ, verbose=False)["ORCHESTRATOR_LOG_LEVEL"] == "ERROR"
    assert environment_with_log_level(environ, verbose=True)["ORCHESTRATOR_LOG_LEVEL"] == "DEBUG"
    assert environment_with_log_level({}, verbose=False)["ORCHESTRATOR_LOG_LEVEL"] == "INFO"


def test_the_target_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert target_path(Path()) == tmp_path.resolve()


def given(*words: str) -> dict[str, Any]:
    """The options of ``orchestrate run`` as click reads them."""
    context = run.command.make_context("run", ["a task", *words])
    return {name: value for name, value in context.params.items() if name not in ("task", "task_file")}


def test_an_option_without_a_check_of_its_own_reaches_the_session_by_its_name(tmp_path: Path) -> None:
    words = ("--target", str(tmp_path), "--timeout", "1h", "--max-cost", "2", "--silence", "20m", "--min-free", "1G")
    request = build_request("a task", given(*words, "--share-target", "--yes-whole-home", "--no-interactive"))
    assert (request.timeout_s, request.max_cost_usd) == (3600.0, 2.0)
    assert (request.share_target, request.whole_home, request.isolated) == (True, True, False)
    assert request.limits == {"silence_s": 1200.0, "least_free_bytes": 1024**3}


def test_every_option_of_a_run_is_taken_by_somebody() -> None:
    known = {each.name for each in (*fields(RunRequest), *fields(SessionOptions))}
    sources = "".join(
        inspect.getsource(module) for module in (build_request_module, session_run, foreground, run_reports)
    )
    read = set(re.findall(r'options(?:\[|\.get\()"(\w+)"', sources))
    written = {*WRITERS, "artifacts"}  # read together, by their names
    assert given().keys() - known - read - written == set()


def test_an_option_is_of_one_kind_in_the_request_and_in_the_session() -> None:
    asked, resolved = get_type_hints(RunRequest), get_type_hints(SessionOptions)
    assert {name: asked[name] for name in AS_REQUESTED} == {name: resolved[name] for name in AS_REQUESTED}
