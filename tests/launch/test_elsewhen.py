"""The other clock is really set, and only what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.elsewhen import DAYS, CannotBeSet, compile_sleep, environment, find_libfaketime, main
from tests.launch.conftest import ROOT

PLANTED = """
import datetime, os, pathlib, time

REAL = pathlib.Path(__file__).with_name("stamp").stat().st_mtime

def test_the_day_is_another(): assert {days} <= (time.time() - REAL) / 86400 < {days} + 1
def test_the_place_is_another(): assert time.localtime().tm_gmtoff == 5 * 3600 + 45 * 60
def test_files_are_private(): assert os.umask(0o77) == 0o77
def test_the_home_is_another(): assert " " in os.environ["HOME"] and not os.listdir(os.environ["HOME"])
def test_no_locale_is_set(): assert os.environ["LC_ALL"] == "C" and "LANG" not in os.environ
def test_monotonic_time_is_the_kernels_own():
    assert abs(time.monotonic() - float(open("/proc/uptime").read().split()[0])) < 3600
def test_one_can_sleep():
    began = time.monotonic()
    for _ in range(20): time.sleep(0.001)
    assert time.monotonic() - began >= 0.02
def test_children_see_it():
    import subprocess, sys
    said = subprocess.run([sys.executable, "-c", "import time; print(time.time())"], capture_output=True, text=True)
    assert abs(float(said.stdout) - time.time()) < 600
"""


@pytest.fixture(autouse=True)
def faketime(not_proven: Callable[[str], NoReturn], tmp_path: Path) -> None:
    try:
        find_libfaketime()
        compile_sleep(tmp_path)
    except CannotBeSet as problem:
        not_proven(str(problem))


@pytest.mark.slow
@pytest.mark.skipif("FAKETIME" in os.environ, reason="this run is elsewhere itself")
def test_the_tests_run_on_another_day_in_another_place(tmp_path: Path) -> None:
    (tmp_path / "stamp").touch()
    (tmp_path / "test_planted.py").write_text(PLANTED.replace("{days}", str(DAYS)))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.elsewhen", "-q", "-c", os.devnull, f"--rootdir={tmp_path}", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert "8 passed" in done.stdout, done.stdout


@pytest.mark.slow
def test_nothing_of_the_users_locale_and_folders_is_kept(tmp_path: Path) -> None:
    given = {"PATH": "/bin", "LANG": "de_DE.UTF-8", "LC_TIME": "de", "XDG_CACHE_HOME": "/x", "KEPT": "1"}
    made = environment(tmp_path, given)
    assert (made["PATH"], made["KEPT"], made["LC_ALL"]) == ("/bin", "1", "C")
    assert not made.keys() & {"LANG", "LC_TIME", "XDG_CACHE_HOME"}
    assert len(made["LD_PRELOAD"].split()) == 2


def test_without_a_compiler_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 2
    assert "apt install gcc" in capsys.readouterr().err
