"""Workflows of the specification (001, 002): gates that measure, agents that look at what tools cannot see, a verdict.

Each stands in the module that the specification names; nothing is loaded before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

HOMES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("OrchestratedReleasePrepWorkflow", "QualityGate", "ReleaseReadinessReport"), "orchestrated_release_prep"
    ),
    **dict.fromkeys(("SecurityDeepDiveReport", "SecurityDeepDiveWorkflow"), "orchestrated_security_deep_dive"),
    "TestCoverageBoostWorkflow": "test_coverage_boost",
}
"""The module of this package that each name stands in."""

__all__ = list(HOMES)


def __getattr__(name: str) -> object:
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
