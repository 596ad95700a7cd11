"""Set up what a project's own code is run with again and again: a sandbox, our tools, and throw-away layers of it.

No run sees what an earlier one left, and what was measured is believed only if nothing wrote what measures meanwhile.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from orchestrator.coordinator.interpreters import with_folders
from orchestrator.coordinator.preflight import choose_backend, prove_some_sandbox
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder
from orchestrator.files.temporary import temporary_folder
from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.gate_run import INSTALL_TIME_S, LOOK_TIME_S, PROVE_TIME_S, graders_of
from orchestrator.measurement.probe_programs import lay_probes
from orchestrator.measurement.target_python import find_python
from orchestrator.measurement.tool_environment import ToolEnvironment, ready_tools
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.layers import Bench, Layer, open_layer

LAY_TIME_S: Final = 60.0


@dataclass(slots=True)
class Workbench:
    """What a project is run with."""

    target: Path
    bench: Bench
    tools: ToolEnvironment
    probes: Path
    """Our own small programs, which the sandbox shows and nothing there can write."""
    placed: Path
    """A folder of ours of the same kind, for the files that a run is given."""
    python: Path
    """The interpreter of the project."""
    environ: Mapping[str, str]
    """What the project's code sees; it holds no secret."""
    notes: tuple[str, ...] = ()
    """What people should know of the interpreter."""
    _layer: Layer | None = None

    @asynccontextmanager
    async def layer(self) -> AsyncIterator[Layer]:
        """A layer on which the next run begins anew."""
        if self._layer is not None:
            yield self._layer
            return
        async with open_layer(self.target, self.bench) as layer:
            if layer.kind == "overlay":
                # Every run on it begins anew, so one is enough.
                self._layer = layer
            yield layer

    @asynccontextmanager
    async def given(self, files: Mapping[str, str], *, without: Sequence[str] = ()) -> AsyncIterator[Path]:
        """A folder of ours, for one run, with the texts of files that are to stand in the project then.

        Args:
            without: Files that are not to be there.
        """
        folder = self.placed / secrets.token_hex(12)
        await off_loop(partial(_lay, folder, files, without), within_s=LAY_TIME_S, what="laying out files")
        yield folder
        remove = partial(ForeignFolder(self.placed).remove_all, folder.name)
        await off_loop(remove, within_s=LAY_TIME_S, what="taking files away")

    def placing(self, folder: Path, at: Path) -> tuple[str, ...]:
        """The words in front of a command line that first put the files of ``folder`` into the layer ``at``."""
        program = str(self.probes / "orchestrate_placed.py")
        return (str(self.tools.python), "-I", program, str(folder / "plan.json"), str(at))


@asynccontextmanager
async def open_workbench(
    target: Path,
    *,
    what: str,
    sandbox: SandboxConfig,
    environ: Mapping[str, str],
    cache: Path,
    python: Path | None = None,
    folders: Sequence[str] = (),
) -> AsyncIterator[Workbench]:
    """Set a workbench up for as long as the block runs.

    Args:
        what: Is to run on it, as one word for people.
        python: The interpreter, where somebody has named one.
        folders: Where interpreters lie that the project's suites need besides.

    Raises:
        EnvironmentUnfit: Nothing can be run here; the message says why.  Or, at the end: what measures was written
            meanwhile.
    """
    found = await off_loop(partial(find_python, target, python, environ), within_s=LOOK_TIME_S, what="the look")
    if found.path is None:
        raise EnvironmentUnfit(found.notes[0], hint="name an interpreter: --python .venv/bin/python")
    make = partial(ready_tools, cache, environ)
    tools = await off_loop(make, within_s=INSTALL_TIME_S, what="setting up the gates' tools")
    if isinstance(tools, str):
        raise EnvironmentUnfit(tools)
    prove = partial(prove_some_sandbox, sandbox, environ)
    config, proof, _ = await off_loop(prove, within_s=PROVE_TIME_S, what="the proof of the sandbox")
    backend, _ = choose_backend(config, proof)
    with temporary_folder(what) as folder:
        probes, placed = folder / "probes", folder / "placed"
        for each in (folder / "scratch", folder / "settings", probes, placed):
            each.mkdir(mode=0o700)
        await off_loop(partial(lay_probes, probes), within_s=PROVE_TIME_S, what="laying out our programs")
        shown = (*found.shown, tools.folder, tools.base, probes, placed)
        bench = Bench(
            config=replace(config, readable=(*config.readable, *shown)),
            backend=backend,
            environ=with_folders(environ, folders),
            scratch=folder / "scratch",
            masked=(),
            settings=folder / "settings",
        )
        graders = partial(graders_of, tools, probes)
        before = await off_loop(graders, within_s=LOOK_TIME_S, what="the look at the tools")
        seen = dict(_named(environ, (*sandbox.environment, "HOME")))
        yield Workbench(target, bench, tools, probes, placed, found.path, seen, found.notes)
        if await off_loop(graders, within_s=LOOK_TIME_S, what="the last look at the tools") != before:
            raise EnvironmentUnfit(f"what measures was written while {what} ran, so nothing of it can be believed")


def _named(environ: Mapping[str, str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((name, environ[name]) for name in names if name in environ)


def _lay(folder: Path, files: Mapping[str, str], without: Sequence[str]) -> None:
    folder.mkdir(mode=0o700)
    ours = ForeignFolder(folder)
    sources = {}
    for number, (name, text) in enumerate(files.items()):
        ours.write(f"{number}.txt", text.encode("utf-8", "surrogateescape"))
        sources[name] = str(folder / f"{number}.txt")
    plan = {"remove": [name for name in without if name not in files], "files": sources}
    ours.write("plan.json", json.dumps(plan).encode("utf-8", "surrogateescape"))
