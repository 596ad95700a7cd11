"""``./check`` runs its steps in order, stops at the first that fails, and chooses the tests it was asked for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.pythons import TESTS
from tests.launch.conftest import ROOT, Checkout

# Stands for the environment's Python: writes down how it was called, and fails where it is told to.
RECORDER = """#!/bin/sh
for argument; do printf '%s\\n' "$argument"; done >>"$CALLS"
echo -- >>"$CALLS"
case " $* " in *" $FAILS "*) exit 7 ;; esac
exit 0
"""


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    """A checkout whose development environment is fresh, and its Python a recorder."""
    environment = checkout.folder / ".venv.dev"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin/python"
    python.write_text(RECORDER, encoding="utf-8")
    python.chmod(0o755)
    (checkout.folder / "requirements-dev.lock").write_text("one\n", encoding="utf-8")
    (environment / ".ready").write_text(f"{checkout.folder}\n3.11\n", encoding="utf-8")
    (environment / ".ready.lock").write_text("one\n", encoding="utf-8")
    cat = shutil.which("cat")
    assert cat is not None
    (checkout.tools / "cat").symlink_to(cat)
    return checkout


def check(ready: Checkout, *arguments: str, fails: str = "nothing") -> tuple[int, list[list[str]], str]:
    """Run ``./check``: its exit code, the calls it made, and what it said."""
    calls = ready.home / "calls"
    environ = ready.environ(CALLS=str(calls), FAILS=fails)
    done = ready.start(*arguments, command=[str(ready.folder / "check")], environ=environ)
    text = calls.read_text(encoding="utf-8") if calls.exists() else ""
    made = [call.splitlines() for call in text.split("--\n") if call]
    calls.unlink(missing_ok=True)
    return done.returncode, made, done.stderr


def test_the_steps_come_in_order_from_the_fastest_to_the_slowest(ready: Checkout) -> None:
    code, calls, said = check(ready)
    assert code == 0
    assert [call[1] for call in calls] == ["ruff", "ruff", "mypy", "pytest"]
    assert [call[2] for call in calls[:2]] == ["format", "check"]
    assert calls[2][2:] == ["--strict", "orchestrator", "tests", "benchmarks"]
    assert said.splitlines() == [
        *(f"check: {step}" for step in ("format", "lint", "types", "tests")),
        "check: all good",
    ]


@pytest.mark.parametrize(("fails", "made"), [("format", 1), ("check", 2), ("mypy", 3), ("pytest", 4)])
def test_the_first_failure_ends_it_with_its_exit_code(ready: Checkout, fails: str, made: int) -> None:
    code, calls, said = check(ready, fails=fails)
    assert code == 7
    assert len(calls) == made
    assert said.splitlines()[-1].endswith("FAILED")


@pytest.mark.parametrize(
    ("options", "marks"),
    [
        pytest.param([], "not real", id="all but real"),
        pytest.param(["--fast"], "not real and not slow", id="fast"),
        pytest.param(["--real"], "real or not real", id="real"),
    ],
)
def test_options_choose_the_tests(ready: Checkout, options: list[str], marks: str) -> None:
    _, calls, _ = check(ready, *options)
    tests = calls[-1]
    assert tests[tests.index("-m", 2) + 1] == marks
    assert ("--all-proven" in tests) == (options == ["--real"])


def test_real_installs_the_agents_before_the_tests(ready: Checkout) -> None:
    _, calls, _ = check(ready, "--real")
    assert calls[-2] == ["-m", "orchestrator.rehearsal.installing"]
    code, calls, _ = check(ready, "--real", fails="orchestrator.rehearsal.installing")
    assert code == 7
    assert calls[-1][1] != "pytest"


def test_paths_and_options_reach_pytest_whole(ready: Checkout) -> None:
    _, calls, _ = check(ready, "--fast", "tests/wire", "-k", "a or b")
    assert calls[-1][-3:] == ["tests/wire", "-k", "a or b"]
    assert "-n" not in calls[-1]
    _, late, _ = check(ready, "tests/wire", "-k", "a or b", "--fast")
    assert late == calls


def test_help_runs_nothing(ready: Checkout) -> None:
    code, calls, _ = check(ready, "--help")
    assert code == 0
    assert calls == []


def test_elsewhen_runs_the_tests_alone_and_hands_its_arguments_on(ready: Checkout) -> None:
    code, calls, _ = check(ready, "--elsewhen", "--fast")
    assert code == 0
    assert [call[1] for call in calls] == ["benchmarks.elsewhen"]
    assert calls[0][calls[0].index("-m", 2) + 1] == "not real and (not slow or everywhere)"
    _, calls, _ = check(ready, "--elsewhen", "tests/wire", fails="benchmarks.elsewhen")
    assert calls[0][calls[0].index("-m", 2) + 1] == "not real"
    assert calls[0][-1] == "tests/wire"
    assert "-n" not in calls[0]


def test_pythons_runs_the_fast_tests_and_a_few_sessions_on_the_others(ready: Checkout) -> None:
    code, calls, said = check(ready, "--pythons", fails="benchmarks.pythons")
    assert code == 7
    assert [call[1] for call in calls] == ["benchmarks.pythons"]
    assert calls[0][calls[0].index("-m", 2) + 1] == TESTS
    assert "pythons FAILED" in said


def installs() -> dict[str, set[str]]:
    """Each program that CI's script looks for, and the packages it then installs, read from the script itself."""
    text = (ROOT / ".ci/run").read_text(encoding="utf-8").replace("\\\n", " ")
    pairs = re.search(r"for pair in (.*?); do", text)
    assert pairs is not None
    found: dict[str, set[str]] = {}
    for pair in pairs[1].split():
        program, _, package = pair.partition(":")
        found.setdefault(program, set()).add(package)
    return found


