from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.coordinator.session_request import RunRequest
from orchestrator.coordinator.spending_limits import limited, outcomes_of, within_limits
from orchestrator.errors import BudgetSpent, ExitCode
from orchestrator.models.effects import Outcome
from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.review_engine.decision_policies import POLICIES
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.settings.settings_files import Settings
from orchestrator.settings.user_places import state_folder
from orchestrator.store.log_records import SessionEnded
from orchestrator.store.outcome_log import OutcomeLog

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
REQUEST = RunRequest(
    task="Fix it",
    target=Path("/shop"),
    workspace=Path("/w"),
    policy=POLICIES["standard"],
    sandbox=load_sandbox_policy("default"),
    templates={},
)


def outcome(name: str, **changed: Any) -> RecordedOutcome:
    base: dict[str, Any] = {
        **{"session": SessionId(name), "project": "/shop", "pattern": "general", "team": "change", "tier": 1},
        **{"members": (), "ended": Outcome.DONE, "result": "unknown", "because": "", "entries": 1},
        **{"opened_at": NOON, "closed_at": NOON, "tokens": 1000, "cost_usd": 1.5},
    }
    return RecordedOutcome(**(base | changed))


def settings(origin: str = "user", **budget: float) -> Settings:
    return Settings({("budget", name): (value, origin) for name, value in budget.items()})


def allowed(request: RunRequest, environ: Mapping[str, str]) -> float | None:
    with within_limits(request, environ, NOON) as limited_:
        return limited_.max_cost_usd


def test_a_session_gets_what_the_others_left_and_no_more_than_it_asked_for() -> None:
    before = [outcome("a"), outcome("b", cost_usd=None, tokens=None)]
    left = limited(REQUEST, settings(per_day=5, per_day_tokens=10_000), before, NOON)
    assert (left.max_cost_usd, left.max_tokens) == (3.5, 9_000)
    modest = replace(REQUEST, max_cost_usd=1.0, max_tokens=10)
    kept = limited(modest, settings(per_day=5, per_day_tokens=10_000), before, NOON)
    assert (kept.max_cost_usd, kept.max_tokens) == (1.0, 10)
    assert limited(REQUEST, settings(), before, NOON) is REQUEST


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"per_day": 3.0}, "the budget of $3.00 a day is spent: $3.00 by 2 sessions"),
        ({"per_month": 2}, "the budget of $2.00 a month is spent"),
        ({"per_day_tokens": 1500}, "the budget of 1,500 tokens a day is spent: 2,000 tokens by 2 sessions"),
        ({"per_month_tokens": 2000}, "2,000 tokens a month is spent"),
    ],
)
def test_when_all_is_spent_a_person_is_needed(budget: dict[str, Any], said: str) -> None:
    with pytest.raises(BudgetSpent) as refused:
        limited(REQUEST, settings(**budget), [outcome("a"), outcome("b")], NOON)
    assert said in refused.value.message
    assert refused.value.exit_code is ExitCode.NEEDS_PERSON
    assert refused.value.setting == f"budget.{next(iter(budget))}"


def test_another_day_another_month_and_for_a_project_another_project_do_not_count() -> None:
    others = [outcome("a", opened_at=NOON - timedelta(days=3)), outcome("b", opened_at=NOON - timedelta(days=40))]
    assert limited(REQUEST, settings(per_day=1), others, NOON).max_cost_usd == 1
    assert limited(REQUEST, settings(per_month=2), others, NOON).max_cost_usd == 0.5
    elsewhere = [outcome("a", project="/other")]
    assert limited(REQUEST, settings("project", per_day=2), elsewhere, NOON).max_cost_usd == 2
    assert limited(REQUEST, settings("user", per_day=2), elsewhere, NOON).max_cost_usd == 0.5


def test_the_log_is_read_and_rehearsals_and_repeated_lines_count_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    environ = {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    log = OutcomeLog(state_folder(environ))
    found = (outcome("a"), outcome("a", cost_usd=2.0), outcome("r", rehearsal=True))
    log.append(*(SessionEnded("s", "c", each) for each in found))
    assert [each.cost_usd for each in outcomes_of(log)] == [2.0]

    request = replace(REQUEST, target=tmp_path)
    with within_limits(request, environ, NOON) as same:
        assert same is request
    file = tmp_path / "config" / "orchestrate" / "settings.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[budget]\nper_day = 5\n")
    assert allowed(request, environ) == 3.0
    file.write_text("[budget]\nper_day = 1\n")
    with pytest.raises(BudgetSpent):
        allowed(request, environ)


def test_a_projects_lower_limit_stands_beside_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    project = tmp_path / "shop"
    for file, figure in (("config/orchestrate/settings.toml", 5), ("shop/.orchestrator/settings.toml", 4)):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(f"[budget]\nper_day = {figure}\n")
    environ = {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    log = OutcomeLog(state_folder(environ))
    request = replace(REQUEST, target=project, trust_project=True)
    assert allowed(request, environ) == 4
    log.append(SessionEnded("s", "c", outcome("a", project="/elsewhere", cost_usd=4.5)))
    assert allowed(request, environ) == 0.5
    log.append(SessionEnded("s", "c", outcome("b", project="/elsewhere", cost_usd=0.5)))
    with pytest.raises(BudgetSpent):
        allowed(request, environ)


def test_what_a_running_session_may_still_take_is_given_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    environ = {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    (tmp_path / "config" / "orchestrate").mkdir(parents=True)
    (tmp_path / "config" / "orchestrate" / "settings.toml").write_text("[budget]\nper_day = 5\n")
    request = replace(REQUEST, target=tmp_path)
    with within_limits(replace(request, max_cost_usd=3.0), environ, NOON) as first:
        assert first.max_cost_usd == 3.0
        with within_limits(request, environ, NOON) as second:
            assert second.max_cost_usd == 2.0
            with pytest.raises(BudgetSpent, match=r"\$0\.00 by 0 sessions, and \$5\.00 are held by 2 that run"):
                allowed(request, environ)
    assert allowed(request, environ) == 5.0, "who has ended holds nothing"


def test_what_a_resumed_session_took_counts_on_the_day_on_which_it_did(tmp_path: Path) -> None:
    log = OutcomeLog(state_folder({"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}))
    yesterday = NOON - timedelta(days=1)
    first = outcome("a", opened_at=yesterday, closed_at=yesterday, cost_usd=1.0, tokens=100)
    again = outcome("a", opened_at=yesterday, closed_at=NOON, cost_usd=4.0, tokens=700)
    log.append(*(SessionEnded("s", "c", each) for each in (first, again, again)))
    assert [(one.opened_at, one.cost_usd, one.tokens) for one in outcomes_of(log)] == [
        (yesterday, 1.0, 100),
        (NOON, 3.0, 600),
    ]
    assert limited(REQUEST, settings(per_day=5), outcomes_of(log), NOON).max_cost_usd == 2.0
