"""Load the adapters that other packages declare under the entry-point group ``orchestrate.agents``.

Looking through every installed package takes longer than starting does, so what was found is kept in the user's cache
and holds for as long as no folder of ``sys.path`` has changed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from orchestrator.agents.contract import Agent
from orchestrator.value_class import value_class

GROUP: Final = "orchestrate.agents"
"""In the ``pyproject.toml`` of such a package: ``[project.entry-points."orchestrate.agents"]``, then
``qwen = "orchestrate_qwen:AGENT"``."""


@value_class
class EntryPoint:
    """One row of the group."""

    name: str
    value: str
    """``module:attribute``."""


def loaded(entry: EntryPoint) -> Agent | str:
    """The adapter, or why there is none: what another package does wrong must not keep this program from starting."""
    module, _, attribute = entry.value.partition(":")
    try:
        found: Any = importlib.import_module(module.strip())
        for name in filter(None, attribute.split("[")[0].strip().split(".")):
            found = getattr(found, name)
    except Exception as error:  # it is other people's code
        return f"{entry.value}: {type(error).__name__}: {error}"
    return found if isinstance(found, Agent) else f"{entry.value} is no orchestrator.agents.contract.Agent"


def find_entry_points(
    environ: Mapping[str, str] = os.environ, places: Sequence[str] | None = None
) -> tuple[EntryPoint, ...]:
    """The rows of the group, sorted by name.

    Args:
        places: Folders that packages are installed in; ``None``: those of ``sys.path``.
    """
    looked_at = [place for place in (sys.path if places is None else places) if place]
    state = _state(looked_at)
    cache = _cache_file(environ)
    kept = _read(cache)
    if kept is not None and kept.get("state") == state:
        return tuple(EntryPoint(str(name), str(value)) for name, value in kept["found"])
    found = _searched(looked_at)
    if cache is not None:
        _write(cache, {"state": state, "found": [[entry.name, entry.value] for entry in found]})
    return found


def _searched(places: Sequence[str]) -> tuple[EntryPoint, ...]:
    # Only here: with all that it imports it takes 20 ms.
    from importlib.metadata import distributions

    rows: dict[str, EntryPoint] = {}
    for distribution in distributions(path=list(places)):
        with suppress(Exception):  # a damaged package is no reason to start without the others
            for point in distribution.entry_points:
                if point.group == GROUP:
                    rows.setdefault(point.name, EntryPoint(point.name, point.value))
    return tuple(rows[name] for name in sorted(rows))


def _state(places: Sequence[str]) -> list[list[str | int]]:
    """Read a mark that changes when a package is installed, replaced or removed."""
    state: list[list[str | int]] = []
    for place in places:
        try:
            state.append([place, os.stat(place).st_mtime_ns])  # noqa: PTH116 -- pathlib takes its time
        except OSError:
            continue
    return state


def _cache_file(environ: Mapping[str, str]) -> Path | None:
    """The file of this interpreter; ``None`` where there is no home for one."""
    cache = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
    name = f"agents-{sys.implementation.cache_tag}.json"
    return Path(cache, "orchestrate", name) if cache.startswith("/") else None


def _read(cache: Path | None) -> Mapping[str, Any] | None:
    if cache is None:
        return None
    try:
        kept = json.loads(cache.read_text(encoding="utf-8"))
        rows = [(name, value) for name, value in kept["found"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {"state": kept.get("state"), "found": rows}


def _write(cache: Path, content: Mapping[str, Any]) -> None:
    """Write the cache; where that fails, the next start looks again."""
    new = cache.with_suffix(f".{os.getpid()}")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(cache)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
