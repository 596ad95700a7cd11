from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.settings.keys import TUNING_AIMS
from orchestrator.store.parameter_search import first_step, pareto_front, searched, shares_of
from orchestrator.store.recorded_reviews import RecordedSession, recorded_session
from orchestrator.store.tuning_log import TuningLog
from orchestrator.store.tuning_views import decisions_of, explained, status_of
from orchestrator.tuning.expectations import AIMS
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.predictions import Expectation
from orchestrator.tuning.proposals import WEIGHTS
from orchestrator.tuning.tuner import SEARCH_EVERY, Tuning, apply, on_open, search_due
from orchestrator.tuning.tuning_events import Proposed, Searched, Switched, TuningEvent
from tests.store.test_recorded_reviews import played
from tests.store.test_recorded_sessions import due

ROOT = Path(__file__).resolve().parents[2]
KNOWN = [
    Expectation("max_restarts", 3, 4, {"velocity": 0.5, "risk": 0.2}, "trial-1"),
    Expectation("silence_s", 900, 1200, {"velocity": 0.1, "quality": -0.5}, "trial-2"),
]
FOUND = Searched(
    search="search-1",
    engine="optuna 5.0.0",
    seed=7,
    tries=200,
    weights=dict(WEIGHTS),
    known=(KNOWN[0],),
    front=3,
    best={**BASELINE, "max_restarts": 4},
    gains={"velocity": 0.5, "quality": 0.0, "cost": 0.0, "risk": 0.2},
    parameter="max_restarts",
    before=3,
    after=4,
)


def recorded() -> Sequence[RecordedSession]:
    """One session on record, of which fewer reviews would have spared two."""
    found = recorded_session(played().entries, digest="d")
    assert found is not None
    return [found]


@pytest.fixture
def without_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)


@pytest.mark.usefixtures("without_optuna")
def test_where_it_is_not_installed_the_extra_is_named() -> None:
    with pytest.raises(EnvironmentUnfit, match="Optuna is not installed") as caught:
        searched(due(), {}, recorded, fixed={}, without=())
    assert "orchestrate-agents[search]" in str(caught.value.hint)
    assert searched(Tuning(), {}, recorded, fixed={}, without=()) == (), "while it is off nobody asks"


def test_weights_are_shares_and_those_that_nobody_says_are_the_defaults() -> None:
    assert TUNING_AIMS == AIMS
    assert shares_of({}) == WEIGHTS
    assert shares_of({"velocity": 1.4}) == {"velocity": 0.7, "quality": 0.15, "cost": 0.05, "risk": 0.1}


def test_the_step_that_gains_most_comes_first_and_only_one_that_may_be_tried() -> None:
    best, tuning = {**BASELINE, "max_restarts": 5, "silence_s": 1200}, Tuning()
    assert first_step(best, tuning, KNOWN, WEIGHTS, without=()) == ("max_restarts", 4)
    assert first_step(best, tuning, KNOWN, WEIGHTS, without=("max_restarts",)) is None, "the other loses"
    tuning.barred["max_restarts", 4] = 10
    assert first_step(best, tuning, KNOWN, WEIGHTS, without=()) is None
    assert first_step(BASELINE, tuning, KNOWN, WEIGHTS, without=()) is None


def test_what_was_found_is_tried_next_and_judged_as_any_step() -> None:
    tuning = due()
    assert search_due(tuning)
    assert not search_due(tuning, fixed={"silence_s": 600})
    apply(tuning, FOUND)
    assert not search_due(tuning)
    begins = on_open(tuning, "next")[0]
    assert isinstance(begins, Proposed)
    assert (begins.parameter, begins.before, begins.after) == ("max_restarts", 3, 4)
    assert begins.because.startswith("search-1 (optuna 5.0.0, seed 7)")
    assert 0 < begins.alpha < 0.05
    apply(tuning, begins)
    following = on_open(tuning, "after it")[0]
    assert isinstance(following, Proposed)
    assert following.parameter == "consensus_frequency", "then rules speak again"
    tuning.begun += SEARCH_EVERY
    assert search_due(tuning)


def test_a_step_that_means_nothing_beside_what_is_in_force_is_not_tried_whoever_says_so() -> None:
    for frequency, tried in (("every_change", "consensus_frequency"), ("timeboxed", "timebox_s")):
        tuning = due()
        tuning.values["consensus_frequency"] = frequency
        apply(tuning, replace(FOUND, parameter="timebox_s", before=900, after=1800))
        begins = on_open(tuning, "next")[0]
        assert isinstance(begins, Proposed)
        assert begins.parameter == tried


def test_a_search_says_what_bars_its_step_no_more_than_any_other() -> None:
    tuning = due()
    tuning.barred["max_restarts", 4] = 10**6
    apply(tuning, FOUND)
    begins = on_open(tuning, "next")[0]
    assert isinstance(begins, Proposed)
    assert begins.parameter == "consensus_frequency"


@pytest.mark.usefixtures("without_optuna")
def test_a_search_is_shown_and_explained_where_it_cannot_be_made_again(tmp_path: Path) -> None:
    log = TuningLog(tmp_path)
    log.act(lambda _: [Switched("on", "test", "seed"), FOUND])
    (decision,) = [one for one in decisions_of(log.read()) if one.kind == "searched"]
    assert "max_restarts 3 → 4 is next" in decision.words
    assert decision.words in status_of(log.tuning()).lines
    told = explained(log.events(), "search-1")
    assert any("not searched again" in line for line in told.lines)
    assert told.differs == ("what was expected of steps is not what the log says now",)


@pytest.mark.slow
def test_with_the_locked_extra_a_search_finds_the_best_setting_and_the_same_again(tmp_path: Path) -> None:
    """Installed beside this run's packages, for one process alone."""
    uv = Path(sys.executable).with_name("uv")
    install = (uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", tmp_path, "--require-hashes")
    subprocess.run([*install, "-r", ROOT / "requirements-search.lock"], check=True, timeout=240)
    code = (
        "import sys; from tests.store.test_parameter_search import search_twice; "
        f"assert 'optuna' not in sys.modules; sys.path.append({str(tmp_path)!r}); search_twice()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=240)


def search_twice() -> None:
    """What the test above runs where Optuna is."""
    engine, front = pareto_front(BASELINE, KNOWN, seed=7)
    assert engine.startswith("optuna 5.")
    assert (engine, front) == pareto_front(BASELINE, KNOWN, seed=7)
    assert any(one["max_restarts"] in (4, 5) and one["silence_s"] not in (1200, 1800) for one in front)
    (found,) = searched(due(), {}, recorded, fixed={}, without=())
    assert (found,) == searched(due(), {}, recorded, fixed={}, without=())
    assert {one.source for one in found.known} == {"journals"}
    assert (found.parameter, found.after) == ("consensus_frequency", "timeboxed"), "it spares reviews"
    (nothing,) = searched(due(), {}, list, fixed={}, without=())
    assert (nothing.parameter, nothing.best) == ("", BASELINE), "of nothing known nothing is to be tried"
    tuning = due()
    events: list[TuningEvent] = [Switched("on", "test", "seed"), found]
    assert explained(events, "search-1").lines[-1].startswith("  searched again by optuna 5.")
    apply(tuning, found)
    begins = on_open(tuning, "next")[0]
    assert isinstance(begins, Proposed)
    assert "search-1" in begins.because
