"""The specification's examples of store and library, and its words on defaults, sorting and errors."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest

import orchestrator
from orchestrator.orchestration.config_store import (
    AgentComposition,
    AgentConfiguration,
    AgentConfigurationStore,
    ConfigurationStore,
)
from orchestrator.pattern_library import PatternLibrary

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "saved_teams.py"


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def release() -> AgentConfiguration:
    return AgentConfiguration(
        id="comp_001",
        task_pattern="release_prep",
        agents=[{"role": "security_auditor", "tier": "PREMIUM"}],
        strategy="parallel",
        quality_gates={"min_coverage": 80},
    )


def test_the_example_in_the_documents_runs(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(EXAMPLE.parents[2])}
    done = subprocess.run(
        [sys.executable, EXAMPLE], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "saved to comp_release_001.json",
        "comp_release_001: used 4 times, 75%, score 75.6",
        "found comp_release_001",
        "release_preparation: 75%, certainly between 36% and 94%",
        "deleted: True, left: 0",
    ]


def test_a_configuration_has_the_fields_and_defaults_of_the_specification() -> None:
    given = [each.name for each in fields(AgentConfiguration) if each.init]
    assert given == [
        *("id", "task_pattern", "agents", "strategy", "quality_gates", "success_rate", "avg_quality_score"),
        *("usage_count", "success_count", "failure_count", "created_at", "last_used", "tags"),
    ]
    made = release()
    assert (made.success_rate, made.avg_quality_score, made.usage_count, made.last_used, made.tags) == (
        0,
        0,
        0,
        None,
        [],
    )
    assert isinstance(made.created_at, datetime)
    assert AgentComposition is AgentConfiguration
    assert AgentConfigurationStore is ConfigurationStore


def test_an_outcome_that_is_recorded_changes_every_figure() -> None:
    config = release()
    config.record_outcome(success=True, quality_score=87.5)
    assert (config.usage_count, config.success_count, config.success_rate, config.avg_quality_score) == (
        1,
        1,
        1.0,
        87.5,
    )
    config.record_outcome(success=False, quality_score=12.5)
    assert (config.usage_count, config.failure_count, config.success_rate, config.avg_quality_score) == (
        2,
        1,
        0.5,
        50.0,
    )
    assert config.last_used is not None
    for score in (-0.1, 100.1, float("nan"), float("inf"), True, "87", None):
        with pytest.raises(ValueError, match="quality_score"):
            config.record_outcome(True, score)  # type: ignore[arg-type]  # what a caller may get wrong
    assert config.usage_count == 2


def test_a_configuration_survives_a_dictionary() -> None:
    config = release()
    config.record_outcome(True, 90)
    data = config.to_dict()
    assert data["created_at"] == config.created_at.isoformat()
    assert AgentConfiguration.from_dict(data) == config


def test_it_is_saved_loaded_searched_listed_and_deleted() -> None:
    store = ConfigurationStore()
    path = store.save(release())
    assert path == Path.cwd() / ".orchestrator" / "compositions" / "comp_001.json"
    assert path.is_file()
    loaded = store.load("comp_001")
    assert loaded == release() or loaded is not None
    assert store.load("comp_002") is None
    assert [one.id for one in store.search(task_pattern="release_prep")] == ["comp_001"]
    assert store.search(task_pattern="other") == []
    assert store.get_best_for_task("other") is None
    assert store.delete("comp_001") is True
    assert store.delete("comp_001") is False
    assert not path.exists()


def test_a_search_is_sorted_by_success_rate_and_a_list_by_last_use() -> None:
    store = ConfigurationStore()
    for name, results in (("a", [True, False]), ("b", [True, True]), ("c", []), ("d", [False])):
        config = release()
        config.id = name
        for result in results:
            config.record_outcome(result, 80 if result else 20)
        store.save(config)
    assert [one.id for one in store.search()] == ["b", "a", "d", "c"]
    assert [one.id for one in store.search(limit=1)] == ["b"]
    assert [one.id for one in store.search(min_success_rate=0.5)] == ["b", "a"]
    assert [one.id for one in store.search(min_quality_score=60)] == ["b"]
    assert [one.id for one in store.list_all()] == ["d", "b", "a", "c"]
    best = store.get_best_for_task("release_prep")
    assert best is not None
    assert best.id == "b"


@pytest.mark.parametrize(
    "arguments",
    [
        *({"min_success_rate": bad} for bad in (-0.1, 1.1, float("nan"), True, "1")),
        *({"min_quality_score": bad} for bad in (-1, 101, None)),
        *({"limit": bad} for bad in (0, -1, 1.5, True)),
    ],
)
def test_a_search_refuses_what_is_out_of_range(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        ConfigurationStore().search(**arguments)  # type: ignore[arg-type]  # what a caller may get wrong


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "a\0b", "a b", ".hidden", "-x", "a..b", "x.json"),
        *("a\n", "é", "x" * 121, "a."),
    ],
)
def test_an_id_cannot_lead_out_of_the_folder(name: str) -> None:
    store, config = ConfigurationStore(), release()
    config.id = name
    for act in (lambda: store.save(config), lambda: store.load(name), lambda: store.delete(name)):
        with pytest.raises(ValueError, match="no id"):
            act()
    assert list(Path.cwd().rglob("*.json")) == []


def test_figures_that_a_caller_claims_count_and_outcomes_are_added_to_them() -> None:
    store, config = ConfigurationStore(), release()
    config.usage_count, config.success_count, config.failure_count = 10, 9, 1
    config.success_rate, config.avg_quality_score = 0.9, 85.0
    store.save(config)
    store.save(config)
    loaded = ConfigurationStore().load("comp_001")
    assert loaded is not None
    assert (loaded.usage_count, loaded.success_rate, loaded.avg_quality_score) == (10, 0.9, 85.0)
    loaded.record_outcome(True, 96.0)
    store.save(loaded)
    assert (loaded.usage_count, loaded.success_count, loaded.avg_quality_score) == (11, 10, 86.0)
    loaded.usage_count, loaded.success_count = 15, 14
    store.save(loaded)
    found = store.load("comp_001")
    assert found is not None
    assert (found.usage_count, found.success_count, found.failure_count) == (15, 14, 1)
    found.success_count = 3
    with pytest.raises(ValueError, match="cannot become less"):
        store.save(found)


def test_a_configuration_becomes_a_pattern_after_three_uses_at_seventy_percent() -> None:
    library = PatternLibrary()
    store, config = ConfigurationStore(pattern_library=library), release()
    for count in range(3):
        assert len(library) == 0, count
        config.record_outcome(True, 80)
        store.save(config)
    (match,) = library.query_patterns("anybody", {"task_pattern": "release_prep"})
    assert match.pattern.context["strategy"] == "parallel"
    assert match.relevance_score == 1.0
    again = PatternLibrary()
    ConfigurationStore(pattern_library=again)
    assert len(again) == 1


def test_the_api_is_loaded_from_the_package_when_it_is_asked_for() -> None:
    assert {"ConfigurationStore": ConfigurationStore, "PatternLibrary": PatternLibrary} == {
        name: getattr(orchestrator, name) for name in ("ConfigurationStore", "PatternLibrary")
    }
    assert "AgentConfiguration" in dir(orchestrator)
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = orchestrator.ConfigurationShop
    mine = "len([m for m in sys.modules if 'orchestrator' in m])"
    code = f"import sys, orchestrator; print('pydantic' in sys.modules, {mine})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "1"]
    assert importlib.import_module("orchestrator.orchestration.config_store").AgentComposition is AgentConfiguration
