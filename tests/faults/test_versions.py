"""CLIs of the last six months work, and what is said of their versions is true (G1, G2, G3, G4, G5, G6)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.conftest import CHECKOUT, CLAUDE_SAYS, KEYS, Program

FILES = {"a.py": "x = 1\n"}


def doctor(program: Program, name: str, version: str) -> Any:
    """What the doctor finds of one CLI that prints this version."""
    path = program.root / "agents" / name
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    program.environ[KEYS[name]] = "x"
    findings = program.orchestrate("doctor", "--json").json()["findings"]
    return next(finding for finding in findings if finding["name"] == name)


@pytest.mark.fault("G1", "G2")
@pytest.mark.parametrize(
    ("name", "version"),
    [("codex", "codex-cli 0.149.0"), ("codex", "codex-cli 0.160.2"), ("gemini", "0.56.0"), ("claude", "2.1.153")],
)
def test_a_release_that_works_is_not_refused_and_nothing_untrue_is_said_of_it(
    program: Program, name: str, version: str
) -> None:
    finding = doctor(program, name, version)
    assert finding["state"] == "ok", finding
    assert "lacks" not in finding["text"]


@pytest.mark.fault("G3")
@pytest.mark.parametrize(("name", "version"), [("claude", "2.1.400"), ("codex", "codex-cli 0.169.9")])
def test_a_later_patch_is_no_news(program: Program, name: str, version: str) -> None:
    finding = doctor(program, name, version)
    assert finding["state"] == "ok", finding
    assert "newer" not in finding["text"]


@pytest.mark.fault("G3", "G4")
@pytest.mark.parametrize(("name", "version"), [("claude", "3.0.0"), ("gemini", "0.62.0")])
def test_for_a_new_release_nobody_is_told_to_go_back(program: Program, name: str, version: str) -> None:
    finding = doctor(program, name, version)
    assert "npm install" not in finding["next_step"]
    assert "--rehearse --installed" in finding["next_step"]


@pytest.mark.fault("G5")
def test_records_of_unknown_kinds_are_counted_at_the_end(program: Program) -> None:
    program.agent(
        "claude",
        f"echo '{CLAUDE_SAYS['init']}'; echo '{CLAUDE_SAYS['call']}'; echo >>a.py; echo '{CLAUDE_SAYS['returned']}'\n"
        'for i in 1 2 3; do echo \'{"type":"system","subtype":"brand_new"}\'; done\n'
        f"echo '{CLAUDE_SAYS['result']}'",
    )
    ran = program.run(program.target(files=FILES))
    assert "brand_new (3)" in ran.out


@pytest.mark.fault("G6")
def test_one_command_moves_the_pins(program: Program) -> None:
    copy = program.root / "checkout"
    shutil.copytree(CHECKOUT / "orchestrator", copy / "orchestrator", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("npm", "node"):
        (program.root / "agents" / name).write_text("#!/bin/sh\necho 9.9.9\n")
        (program.root / "agents" / name).chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.rehearsal.installing", "--latest"],
        cwd=copy,
        env={**program.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    adapters = [path.read_text() for path in (copy / "orchestrator" / "agents").rglob("*.py")]
    pinned = [text for text in adapters if "    pinned=" in text]
    assert pinned
    assert all('pinned="9.9.9"' in text for text in pinned), done.stdout + done.stderr
