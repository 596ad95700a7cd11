"""Replace the placeholders of a policy by one worker's folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from orchestrator.models.sandbox import PLACEHOLDERS, SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.value_class import value_class


@value_class
class Places:
    """What the placeholders stand for."""

    target: Path
    scratch: Path
    home: Path
    """The private home of the worker's CLI."""
    session: Path

    @classmethod
    def of(cls, assignment: Assignment, session: Path | None = None) -> Places:
        """The places of one worker; the session's folder is two above its scratch folder (``scratch/<worker>``)."""
        return cls(assignment.target, assignment.scratch, assignment.home, session or assignment.scratch.parent.parent)


def placed(config: SandboxConfig, places: Places) -> SandboxConfig:
    """The policy with every placeholder filled in, and ``never_writable`` as whole paths.

    A policy in which nothing is to be filled in comes back with its ``never_writable`` made whole and nothing else.
    """
    writable = _filled(config.writable, places)
    roots = (*((places.target,) if config.target == "write" else ()), *writable)
    return replace(
        config,
        readable=_filled(config.readable, places),
        writable=writable,
        hidden=_filled(config.hidden, places),
        never_writable=tuple(map(str, protected_paths(config.never_writable, roots, places))),
    )


def protected_paths(entries: Sequence[str], roots: Sequence[Path], places: Places) -> tuple[Path, ...]:
    """The paths that stay read-only inside these writable folders; a relative entry counts from each of them."""
    found: dict[Path, None] = {}
    for entry in entries:
        path = fill(entry, places)
        for whole in (path,) if path.is_absolute() else [root / path for root in roots]:
            found[whole] = None
    return tuple(found)


def fill(text: str | Path, places: Places) -> Path:
    """Fill the placeholder of one path in: ``{target}/docs``."""
    filled = str(text)
    if "{" not in filled:
        return Path(filled)
    for name, place in _values(places).items():
        filled = filled.replace(f"{{{name}}}", str(place))
    return Path(filled)


def _filled(paths: Sequence[Path], places: Places) -> tuple[Path, ...]:
    return tuple(fill(path, places) for path in paths)


def _values(places: Places) -> Mapping[str, Path]:
    return {name: getattr(places, name) for name in PLACEHOLDERS}
