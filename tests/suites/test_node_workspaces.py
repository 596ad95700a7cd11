"""The packages of a monorepo are found however they are declared."""

from __future__ import annotations

import pytest

from orchestrator.suites.node_workspaces import workspaces
from orchestrator.suites.project import View, WrittenProject


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        ({"package.json": '{"workspaces": ["p/*"]}'}, ["p/a", "p/b"]),
        ({"package.json": '{"workspaces": {"packages": ["p/a"]}}'}, ["p/a"]),
        ({"package.json": '{"workspaces": ["p/**", "!p/b"]}'}, ["p/a"]),
        ({"pnpm-workspace.yaml": "packages:\n  - 'p/*'\n"}, ["p/a", "p/b"]),
        ({"lerna.json": '{"packages": ["p/*"]}'}, ["p/a", "p/b"]),
        ({"package.json": '{"workspaces": 3}'}, []),
    ],
)
def test_workspaces_are_found(files: dict[str, str], folders: list[str]) -> None:
    more = {"p/a/package.json": "{}", "p/b/package.json": "{}", "p/node_modules/c/package.json": "{}"}
    assert workspaces(View(WrittenProject({**files, **more}))) == folders
