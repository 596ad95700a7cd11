"""Keep what single tests did at the baseline beside the session, also for a later coordinator to compare with."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from orchestrator.coordinator.target_tests import SuiteOutcomes
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.late_adapter import late_adapter

_STATED: TypeAdapter[tuple[str, ...]] = late_adapter(tuple[str, ...])
_TESTED: TypeAdapter[SuiteOutcomes] = late_adapter(SuiteOutcomes)


def write_results(path: Path, tested: SuiteOutcomes) -> None:
    """Write the baseline's single results beside the session.

    Raises:
        OSError: The disk refused.
    """
    write_atomically(path, _TESTED.dump_json(tested).decode() + "\n")


def read_results(path: Path) -> SuiteOutcomes | None:
    """Read the baseline's single results; ``None`` where there are none, or none that can be read."""
    try:
        return _TESTED.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_stated(path: Path, stated: tuple[str, ...]) -> None:
    """Write down the test commands that the project stated before any agent came.

    Raises:
        OSError: The disk refused.
    """
    if stated:
        write_atomically(path, _STATED.dump_json(stated).decode() + "\n")


def read_stated(path: Path) -> tuple[str, ...]:
    """Read those commands; empty where there are none, or none that can be read."""
    try:
        return _STATED.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return ()
