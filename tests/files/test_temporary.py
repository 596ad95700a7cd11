"""What a killed process left is known by its name, and nothing else is taken for that."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orchestrator.files.temporary import (
    is_abandoned,
    marked_prefix,
    own_mark,
    remove_abandoned_folders,
    temporary_folder,
)

MAKES = (
    "import os, signal; from orchestrator.files.temporary import temporary_folder\n"
    "with temporary_folder('proof') as place:\n"
    "    (place / 'inside').mkdir(); print(place, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
)
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_is_there_while_the_block_runs(place: Path) -> None:
    with temporary_folder("look") as folder:
        assert folder.parent == place
        assert folder.name.startswith("orchestrate-look-")
        assert not is_abandoned(folder.name)
        assert remove_abandoned_folders() == 0
        assert folder.is_dir()
    assert not folder.exists()


def test_what_a_killed_process_made_is_removed_with_all_in_it(place: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", MAKES], capture_output=True, text=True, cwd=ROOT, check=False)
    left = Path(ran.stdout.strip())
    assert left.is_dir(), ran.stderr
    assert is_abandoned(left.name)
    assert remove_abandoned_folders() == 1
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "orchestrate-proof-x7a",
        "orchestrate-proof-1.2-x7a",
        "orchestrate-proof-1.2.3-x7a",
        "other-proof-1.2.3-x7a",
        "orchestrate-proof-0.0.0-x",
    ],
)
def test_what_does_not_say_who_made_it_stays(place: Path, name: str) -> None:
    (place / name).mkdir()
    assert not is_abandoned(name)
    assert remove_abandoned_folders() == 0
    assert (place / name).is_dir()


def test_a_recycled_pid_is_not_the_maker() -> None:
    namespace, pid, started = own_mark().split(".")
    assert is_abandoned(f"orchestrate-w-1-{namespace}.{pid}.{int(started) + 1}-abc")
    assert not is_abandoned(f"{marked_prefix('w-1')}abc")


def test_a_link_is_not_followed(place: Path) -> None:
    namespace, pid, started = own_mark().split(".")
    (place / "precious").mkdir()
    link = place / f"orchestrate-proof-{namespace}.{pid}.{int(started) + 1}-abc"
    link.symlink_to(place / "precious")
    assert remove_abandoned_folders() == 0
    assert (place / "precious").is_dir()


def test_without_a_free_descriptor_nobody_is_taken_for_gone(place: Path) -> None:
    with temporary_folder("look") as folder:
        bounds = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, bounds[1]))
        try:
            abandoned = is_abandoned(folder.name)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, bounds)
        assert not abandoned