INSTALLS = installs()
PROGRAMS = list(INSTALLS)


def test_ci_installs_every_program_that_tests_look_for() -> None:
    needed = {"bwrap": "bubblewrap", "chromium": "chromium", "git": "git", "tmux": "tmux", "cc": "gcc"}
    for program, package in needed.items():
        assert package in INSTALLS[program]
    assert "libc6-dev" in INSTALLS["cc"]
    assert all(re.fullmatch(r"[a-z0-9.+-]+", package) for packages in INSTALLS.values() for package in packages)


@pytest.mark.parametrize(
    ("user", "present", "installed"),
    [
        pytest.param("0", ["git"], set().union(*INSTALLS.values(), {"libfaketime"}) - {"git"}, id="what is missing"),
        pytest.param("0", PROGRAMS, {"libfaketime"}, id="a library"),
        pytest.param("0", [*PROGRAMS, "libfaketime"], None, id="nothing is missing"),
        pytest.param("1000", [], None, id="not root"),
    ],
)
def test_ci_installs_what_tests_use_and_then_tries_everything(
    ready: Checkout, user: str, present: list[str], installed: set[str] | None
) -> None:
    environ = ci(ready, present, user)
    done = ready.start(command=[str(ready.folder / ".ci/run"), "-x"], environ=environ)
    assert done.stdout.splitlines() == [
        "checked --real -x",
        "checked --elsewhen --fast",
        "checked --elsewhen -n 4 --dist worksteal tests/server",
        "checked --pythons",
    ]
    calls = Path(environ["CALLS"])
    made = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    lists = [set(line.partition("--no-install-recommends ")[2].split()) for line in made[1:]]
    # One that is no program is looked for by running ruby, which is a script here.
    assert [found - {"ruby-minitest"} for found in lists] == ([installed] if installed else [])


def test_ci_ends_with_the_first_step_that_fails(ready: Checkout) -> None:
    environ = {**ci(ready, [*PROGRAMS, "libfaketime"], "1000"), "FAILS": "--elsewhen"}
    done = ready.start(command=[str(ready.folder / ".ci/run")], environ=environ)
    assert (done.returncode, done.stdout.splitlines()) == (7, ["checked --real", "checked --elsewhen --fast"])


def test_ci_in_short_installs_nothing_and_takes_each_step(ready: Checkout) -> None:
    environ = ci(ready, [], "0")
    done = ready.start(command=[str(ready.folder / ".ci/run"), "--short"], environ=environ)
    assert done.stdout.splitlines() == [
        "checked --fast tests/wire",
        "checked --elsewhen tests/wire",
        "checked --pythons --list",
    ]
    assert not Path(environ["CALLS"]).exists()


def ci(ready: Checkout, present: list[str], user: str) -> dict[str, str]:
    """Put CI's script into the checkout, with a check that says how it was called; its environment."""
    (ready.folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", ready.folder / ".ci/run")
    dirname = shutil.which("dirname")
    assert dirname is not None
    (ready.tools / "dirname").symlink_to(dirname)
    libraries = ready.home / "lib"
    if "libfaketime" in present:
        (libraries / "machine" / "faketime").mkdir(parents=True)
        (libraries / "machine" / "faketime" / "libfaketimeMT.so.1").touch()
    scripts = {"id": f"echo {user}", "apt-get": 'echo "$*" >>"$CALLS"', **dict.fromkeys(present, ":")}
    for name, body in scripts.items():
        (ready.tools / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (ready.tools / name).chmod(0o755)
    says = '#!/bin/sh\necho checked "$@"\ncase $1 in "$FAILS") exit 7 ;; esac\n'
    (ready.folder / "check").write_text(says, encoding="utf-8")
    return ready.environ(CALLS=str(ready.home / "calls"), CI_LIBRARIES=str(libraries), FAILS="nothing")


@pytest.mark.slow
def test_the_real_check_says_which_step_failed(tmp_path: Path) -> None:
    """The real tools on a copy with a badly formatted file: no installation, this run's own environment."""
    import sys

    copy = tmp_path / "copy"
    (copy / "orchestrator").mkdir(parents=True)
    for name in ("check", "pyproject.toml", "requirements-dev.lock", "orchestrator/launching.sh"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "orchestrator/ugly.py").write_text("x  =  1\n", encoding="utf-8")
    environment = copy / ".venv.dev"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin/python"
    python.write_text(f'#!/bin/sh\nexec {json.dumps(sys.executable)} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (environment / ".ready").write_text(f"{copy}\n", encoding="utf-8")
    shutil.copy(copy / "requirements-dev.lock", environment / ".ready.lock")
    command = [str(copy / "check")]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "check: format FAILED"
    assert "ugly.py" in done.stdout
