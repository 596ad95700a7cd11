"""Workers run here: each child process under a shim of its own, and the crew that commands them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from orchestrator.workers.crew import Crew as Crew
    from orchestrator.workers.crew import CrewLayout as CrewLayout
    from orchestrator.workers.crew import Started as Started
    from orchestrator.workers.crew import WorkerManager as WorkerManager
    from orchestrator.workers.worker_process import WorkerProcess as WorkerProcess

__all__ = ["Crew", "CrewLayout", "Started", "WorkerManager", "WorkerProcess"]


def __getattr__(name: str) -> object:
    # The shim passes through here on its way to its own module and must not pay for the crew's imports.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from orchestrator.workers import crew, worker_process

    return worker_process.WorkerProcess if name == "WorkerProcess" else getattr(crew, name)
