"""The guards of this suite see what they are there to see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = (
    Path(__file__)
    .with_name("conftest.py")
    .read_text(encoding="utf-8")
    .replace("LEAK_GRACE_S = 30.0", "LEAK_GRACE_S = 0.2")
)


def run_pytest(folder: Path, body: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_it.py").write_text(body, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options, str(folder)]
    # Not below the folder of all runs: the one that ends removes there what the runs before have left, however much.
    command += ["--basetemp", str(folder / "basetemp")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_a_test_that_leaves_something_behind_fails_and_what_it_left_is_named(tmp_path: Path) -> None:
    done = run_pytest(
        tmp_path,
        """
import os, subprocess, sys, threading
SLEEP = [sys.executable, "-c", "import time; time.sleep(20)"]
kept = []
def test_child(): kept.append(subprocess.Popen(SLEEP))
def test_descriptor(): kept.append(os.open(__file__, os.O_RDONLY))
def test_thread(): threading.Thread(target=threading.Event().wait, args=(20,), name="lingering", daemon=True).start()
def test_orphan(tmp_path):
    orphaned = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(9)'])"
    subprocess.run([sys.executable, "-c", orphaned], cwd=tmp_path, check=True)
def test_clean(): subprocess.run([sys.executable, "-c", ""], check=True)
""",
    )
    assert "5 passed, 4 errors" in done.stdout, done.stdout
    for told in ("child process", "test_it.py", "thread lingering", "orphaned process"):
        assert told in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_what_could_not_be_proven_is_listed_and_fails_the_run_that_must_prove_all(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    body = "def test_it(not_proven): not_proven('no user namespaces')\n"
    lenient = run_pytest(tmp_path, body, *options)
    strict = run_pytest(tmp_path, body, *options, "--all-proven")
    for done in (lenient, strict):
        assert "not proven here" in done.stdout
        assert "no user namespaces  (" in done.stdout
    assert lenient.returncode == 0
    assert strict.returncode == 1


@pytest.mark.slow
def test_a_test_that_takes_longer_than_its_time_ends_the_run_and_shows_where_it_hangs(tmp_path: Path) -> None:
    body = """
import threading, pytest
def test_quick(): pass
@pytest.mark.timeout(0.5)
def test_hanging(): threading.Event().wait(50)
"""
    done = run_pytest(tmp_path, body, "-o", "timeout_method=thread", "-o", "timeout=40")
    assert done.returncode == 1
    assert "Timeout" in done.stdout
    assert "in test_hanging" in done.stdout
    assert "passed" not in done.stdout
