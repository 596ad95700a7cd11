"""The coordinator is the only part where effects become actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.coordinator.coordinator import Coordinator
    from orchestrator.coordinator.resumption import resume_session
    from orchestrator.coordinator.session_start import run_session

__all__ = ["Coordinator", "resume_session", "run_session"]

_HOMES = {"Coordinator": "coordinator", "resume_session": "resumption", "run_session": "session_start"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
