from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.composition.team_choice import Team, TeamChoice
from orchestrator.coordinator.session_request import RehearsalRequest, RunRequest
from orchestrator.coordinator.task_criticality import Stake
from orchestrator.coordinator.tuned_options import tell_tuning, tuned, values_in, with_assignment, with_least_tier
from orchestrator.errors import UsageError
from orchestrator.models.options import TuningAssignment
from orchestrator.settings.settings_files import change_setting, user_file
from orchestrator.store.tuning_log import TuningLog
from orchestrator.tuning.parameters import BASELINE, Value
from orchestrator.tuning.proposals import Standing, proposals
from orchestrator.tuning.tuner import LEAST_HISTORY, settings_digest
from orchestrator.tuning.tuning_events import Assigned, Claimed, Proposed, Redecided, Resulted, SessionResult, Switched
from tests.coordinator.test_spending_limits import REQUEST
from tests.store.conftest import PASSED, closed
from tests.store.test_recorder import kept

AUTO = TeamChoice(Team.CHANGE, "it asks for a change", by_name=False)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def log(tmp_path: Path) -> TuningLog:
    return TuningLog(tmp_path / "state/orchestrate")


@pytest.fixture
def request_() -> RunRequest:
    return replace(REQUEST, rehearsal=None, chosen_team=AUTO, limits={})


def opened(request: RunRequest, environ: dict[str, str], name: str = "s", **folder: Any) -> Any:
    folder.setdefault("folder", Path("/nowhere") / name)
    return tuned(request, environ, session=name, **folder)


def switched_on(log: TuningLog, *events: Any) -> None:
    log.act(lambda tuning: [Switched("on", "person", "seed"), *events])


def test_where_it_was_never_switched_on_nothing_is_read_or_written(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    assert opened(request_, environ) == (request_, None, "")
    assert not log.folder.exists()


def test_a_session_gets_what_is_in_force_and_its_journal_says_so(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log, Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, ""))
    request, assignment, said = opened(request_, environ)
    assert request.limits["max_restarts"] == 4
    assert "team" not in request.limits
    assert assignment == TuningAssignment("", "", 0, {**BASELINE, "max_restarts": 4}, settings_digest())
    assert said == ""
    assert any(isinstance(one, Assigned) and one.session == "s" for one in log.events())


def test_what_the_user_says_by_hand_stands(request_: RunRequest, environ: dict[str, str], log: TuningLog) -> None:
    switched_on(log, Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, ""))
    request, assignment, _ = opened(replace(request_, limits={"max_restarts": 1}), environ)
    assert request.limits["max_restarts"] == 1
    assert assignment.values["max_restarts"] == 1


def test_a_solo_team_is_taken_where_nobody_has_chosen_another(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log, Claimed("trial-1", "team", "change", "solo", 60.0, 52.0, 60, ""))
    request, _, _ = opened(request_, environ)
    assert request.chosen_team is not None
    assert request.chosen_team.team is Team.SOLO
    assert "orchestrate tune" in request.chosen_team.because
    by_name = replace(request_, chosen_team=replace(AUTO, by_name=True))
    assert opened(by_name, environ, "t")[0].chosen_team == by_name.chosen_team


def test_rehearsals_and_answers_take_part_in_nothing(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log)
    before = log.path.read_bytes()
    for other in (replace(request_, rehearsal=RehearsalRequest()), replace(request_, no_change=True)):
        assert opened(other, environ)[1] is None
    assert log.path.read_bytes() == before


def test_switched_off_or_damaged_a_session_opens_with_the_defaults(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log, Switched("off", "person"))
    before = log.path.read_bytes()
    assert opened(request_, environ) == (request_, None, "")
    assert log.path.read_bytes() == before
    log.act(lambda tuning: [Switched("on", "person")])
    with log.path.open("ab") as file:
        file.write(b"{}\n")
    request, assignment, said = opened(request_, environ)
    assert (request, assignment) == (request_, None)
    assert "nothing is tuned" in said


def test_with_enough_known_sessions_are_tried_in_pairs(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log)
    for number in range(LEAST_HISTORY):
        name = f"h{number}"
        result = SessionResult(name, True, 1.0, 1.0, 2.0, 2.0, 0.3)
        switched_on(log, Assigned(name, dict(BASELINE)), Resulted(result))
    arms = [opened(request_, environ, name)[1].arm for name in ("one", "two")]
    assert sorted(arms) == ["candidate", "incumbent"]
    assert sum(isinstance(one, Proposed) for one in log.events()) == 2, "each session may begin one step more"


