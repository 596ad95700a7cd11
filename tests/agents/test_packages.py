"""A package of its own brings an agent: from ``pip install`` to a finished rehearsal, this repository untouched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.agents.contract import Agent
from orchestrator.testing.agents import (
    check_assignment_is_obeyed,
    check_evidence,
    check_prompt,
    check_recording,
    check_rules,
    golden,
    missing_parts,
    told,
)

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "tests" / "packages" / "orchestrate-qwen"
PARTS = ("orchestrator", "static", "sandbox_policies", "setup.py", "pyproject.toml", "requirements.txt", "LICENSE")


def run(*words: str, cwd: Path, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "XDG_CACHE_HOME") if name in os.environ}
    return subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=timeout_s)


@pytest.fixture
def agent() -> Agent:
    """The package's adapter, loaded from where it lies."""
    spec = spec_from_file_location("orchestrate_qwen", PACKAGE / "orchestrate_qwen" / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Agent = module.AGENT
    return found


def test_the_packages_adapter_passes_the_kit_and_lacks_nothing(agent: Agent, update_goldens: bool) -> None:
    folders = sorted(path.parent for path in PACKAGE.glob("recordings/*/*/meta.json"))
    for folder in folders:
        if update_goldens:
            (folder / "events.json").write_text(golden(told(agent, folder)), encoding="utf-8")
        check_recording(agent, folder)
    check_rules(agent)
    check_prompt(agent)
    check_assignment_is_obeyed(agent)
    check_evidence(agent, folders)
    assert not missing_parts(agent, folders)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_agent_of_a_package_of_its_own_finishes_a_rehearsal(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    # pip builds where the sources lie, so it gets copies.
    for part in PARTS:
        source, copy = ROOT / part, tmp_path / "sources" / part
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    shutil.copytree(PACKAGE, tmp_path / "package", ignore=shutil.ignore_patterns("__pycache__"))
    made = run(sys.executable, "-m", "venv", str(tmp_path / "env"), cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    programs = tmp_path / "env" / "bin"
    given = ("install", "--quiet", "--disable-pip-version-check", str(tmp_path / "sources"), str(tmp_path / "package"))
    installed = run(str(programs / "pip"), *given, cwd=tmp_path, timeout_s=600)
    if installed.returncode != 0:
        not_proven(f"pip cannot install here: {installed.stderr.strip().splitlines()[-1]}")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "README.md").write_text("A form.\n")
    words = ("run", "Add input validation", "--rehearse", "--agents", "qwen", "--target", str(tmp_path / "target"))
    ran = run(
        *(str(programs / "orchestrate"), *words, "--workspace", str(tmp_path / "workspace")),
        *("--no-dashboard", "--no-interactive"),
        cwd=tmp_path,
        timeout_s=600,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "qwen implements" in ran.stdout
    assert "validation.py" in ran.stdout
