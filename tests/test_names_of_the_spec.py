"""Spec 004 names modules and classes; they can be imported from where it says, and are what the program runs on."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

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