def test_what_journals_say_of_a_step_is_on_record_before_it_begins(
    tmp_path: Path, request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log)
    folder = kept(tmp_path / "workspace", 0x7F3A, closed(PASSED))
    for number in range(LEAST_HISTORY):
        name = f"h{number}"
        switched_on(log, Assigned(name, dict(BASELINE)), Resulted(SessionResult(name, True, 1.0, 1.0, 2.0, 2.0, 0.3)))
    assert opened(request_, environ, "one", folder=folder.path.parent / "one")[1].arm
    first, begins = [one for one in log.events() if isinstance(one, Redecided | Proposed)]
    assert isinstance(first, Redecided)
    assert isinstance(begins, Proposed)
    assert (first.parameter, first.after) == (begins.parameter, begins.after)
    assert [name for name, _ in first.journals] == [folder.id]
    assert first.workspace == str(tmp_path / "workspace")


def test_what_came_of_it_is_told_once_and_later_where_nobody_told(
    tmp_path: Path, request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log)
    played = closed(PASSED)
    folder = kept(tmp_path, 0x7F3A, played)
    opened(request_, environ, folder.id, folder=folder.path)
    opened(request_, environ, "next")
    results = [one.result.session for one in log.events() if isinstance(one, Resulted)]
    assert results == [folder.id], "its coordinator was killed before it could tell"
    session = played.session
    session.options = replace(session.options, session_dir=folder.path, tuning=TuningAssignment("", "", 0, {}))
    assert tell_tuning(session, environ) is None
    assert len([one for one in log.events() if isinstance(one, Resulted)]) == 1
    session.options = replace(session.options, session_dir=tmp_path / "gone")
    assert "later" in (tell_tuning(session, environ) or "")
    session.options = replace(session.options, tuning=None)
    assert tell_tuning(session, environ) is None


