"""The specification names modules, classes and functions; they can be imported from where it says, with its signatures.

Those of 004 are what the program runs on.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import orchestrator

PACKAGE = Path(orchestrator.__file__).parent

NAMES = {
    "orchestrator.models": (
        *("AgentEvent", "WorkerState", "PeerReview", "OrchestratorDecision", "TaskBreakdown", "SandboxConfig"),
    ),
    "orchestrator.workers": ("WorkerManager", "WorkerProcess"),
    "orchestrator.coordinator": ("Coordinator",),
    "orchestrator.review_engine": ("ReviewEngine",),
    "orchestrator.recovery": ("PermissionRecoveryEngine",),
    "orchestrator.safety": ("SandboxMonitor", "CommandFilter", "ResourceMonitor", "SafetyEnforcer"),
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in NAMES.items() for name in names])
def test_a_class_of_the_spec_is_imported_from_the_module_it_names(module: str, name: str) -> None:
    assert isinstance(getattr(import_module(module), name), type)


@pytest.mark.parametrize("name", ["ReviewEngine", "PermissionRecoveryEngine", "SafetyEnforcer", "ResourceMonitor"])
def test_the_session_itself_runs_on_it(name: str) -> None:
    used = {
        alias.name
        for path in (PACKAGE / "session").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert name in used


# Specifications 000 to 002: what their pages declare stands in spec_names.json (see spec_names.py).

SPEC: Sequence[Mapping[str, Any]] = json.loads((Path(__file__).parent / "spec_names.json").read_text(encoding="utf-8"))
ALIASES = {"AgentComposition": "AgentConfiguration", "AgentConfigurationStore": "ConfigurationStore"}
"""Names of 000 for what 002 has another name for; 002's signatures hold."""
MORE = {
    "orchestrator.orchestration.execution_strategies": ("STRATEGY_REGISTRY", "Context", "AgentList", "QualityGates"),
    "orchestrator.orchestration.agent_factory": ("Agent",),
    "orchestrator.orchestration.task_analyzer": ("TaskAnalyzer",),
    "orchestrator.pattern_library": ("Pattern", "PatternLibrary"),
}
"""Names that the pages use without declaring them."""


def of_kind(*kinds: str) -> list[Any]:
    wins = {(e["owner"], e["name"]) for e in SPEC if e["spec"] == "002" and e["kind"] in ("class", "method")}
    return [
        pytest.param(entry, id=f"{entry['spec']}-{entry.get('owner', '')}.{entry['name']}")
        for entry in SPEC
        if entry["kind"] in kinds
        and not (entry["spec"] == "000" and (entry["owner"], entry["name"]) in wins)
        and not (entry.get("owner") in ALIASES or entry["name"] in ALIASES)
    ]


def place_of(entry: Mapping[str, Any]) -> Any:
    module = import_module(entry["module"])
    return getattr(module, entry["owner"]) if entry.get("owner") else module


def test_every_name_can_be_imported_from_where_the_pages_say() -> None:
    names = {(e["module"], e["name"]) for e in SPEC if e["kind"] in ("class", "function", "value", "import")}
    names |= {(module, name) for module, more in MORE.items() for name in more}
    missing = set()
    for module, name in names:
        try:
            getattr(import_module(module), name)
        except (ImportError, AttributeError):
            missing.add((module, name))
    assert not missing
    for alias, name in ALIASES.items():
        assert getattr(orchestrator, alias) is getattr(orchestrator, name)


def test_the_names_of_the_api_are_those_of_the_package_too() -> None:
    for entry in (*of_kind("class"), *of_kind("function")):
        (declared,) = entry.values
        assert getattr(orchestrator, declared["name"]) is getattr(import_module(declared["module"]), declared["name"])


@pytest.mark.parametrize("entry", of_kind("class"))
def test_a_class_has_the_fields_defaults_and_members_of_the_page(entry: Mapping[str, Any]) -> None:
    kind = getattr(import_module(entry["module"]), entry["name"])
    known = {**vars(import_module(entry["module"])), "field": field, "datetime": datetime, "Any": Any}
    assert is_dataclass(kind) == entry["dataclass"]
    for name, value in entry["members"].items():
        found = getattr(kind, name)
        assert getattr(found, "value", found) == ast.literal_eval(value)
    if any("Enum" in base for base in entry["bases"]):
        assert issubclass(kind, Enum)
        assert [member.name for member in kind] == list(entry["members"])
    if not entry["dataclass"]:
        return
    own = {each.name: each for each in fields(kind)}
    assert list(own)[: len(entry["fields"])] == [each["name"] for each in entry["fields"]]
    for each in entry["fields"]:
        ours = own[each["name"]]
        if each["default"] is None:
            assert (ours.default, ours.default_factory) == (MISSING, MISSING)
            continue
        theirs = eval(each["default"], dict(known))  # noqa: S307 - of our own data file
        if isinstance(theirs, Field):
            assert ours.default_factory is not MISSING
            if "datetime.now" not in each["default"]:
                assert callable(theirs.default_factory)
                assert ours.default_factory() == theirs.default_factory()
        else:
            assert ours.default == theirs
    assert all(
        each.default is not MISSING or each.default_factory is not MISSING
        for each in list(own.values())[len(entry["fields"]) :]
    ), "what is ours beside has a default"
    if entry["frozen"]:
        assert kind.__dataclass_params__.frozen


