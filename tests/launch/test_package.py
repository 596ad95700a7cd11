"""``pip install .`` gives an ``orchestrate`` command that has all its data with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.launch.conftest import ROOT

pytestmark = pytest.mark.slow

DATA = ("orchestrator/prompts/*.md", "orchestrator/rehearsal/scenarios/*.toml", "sandbox_policies/*.*")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what is in the repository."""
    copy = tmp_path_factory.mktemp("build") / "source"
    copy.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("orchestrator", "sandbox_policies", "static"):
        shutil.copytree(ROOT / name, copy / name, ignore=left_out)
    for name in ("setup.py", "pyproject.toml", "requirements.txt", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    # Without isolation: the build must not depend on the network, and setuptools is locked with the other tools.
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", copy.parent, copy)
    (built,) = copy.parent.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; what it depends on is seen through a path to this run's packages."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    packages = next(environment.glob("lib/python3*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return environment


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_and_all_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "orchestrator").rglob("*.py")}
    expected |= {str(path.relative_to(ROOT)) for pattern in DATA for path in ROOT.glob(pattern)}
    expected = {f"orchestrator/{name}" if name.startswith("sandbox_policies") else name for name in expected}
    assert expected - held == set()
    assert {name.split("/")[0] for name in held} == {
        "orchestrator",
        next(n.split("/")[0] for n in held if "dist-info" in n),
    }


def test_the_installed_command_starts_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    assert "orchestrate" in run(installed / "bin" / "orchestrate", "--help", cwd=tmp_path)
    where = run(
        installed / "bin" / "python", "-I", "-c", "import orchestrator; print(orchestrator.__file__)", cwd=tmp_path
    )
    assert where.startswith(str(installed))


def test_the_installed_command_finds_its_policies_and_scenarios(installed: Path, tmp_path: Path) -> None:
    listed = run(installed / "bin" / "orchestrate", "policies", cwd=tmp_path)
    for path in (ROOT / "sandbox_policies").glob("*.toml"):
        assert path.stem in listed or path.stem == "obeyed_files", "a table that belongs to the policies"
    listed = run(installed / "bin" / "orchestrate", "scenarios", cwd=tmp_path)
    for path in (ROOT / "orchestrator/rehearsal/scenarios").glob("*.toml"):
        assert path.stem in listed