def test_where_much_is_at_stake_no_review_is_spared_and_none_is_tried(
    request_: RunRequest, environ: dict[str, str], log: TuningLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    spared = Claimed("trial-1", "consensus_frequency", "every_change", "timeboxed", 60.0, 52.0, 60, "")
    switched_on(log, spared)
    assert opened(request_, environ)[1].values["consensus_frequency"] == "timeboxed"
    held = opened(request_, environ, "t", criticality="critical")
    assert held[1].values["consensus_frequency"] == "every_change"
    assert (held[0].limits["silence_s"], held[0].limits["gate_margin"]) == (300, 10)
    with pytest.raises(UsageError, match="one of low, normal, high, critical"):
        change_setting(user_file(), "tuning.criticality", "huge")


def test_what_is_at_stake_holds_without_tuning_and_what_is_said_by_hand_stands(
    request_: RunRequest, environ: dict[str, str]
) -> None:
    by_hand = replace(request_, limits={"silence_s": 1200})
    request, assignment, _ = opened(by_hand, environ, criticality="high")
    assert assignment is None
    assert (request.limits["silence_s"], request.limits["gate_margin"]) == (1200, 5)
    before = replace(closed(PASSED).session.options, **request.limits)
    options = with_assignment(before, None, by_hand, Stake("high", "as asked"))
    assert options.criticality == "high"
    assert options.criticality_because.startswith("as asked: timebox_s 600 s, failed_tool_share 0.6, "), "no silence_s"
    assert [one.threshold for one in options.escalations] == [0.6, 1_000_000, 1]
    low = with_assignment(options, None, request_, Stake("low", "x"))
    assert low.consensus_frequency == "timeboxed"


def test_conditions_that_somebody_states_keep_their_thresholds(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    stated = replace(request_, policy=replace(request_.policy, escalation=("antipatterns > 5: stop",)))
    before = closed(PASSED).session.options
    assert [one.threshold for one in with_assignment(before, None, stated, Stake("critical", "x")).escalations] == [5.0]


def test_agents_of_a_plan_get_at_least_the_tier_that_is_in_force() -> None:
    tiers = {"tier_models": {"CHEAP": {"claude": "a"}, "CAPABLE": {"claude": "b"}, "PREMIUM": {"claude": "c"}}}
    assert with_least_tier(tiers, {}) == tiers
    assert with_least_tier(tiers, {"least_tier": "CAPABLE"})["tier_models"] == {
        "CHEAP": {"claude": "b"},
        "CAPABLE": {"claude": "b"},
        "PREMIUM": {"claude": "c"},
    }


def test_where_the_search_is_not_installed_rules_go_on_and_that_is_said(
    request_: RunRequest, environ: dict[str, str], log: TuningLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setitem(sys.modules, "optuna", None)
    switched_on(log)
    for number in range(LEAST_HISTORY):
        name = f"h{number}"
        switched_on(log, Assigned(name, dict(BASELINE)), Resulted(SessionResult(name, True, 1.0, 1.0, 2.0, 2.0, 0.3)))
    change_setting(user_file(), "tuning.search", "optuna")
    _, assignment, said = opened(request_, environ)
    assert assignment.arm
    assert "Optuna is not installed" in said
    assert "orchestrate-agents[search]" in said
    change_setting(user_file(), "tuning.search", "rules")
    assert opened(request_, environ, "t")[2] == ""
    with pytest.raises(UsageError, match="one of rules, optuna"):
        change_setting(user_file(), "tuning.search", "grid")


def test_what_settings_hold_stands_above_tuning_and_below_what_is_at_stake_and_what_is_said_for_the_task(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log, Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, ""))
    stated: dict[str, Value] = {"max_restarts": 2, "silence_s": 1200, "consensus_frequency": "timeboxed"}
    request, assignment, _ = opened(request_, environ, stated=stated)
    assert (request.limits["max_restarts"], request.limits["silence_s"]) == (2, 1200)
    assert assignment.values["consensus_frequency"] == "timeboxed"
    bounded, _, _ = opened(request_, environ, "t", stated=stated, criticality="high")
    assert (bounded.limits["max_restarts"], bounded.limits["silence_s"]) == (2, 600)
    by_hand = replace(request_, limits={"silence_s": 1234}, parameters={"max_restarts": 5, "least_tier": "PREMIUM"})
    asked, assignment, _ = opened(by_hand, environ, "u", stated=stated, criticality="high")
    assert (asked.limits["max_restarts"], asked.limits["silence_s"]) == (5, 1234)
    assert assignment.values["least_tier"] == "PREMIUM"
    before = replace(closed(PASSED).session.options, **asked.limits)
    said = with_assignment(before, assignment, by_hand, Stake("high", "as asked"), stated).criticality_because
    assert "silence_s" not in said, "tuned or not, what is said by hand does not come of what is at stake"


def test_what_people_say_holds_without_tuning(request_: RunRequest, environ: dict[str, str]) -> None:
    by_hand = replace(request_, parameters={"max_relaunches": 1, "consensus_frequency": "threshold"})
    stated: dict[str, Value] = {"max_relaunches": 4, "timebox_s": 300, "least_tier": "CAPABLE"}
    request, assignment, _ = opened(by_hand, environ, stated=stated)
    assert assignment is None
    assert (request.limits["max_relaunches"], request.limits["timebox_s"]) == (1, 300)
    options = with_assignment(closed(PASSED).session.options, None, by_hand, Stake(), stated)
    assert options.consensus_frequency == "threshold"
    assert values_in(None, by_hand, Stake(), stated)["least_tier"] == "CAPABLE"


def test_settings_take_a_session_out_of_trials_of_that_parameter_alone(
    request_: RunRequest, environ: dict[str, str], log: TuningLog
) -> None:
    switched_on(log)
    for number in range(LEAST_HISTORY):
        name = f"h{number}"
        switched_on(log, Assigned(name, dict(BASELINE)), Resulted(SessionResult(name, True, 1.0, 1.0, 2.0, 2.0, 0.3)))
    names = {one.parameter for one in proposals(Standing(1, 1, 1, 2, 2, 0.3), BASELINE, (), {})}
    first = next(iter(proposals(Standing(1, 1, 1, 2, 2, 0.3), BASELINE, (), {}))).parameter
    for number in range(8):
        opened(request_, environ, f"s{number}", stated={first: BASELINE[first]})
    begun = {one.parameter for one in log.events() if isinstance(one, Proposed)}
    assert begun
    assert begun <= names - {first}
