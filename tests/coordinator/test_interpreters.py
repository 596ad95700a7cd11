"""Suites get the interpreter that their project pins, from where version managers keep theirs."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.coordinator.interpreters import Interpreters, with_folders
from orchestrator.coordinator.target_tests import TargetTests
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.sandbox.layers import Bench
from orchestrator.suites.detection import detect
from orchestrator.suites.project import WrittenProject
from orchestrator.suites.results import State
from orchestrator.suites.suite import Suite

NODE = {"package.json": '{"scripts": {"test": "node --test"}}'}
PYTHON = {"test_a.py": "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"}


def place(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home without any manager, and programs on PATH that say which they are."""
    for program, said in (("node", "v20.20.2"), ("python3", "Python 3.11.7"), ("ruby", "ruby 3.1.2p20 (2022)")):
        place(tmp_path / "bin" / program, f"echo {shlex.quote(said)}")
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}


def given(files: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Suite, tuple[str, ...]]:
    project = WrittenProject(files)
    detection, folders = Interpreters(environ).given(detect(project), project)
    return detection.suites[0], folders


@pytest.mark.parametrize(
    ("below", "files", "said"),
    [
        (".nvm/versions/node/v18.19.0/bin/node", {".nvmrc": "18"}, "node 18.19.0 of nvm, as .nvmrc asks"),
        (
            ".local/share/fnm/node-versions/v18.1.0/installation/bin/node",
            {".node-version": "v18.1.0"},
            "node 18.1.0 of fnm, as .node-version asks",
        ),
        (".volta/tools/image/node/18.2.0/bin/node", {".nvmrc": "lts/hydrogen"}, "node 18.2.0 of volta, as .nvmrc asks"),
        (".nodenv/versions/18.3.0/bin/node", {".nvmrc": "18"}, "node 18.3.0 of nodenv, as .nvmrc asks"),
        (
            ".asdf/installs/nodejs/18.4.0/bin/node",
            {".tool-versions": "nodejs 18.4.0"},
            "node 18.4.0 of asdf, as .tool-versions asks",
        ),
        (
            ".local/share/mise/installs/node/22.1.0/bin/node",
            {"package.json": '{"scripts": {"test": "node --test"}, "engines": {"node": ">=22"}}'},
            "node 22.1.0 of mise, as package.json: engines asks",
        ),
    ],
)
def test_a_pinned_version_is_used_where_a_manager_keeps_it(
    tmp_path: Path, environ: dict[str, str], below: str, files: Mapping[str, str], said: str
) -> None:
    program = tmp_path / "home" / below
    place(program, "")
    suite, folders = given({**NODE, **files}, environ)
    assert suite.interpreter == said
    assert folders == (str(program.parent),)
    assert suite.env[0].value == str(program.parent)
    assert with_folders(environ, folders)["PATH"] == f"{environ['PATH']}:{program.parent}"


@pytest.mark.parametrize(
    ("below", "files", "said"),
    [
        (".pyenv/versions/3.12.1/bin/python3", {".python-version": "3.12"}, "python 3.12.1 of pyenv, as"),
        (
            ".local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu/bin/python3",
            {"pyproject.toml": '[project]\nrequires-python = ">=3.12"\n'},
            "python 3.12.4 of uv, as",
        ),
        (".asdf/installs/python/3.12.2/bin/python3", {".tool-versions": "python 3.12.2"}, "python 3.12.2 of asdf, as"),
    ],
)
def test_pythons_are_found_in_the_same_way(
    tmp_path: Path, environ: dict[str, str], below: str, files: Mapping[str, str], said: str
) -> None:
    place(tmp_path / "home" / below, "")
    suite, folders = given({**PYTHON, **files}, environ)
    assert suite.interpreter.startswith(said)
    assert len(folders) == 1


def test_rubies_are_found_in_the_same_way(tmp_path: Path, environ: dict[str, str]) -> None:
    files = {"Rakefile": "task :test\n", "Makefile": "test:\n\trspec\n", ".ruby-version": "ruby-3.3.0"}
    place(tmp_path / "rubies/versions/3.3.0/bin/ruby", "")
    suite, _ = given(files, {**environ, "RBENV_ROOT": str(tmp_path / "rubies")})
    assert suite.interpreter == "ruby 3.3.0 of rbenv, as .ruby-version asks"


