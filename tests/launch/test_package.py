"""``pip install .`` gives an ``orchestrate`` command that has all its data, and works without a checkout."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.launch.conftest import ROOT

pytestmark = pytest.mark.slow

DATA = ("orchestrator/prompts/*.md", "orchestrator/rehearsal/scenarios/*.toml", "sandbox_policies/*.*")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is in the repository, since a build writes into the folder it builds from."""
    copy = tmp_path_factory.mktemp("build") / "source"
    copy.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("orchestrator", "sandbox_policies", "static"):
        shutil.copytree(ROOT / name, copy / name, ignore=left_out)
    for name in ("setup.py", "pyproject.toml", "requirements.txt", "requirements-search.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    # Without isolation: the build must not depend on the network, and setuptools is locked with the other tools.
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        source.parent,
        source,
    )
    (built,) = source.parent.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=["a wheel", "pip install ."])
def installed(request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the program in it; what it depends on is seen through a path to this run's packages."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    packages = next(environment.glob("lib/python3*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python")
    offline = ("--quiet", "--no-deps", "--no-index")
    if request.param == "a wheel":
        run(*pip, "install", *offline, request.getfixturevalue("wheel"))
    else:
        run(*pip, "install", *offline, "--no-build-isolation", ".", cwd=source)
    return environment


def run(*command: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True, timeout=240, check=False
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


def test_a_link_to_the_command_is_enough(wheel: Path, tmp_path: Path) -> None:
    """pipx and uv keep a program in an environment off the path, and put a link to its command on the path."""
    environment, home = tmp_path / "venvs" / "orchestrate", tmp_path / "home"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    packages = next(environment.glob("lib/python3*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    link = home / ".local" / "bin" / "orchestrate"
    link.parent.mkdir(parents=True)
    link.symlink_to(environment / "bin" / "orchestrate")
    project = tmp_path / "project"
    project.mkdir()
    environ = {"HOME": str(home), "PATH": f"{link.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    options = ("--scenario", "plain", "--stand-ins", "--json", "--no-dashboard")
    played = json.loads(run(link, "Add one file", *options, cwd=project, environ=environ))
    assert played["status"] == "done"
    run(link, "replay", cwd=project, environ=environ)


def test_the_installed_command_rehearses_and_shows_what_it_did(installed: Path, tmp_path: Path) -> None:
    """Somebody has an empty home, no checkout, and the command beside the system's programs on the path."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    environ = {"HOME": str(home), "PATH": f"{installed / 'bin'}:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def orchestrate(*arguments: str) -> str:
        return run(installed / "bin" / "orchestrate", *arguments, cwd=project, environ=environ)

    played = json.loads(orchestrate("--rehearse", "--stand-ins", "--json", "Add input validation to the signup form"))
    assert played["status"] == "done"
    assert played["target"].startswith(str(home)), "sessions of an installed program lie in the user's state folder"
    assert json.loads(orchestrate("show", "--json"))["id"] == played["id"]
    assert "validation.py" in orchestrate("diff", "--name-only")
    orchestrate("replay")
    doctor = subprocess.run(
        [installed / "bin" / "orchestrate", "doctor"],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert doctor.returncode in (0, 3), doctor.stderr
    assert "claude" in doctor.stdout
    assert "Traceback" not in doctor.stderr
    assert_that_the_dashboard_is_served(installed, project, environ)


def assert_that_the_dashboard_is_served(installed: Path, project: Path, environ: Mapping[str, str]) -> None:
    command = [str(installed / "bin" / "orchestrate"), "serve"]
    with subprocess.Popen(
        command, cwd=project, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = next(found for line in server.stdout if (found := re.search(r"http://\S+", line)))[0]
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            page = opener.open(address, timeout=30).read().decode()
            origin = re.match(r"http://[^/]+", address)
            assert origin is not None
            module = re.search(r'src="([^"]+\.js)"', page)
            assert module is not None
            assert opener.open(f"{origin[0]}/{module[1].lstrip('/')}", timeout=30).read()
            sessions = opener.open(f"{origin[0]}/api/sessions", timeout=30).read().decode()
            assert "signup form" in sessions
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)
