"""An agent of another package works, whatever its strengths, and beside one of the same strength (G9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

FILES = {"a.py": "x = 1\n"}
ADAPTER = """
from dataclasses import replace
from orchestrator.agents.claude import AGENT as CLAUDE

def launch(assignment):
    spec = CLAUDE.launch(assignment)
    return replace(spec, argv=("fifth", *spec.argv[1:]))

def translate(state, record, at):
    state, events = CLAUDE.translate(state, record, at)
    return state, [replace(event, agent="fifth") for event in events]

AGENT = replace(CLAUDE, name="fifth", title="Fifth", executable="fifth", package="fifth", launch=launch,
                translate=translate, recovery_rules=(), role_strengths={strengths})
"""


def install(program: Program, strengths: tuple[str, ...]) -> Path:
    """A package with an adapter, as pip leaves it, and the CLI it is for."""
    site = program.root / "site"
    info = site / "orchestrate_fifth-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: orchestrate-fifth\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[orchestrate.agents]\nfifth = orchestrate_fifth:AGENT\n")
    (site / "orchestrate_fifth.py").write_text(ADAPTER.replace("{strengths}", repr(strengths)))
    program.environ["PYTHONPATH"] = str(site)
    program.claude("echo >>a.py")
    (program.root / "agents" / "fifth").write_text((program.root / "agents" / "claude").read_text())
    (program.root / "agents" / "fifth").chmod(0o755)
    return site


@pytest.mark.fault("G9")
@pytest.mark.parametrize("strengths", [(), ("implementer",), ("painter",)], ids=["none", "one", "unknown"])
def test_an_agent_of_another_package_does_the_work(program: Program, strengths: tuple[str, ...]) -> None:
    install(program, strengths)
    words = ("--agents", "fifth", "--target", str(program.target(files=FILES)), "--no-dashboard", "--no-interactive")
    ran = program.orchestrate("run", "do it", *words)
    assert ran.code == 0, ran.text
    assert "fifth implements" in ran.text


@pytest.mark.fault("G9")
@pytest.mark.parametrize("order", ["claude,fifth", "fifth,claude"])
def test_of_two_agents_of_one_strength_both_have_a_part_in_the_order_they_are_named(
    program: Program, order: str
) -> None:
    install(program, ("implementer",))
    first, second = order.split(",")
    words = ("--agents", order, "--target", str(program.target(files=FILES)), "--no-dashboard", "--no-interactive")
    ran = program.orchestrate("run", "do it", *words)
    assert f"{first} implements, {second} reviews" in ran.text, ran.text


@pytest.mark.fault("G9")
def test_a_package_that_cannot_be_loaded_stands_in_nobodys_way(program: Program) -> None:
    site = install(program, ("implementer",))
    (site / "orchestrate_fifth.py").write_text("raise RuntimeError('broken on purpose')\n")
    ran = program.orchestrate("run", "do it", "--agents", "fifth", "--target", str(program.target(files=FILES)))
    assert ran.code == 2
    assert "broken on purpose" in ran.text
    assert CLAUDE_SAYS["init"] not in ran.text