@pytest.mark.parametrize("entry", of_kind("function", "method"))
def test_a_function_takes_what_the_page_says(entry: Mapping[str, Any]) -> None:
    function = getattr(place_of(entry), entry["name"])
    ours = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    if entry["async"]:
        assert inspect.iscoroutinefunction(function)
    theirs = entry["parameters"]
    assert [each.name for each in ours][: len(theirs)] == [each["name"] for each in theirs]
    for mine, told in zip(ours, theirs, strict=False):
        # A caller may always leave out more than the page says.
        if told["default"] is not None:
            assert mine.default == ast.literal_eval(told["default"])
    assert all(each.default is not each.empty for each in ours[len(theirs) :]), "what is ours beside has a default"


@pytest.mark.parametrize("entry", of_kind("validated"))
@pytest.mark.parametrize("wrong", [object(), -1, ""], ids=["object", "-1", "empty"])
def test_a_field_that_is_validated_refuses_what_it_cannot_be(entry: Mapping[str, Any], wrong: object) -> None:
    good: dict[str, dict[str, Any]] = {
        "ResourceRequirements": {},
        "AgentTemplate": {
            **{"id": "x", "role": "X", "capabilities": ["x"], "tier_preference": "CHEAP", "tools": []},
            **{"default_instructions": "Look.", "quality_gates": {}},
        },
    }
    kind = place_of(entry)
    kind(**good[entry["owner"]])
    with pytest.raises(ValueError, match=entry["name"]):
        kind(**(good[entry["owner"]] | {entry["name"]: wrong}))


API: Any = orchestrator
"""Its names are loaded when they are asked for, so no type is known of them here."""

CALLS: Mapping[tuple[str, str], Callable[[], object]] = {
    ("MetaOrchestrator.analyze_and_compose", "ValueError"): lambda: API.MetaOrchestrator().analyze_and_compose(""),
    ("ExecutionStrategy.execute", "ValueError"): lambda: asyncio.run(API.get_strategy("debate").execute([], {})),
    ("OrchestratedReleasePrepWorkflow.execute", "ValueError"): lambda: asyncio.run(
        API.OrchestratedReleasePrepWorkflow(agent_ids=[]).execute(path="")
    ),
    ("get_strategy", "ValueError"): lambda: API.get_strategy("vote"),
    ("AgentConfiguration.record_outcome", "ValueError"): lambda: _configuration("x").record_outcome(True, 101),
    ("ConfigurationStore.save", "ValueError"): lambda: _store().save(_configuration("../x")),
    ("ConfigurationStore.load", "ValueError"): lambda: _store().load("../x"),
    ("ConfigurationStore.search", "ValueError"): lambda: _store().search(min_success_rate=2),
    ("ConfigurationStore.delete", "ValueError"): lambda: _store().delete(""),
}
"""Each once with a wrong value."""
ELSEWHERE = {
    ("ExecutionStrategy.execute", "TimeoutError"),  # tests/orchestration/test_execution_strategies.py
    ("ConfigurationStore.save", "OSError"),  # tests/store
    ("ConfigurationStore.delete", "OSError"),
}


def _configuration(name: str) -> Any:
    return API.AgentConfiguration(id=name, task_pattern="t", agents=[], strategy="parallel", quality_gates={})


def _store() -> Any:
    return API.ConfigurationStore()


def test_every_error_of_the_pages_is_called_for() -> None:
    told = {(entry["name"], entry["error"]) for entry in SPEC if entry["kind"] == "error"}
    assert told == set(CALLS) | ELSEWHERE


@pytest.mark.parametrize("called", CALLS, ids=lambda called: f"{called[0]}-{called[1]}")
def test_a_wrong_value_is_the_error_of_the_page(
    called: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(getattr(builtins, called[1])):
        CALLS[called]()
