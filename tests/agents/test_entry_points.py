"""Adapters of other packages are found by their entry point, remembered, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.agents.entry_points import EntryPoint, find_entry_points, loaded
from orchestrator.agents.registry import get_agent, with_plugins
from orchestrator.models.identity import AgentName

CLAUDE = get_agent("claude")


def installed(site: Path, package: str, rows: str) -> Path:
    """A package's metadata, as pip leaves it."""
    info = site / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[orchestrate.agents]\n{rows}\n[console_scripts]\nx = y:z\n")
    return info


def test_rows_of_the_group_are_found_and_remembered(tmp_path: Path) -> None:
    site, environ = tmp_path / "site", {"HOME": str(tmp_path)}
    info = installed(site, "orchestrate-aider", "aider = orchestrate_aider:AGENT")
    found = find_entry_points(environ, [str(site)])
    assert found == (EntryPoint("aider", "orchestrate_aider:AGENT"),)
    # Nothing in the folder itself has changed, so it is not looked through again.
    (info / "entry_points.txt").unlink()
    assert find_entry_points(environ, [str(site)]) == found


def test_an_installed_or_removed_package_is_noticed(tmp_path: Path) -> None:
    site, environ = tmp_path / "site", {"HOME": str(tmp_path)}
    site.mkdir()
    assert find_entry_points(environ, [str(site)]) == ()
    info = installed(site, "orchestrate-aider", "aider = orchestrate_aider:AGENT")
    assert [entry.name for entry in find_entry_points(environ, [str(site)])] == ["aider"]
    info.rename(tmp_path / "gone")
    assert find_entry_points(environ, [str(site)]) == ()


@pytest.mark.parametrize("content", ["", "[]", '{"found": 3}', '{"state": [], "found": [["x"]]}', "\0"])
def test_a_damaged_cache_is_no_cache(tmp_path: Path, content: str) -> None:
    site, environ = tmp_path / "site", {"HOME": str(tmp_path)}
    installed(site, "orchestrate-aider", "aider = orchestrate_aider:AGENT")
    find_entry_points(environ, [str(site)])
    (cache,) = (tmp_path / ".cache" / "orchestrate").iterdir()
    cache.write_text(content)
    assert [entry.name for entry in find_entry_points(environ, [str(site)])] == ["aider"]
    assert json.loads(cache.read_text())["found"] == [["aider", "orchestrate_aider:AGENT"]]


def test_a_package_that_cannot_be_loaded_is_left_out_with_the_reason() -> None:
    rows = (
        EntryPoint("gone", "no_such_module_here:AGENT"),
        EntryPoint("odd", "json:loads"),
        EntryPoint("nothing", "json:AGENT"),
        EntryPoint("again", "orchestrator.agents.claude:AGENT"),
    )
    agents, left_out = with_plugins({AgentName("claude"): CLAUDE}, rows)
    assert set(agents) == {"claude"}
    assert "ModuleNotFoundError" in left_out["gone"]
    assert "is no orchestrator.agents.contract.Agent" in left_out["odd"]
    assert "AttributeError" in left_out["nothing"]
    assert "as another adapter is" in left_out["again"]


def test_an_adapter_is_what_its_row_names() -> None:
    assert loaded(EntryPoint("claude", "orchestrator.agents.claude:AGENT")) is CLAUDE
    agents, left_out = with_plugins({}, [EntryPoint("x", "orchestrator.agents.claude:AGENT")])
    assert (dict(agents), dict(left_out)) == ({"claude": CLAUDE}, {})