def test_the_newest_that_fits_is_taken_and_a_folder_without_the_program_is_none(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    store = tmp_path / "home/.nvm/versions/node"
    for version in ("v18.2.0", "v18.10.0", "v22.0.0"):
        place(store / version / "bin/node", "")
    (store / "v18.20.0").mkdir()
    assert given({**NODE, ".nvmrc": "18"}, environ)[0].interpreter.startswith("node 18.10.0 ")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({**NODE, ".nvmrc": "18"}, "pins node 18 (.nvmrc), which is not installed; measured with 20.20.2"),
        (
            {**PYTHON, ".python-version": "3.9.1"},
            "pins python 3.9.1 (.python-version), which is not installed; measured with 3.11.7",
        ),
        ({**NODE, ".nvmrc": "lts/-1"}, "pins node lts/-1 (.nvmrc), which is not understood; measured with 20.20.2"),
    ],
)
def test_one_that_is_not_there_is_said_with_what_was_measured_with(
    environ: dict[str, str], files: Mapping[str, str], said: str
) -> None:
    suite, folders = given(files, environ)
    assert suite.interpreter == said
    assert folders == ()


def test_nothing_is_said_where_the_usual_one_is_the_pinned_one(environ: dict[str, str]) -> None:
    for files in ({**NODE, ".nvmrc": "20"}, {**PYTHON, ".python-version": "3.11"}, {**PYTHON, ".nvmrc": "4"}, NODE):
        suite, folders = given(files, environ)
        assert (suite.interpreter, folders) == ("", ())


def test_an_environment_of_the_projects_own_has_its_interpreter(environ: dict[str, str]) -> None:
    files = {**PYTHON, ".python-version": "3.9", ".venv/bin/python3": "", ".venv/pyvenv.cfg": ""}
    suite, folders = given(files, environ)
    assert (suite.interpreter, folders) == ("", ())


def test_behind_a_shim_the_program_itself_is_used(tmp_path: Path, environ: dict[str, str]) -> None:
    real = tmp_path / "home/.pyenv/versions/3.11.7/bin/python3"
    place(real, "echo Python 3.11.7")
    place(tmp_path / "home/.pyenv/shims/python3", "echo it would end: 3.9.1 is not installed >&2; exit 1")
    place(tmp_path / "bin/pyenv", f"echo {real}")
    environ["PATH"] = f"{tmp_path}/home/.pyenv/shims:{environ['PATH']}"
    suite, folders = given({**PYTHON, ".python-version": "3.9.1"}, environ)
    assert suite.interpreter.endswith("which is not installed; measured with 3.11.7")
    assert folders == (str(real.parent),)


@pytest.mark.slow
async def test_the_pinned_one_is_seen_and_run_in_the_sandbox(tmp_path: Path) -> None:
    for name in ("scratch", "settings", "home", "target"):
        (tmp_path / name).mkdir()
    own, real = tmp_path / "home/.pyenv/versions/3.9.7/bin/python3", Path(sys.executable).resolve()
    place(own, f'PINNED=yes exec {shlex.quote(str(real))} "$@"')
    environ = {"PATH": f"{real.parent}:{os.environ['PATH']}", "HOME": str(tmp_path / "home")}
    policy = SandboxConfig(name="default")
    bench = Bench(policy, "bubblewrap", environ, tmp_path / "scratch", (), tmp_path / "settings")
    (tmp_path / "target/.python-version").write_text("3.9\n")
    (tmp_path / "target/test_it.py").write_text(
        "import os, unittest\nclass T(unittest.TestCase):\n"
        "    def test_it(self): self.assertEqual(os.environ['PINNED'], 'yes')\n"
    )
    tested = await TargetTests(tmp_path / "target", bench, environ).run()
    assert [result.state for result in tested.results] == [State.PASSED], tested
    (measured,) = tested.measured.suites
    assert measured.words.endswith("(python 3.9.7 of pyenv, as .python-version asks)")
