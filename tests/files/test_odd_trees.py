"""Whatever tree somebody makes up: every look at it ends, within its bounds, and a session on it ends when told to."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.coordinator.environments import known_secrets
from orchestrator.coordinator.login_signs import logins_in
from orchestrator.coordinator.project_files import ProjectFiles
from orchestrator.errors import OrchestrateError
from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.files.time_limits import in_time
from orchestrator.snapshots.recorded_trees import Snapshots
from orchestrator.suites.detection import detect

LOOKS_S = 60.0
"""A look at a small tree takes a fraction of a second; what takes so long waits for ever."""
STOPS_S = 20.0
"""What is told to stop has five seconds; the rest is for a busy machine."""
HOMEMADE = [".gitignore", ".gitattributes", "package.json", "test_x.py", "pyproject.toml", "Makefile", ".git", "go.mod"]

LINKS = [".", "..", "loop", "/dev/zero", "/proc/kmsg", "/proc/self/fd/0", "/", "x"]

NAMES = st.one_of(
    st.sampled_from(HOMEMADE),
    st.binary(min_size=1, max_size=12)
    .map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_"))
    .filter(lambda name: name not in (b".", b".."))
    .map(os.fsdecode),
    st.sampled_from(["a\nb", "\x1b[31m", "-rf", " ", "x" * 255, "ü", "\u202etxt", "`", "con", ":", ","]),
)
THINGS = st.one_of(
    st.tuples(st.just("file"), st.binary(max_size=200)),
    st.tuples(st.just("sparse"), st.sampled_from([1 << 20, 1 << 33, 60 << 30])),
    st.tuples(st.just("link"), st.sampled_from(LINKS)),
    st.tuples(st.sampled_from(["pipe", "socket", "device", "shut file", "shut folder"]), st.none()),
)
TREES = st.recursive(
    st.dictionaries(NAMES, THINGS, max_size=5),
    lambda inner: st.dictionaries(NAMES, st.one_of(THINGS, st.tuples(st.just("folder"), inner)), max_size=5),
    max_leaves=12,
)


def grow(folder: Path, tree: dict[str, tuple[str, Any]]) -> None:
    """Make it; a name or a kind that this machine does not allow is left out."""
    for name, (kind, value) in tree.items():
        place = folder / name
        with suppress(OSError, ValueError):
            match kind:
                case "file":
                    place.write_bytes(value)
                case "sparse":
                    with place.open("wb") as file:
                        file.truncate(value)
                case "link":
                    place.symlink_to(place.name if value == "loop" else value)
                case "pipe":
                    os.mkfifo(place)
                case "socket":
                    with socket.socket(socket.AF_UNIX) as listening:
                        listening.bind(str(place))
                case "device":
                    os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero, where root may
                case "shut file":
                    place.write_text("x")
                    place.chmod(0)
                case "shut folder":
                    place.mkdir(mode=0)
                case "folder":
                    place.mkdir()
                    grow(place, value)


def looked_at(folder: Path) -> Sequence[str]:
    """Everything that a session looks at, one after the other; what was not as it should be."""
    ours, wrong = ForeignFolder(folder), []
    for entry in ours.walk():
        if isinstance(entry, Entry):
            content = ours.read(entry.name, most_bytes=1 << 20)
            if isinstance(content, bytes) and entry.status.kind != "file":
                wrong.append(f"{entry.name!r} was read though it is a {entry.status.kind}")
            if isinstance(content, bytes) and len(content) > 1 << 20:
                wrong.append(f"{entry.name!r} was read beyond its bound")
            ours.digest(entry.name, most_bytes=1 << 20)
            ours.link(entry.name)
            ours.entries(entry.name)
    detect(ProjectFiles(folder))
    logins_in(folder, {"HOME": str(folder)})
    known_secrets({"HOME": str(folder)})
    return wrong


@given(TREES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_every_look_at_any_tree_ends_within_its_bounds(tree: dict[str, tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, "grown")
        folder.mkdir()
        grow(folder, tree)
        assert in_time(lambda: looked_at(folder), within_s=LOOKS_S) == []
        assert all(isinstance(each, Unread) for each in ForeignFolder(folder).remove_all())
        assert not folder.exists()


@pytest.mark.slow
@given(TREES)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_is_recorded_or_that_is_said(tree: dict[str, tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, "grown")
        folder.mkdir()
        subprocess.run(["git", "init", "-q", folder], check=True, env={"PATH": os.environ["PATH"], "HOME": top})
        snapshots = Snapshots(Path(top, "snapshots"), folder)
        first = in_time(lambda: snapshots.take("before"), within_s=LOOKS_S)
        grow(folder, tree)
        with suppress(OrchestrateError):
            in_time(lambda: snapshots.diff(first, snapshots.take("after")), within_s=LOOKS_S)
        ForeignFolder(folder).remove_all()


CLAUDE = """#!/bin/sh
case " $* " in *" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac
cat >/dev/null
I='"session_id":"00000000-0000-4000-8000-000000000001"'
echo '{"type":"system","subtype":"init",'$I',"tools":["Bash"],"model":"m"}'
exec sleep 1000
"""


@pytest.mark.slow
@given(TREES)
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])
def test_a_session_on_any_tree_ends_when_it_is_told_to(tree: dict[str, tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, "grown")
        for made in (folder, Path(top, "bin"), Path(top, "home")):
            made.mkdir()
        grow(folder, tree)
        (Path(top, "bin") / "claude").write_text(CLAUDE)
        (Path(top, "bin") / "claude").chmod(0o755)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "orchestrator", "run", "do it", "--agents", "claude", "--target", str(folder)),
                *("--workspace", str(Path(top, "workspace")), "--no-dashboard", "--no-interactive"),
            ],
            cwd=Path(__file__).parents[2],
            env={"PATH": f"{top}/bin:{os.environ['PATH']}", "HOME": f"{top}/home", "ANTHROPIC_API_KEY": "x"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            deadline = time.monotonic() + LOOKS_S
            while process.poll() is None and not is_at_work(Path(top, "workspace")):
                assert time.monotonic() < deadline, "no worker was started, and nothing was said"
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=STOPS_S)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        assert b"Traceback" not in said, said.decode()
        assert process.returncode in (2, 130, 143)
        ForeignFolder(folder).remove_all()


def is_at_work(workspace: Path) -> bool:
    return any(b'"worker_started"' in journal.read_bytes() for journal in workspace.glob("*/journal.jsonl"))
