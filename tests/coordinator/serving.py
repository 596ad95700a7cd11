"""A model server that outlives coordinators: ``serving.py SCENARIO WORKSPACE``; prints its URL, ends with its input."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from orchestrator.rehearsal.model_server import model_server
from orchestrator.rehearsal.scenario import load_scenario
from orchestrator.rehearsal.script import WorkerPaths


class PathsOfNewestSession(dict[str, WorkerPaths]):
    """Where a worker's folders are, read off the workspace: nobody here knows the session beforehand."""

    def __init__(self, workspace: Path) -> None:
        super().__init__()
        self._workspace = workspace

    def get(self, worker: str, default: object = None) -> WorkerPaths:
        session = max(path for path in self._workspace.iterdir() if path.is_dir())
        return WorkerPaths(str(session / "target"), str(session / "scratch" / worker), str(session))


async def main(scenario: str, workspace: str) -> None:
    async with model_server(load_scenario(Path(scenario))) as server:
        server.script.paths = PathsOfNewestSession(Path(workspace))
        print(server.url, flush=True)
        await run_sync(sys.stdin.read)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2])
