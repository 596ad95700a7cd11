"""Bad input gets a clear error and loses nothing: the real program, started as a stranger would start it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

import orchestrator
from orchestrator.journal.session_lock import session_holder

CHECKOUT = Path(orchestrator.__file__).resolve().parent.parent
DONE, FAILED, USAGE, PERSON, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass
class Place:
    """A home, a target and a workspace of a test's own, and the program started there."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        return self.root / "target"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def environ(self) -> dict[str, str]:
        plain = {"HOME": str(self.root / "home"), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        return {**plain, "PYTHONPATH": str(CHECKOUT), "ORCHESTRATOR_WORKSPACE": str(self.workspace), **self.variables}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "orchestrator", *arguments]

    def run(self, *arguments: str, stdin: str = "", before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        command = [*before, *self.command(*arguments)]
        return subprocess.run(
            command, cwd=self.target, env=self.environ, input=stdin, capture_output=True, text=True, timeout=120
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.target,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def sessions(self) -> list[Path]:
        return sorted(path for path in self.workspace.glob("*-*-*") if path.is_dir())

    def install(self, name: str, script: str) -> None:
        """Put an agent CLI of the test's own first on PATH."""
        folder = self.root / "clis"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        self.variables["PATH"] = f"{folder}:/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "target").mkdir()
    (tmp_path / "home").mkdir()
    return Place(tmp_path)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with 2, said one error that has these words, and no traceback."""
    assert done.returncode == USAGE, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("orchestrate: error:") == 1, done.stderr
    for word in words:
        assert word in done.stderr


def mounted(mount: str, not_proven: Callable[[str], NoReturn], *, after: str = "true") -> tuple[str, ...]:
    """What to put before a command, so that it runs where ``mount`` was done for it alone."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "sh", "-c", mount], capture_output=True).returncode != 0:
        not_proven("nothing can be mounted for a test here")
    return (unshare, "-m", "sh", "-c", f'{mount} && "$@"; code=$?; {after}; exit $code', "sh")


REHEARSE = ("--rehearse", "--stand-ins", "--no-dashboard")


@pytest.mark.slow
@pytest.mark.parametrize("task", ["", "  \n"], ids=["empty", "blank"])
def test_an_empty_task_starts_nothing(place: Place, task: str) -> None:
    refused(place.run("run", task, *REHEARSE), "task", "hint:")
    assert not place.sessions()


@pytest.mark.slow
def test_an_empty_task_from_standard_input_starts_nothing(place: Place) -> None:
    refused(place.run("-", *REHEARSE, stdin="\n"), "task")
    assert not place.sessions()


@pytest.mark.slow
def test_a_task_of_a_megabyte_reaches_the_agents_whole(place: Place) -> None:
    task = "begin " + "word " * 200_000 + "end-of-the-task"
    done = place.run("-", *REHEARSE, "--scenario", "plain", stdin=task)
    assert done.returncode == DONE, done.stderr
    prompts = [path.read_text() for path in place.sessions()[0].glob("workers/claude.1.prompt")]
    assert [task in prompt for prompt in prompts] == [True]
    assert len(done.stdout) + len(done.stderr) < 50_000  # people are shown its beginning only


@pytest.mark.slow
def test_a_target_that_is_missing_starts_nothing(place: Place) -> None:
    refused(place.run("do it", *REHEARSE, "--target", str(place.root / "nowhere")), "nowhere")
    assert not place.sessions()


@pytest.mark.slow
def test_a_target_that_is_a_file_starts_nothing(place: Place) -> None:
    (place.root / "file").touch()
    refused(place.run("do it", *REHEARSE, "--target", str(place.root / "file")), "file")
    assert not place.sessions()


@pytest.mark.slow
def test_a_target_that_cannot_be_written_starts_nothing(place: Place, not_proven: Callable[[str], NoReturn]) -> None:
    locked = place.root / "locked"
    locked.mkdir(mode=0o500)
    before = mounted(f"mount -t tmpfs -o ro none {locked}", not_proven) if os.geteuid() == 0 else ()
    refused(place.run("do it", "--target", str(locked), before=before), str(locked), "writ")
    assert not place.sessions()


@pytest.mark.slow
def test_a_target_without_git_is_worked_on(place: Place) -> None:
    done = place.run("do it", *REHEARSE, "--scenario", "plain")
    assert done.returncode == DONE, done.stderr
    assert not list(place.target.iterdir())  # a rehearsal works on a copy


@pytest.mark.slow
def test_a_workspace_that_cannot_be_made_is_said(place: Place) -> None:
    (place.root / "file").touch()
    refused(place.run("do it", *REHEARSE, "--workspace", str(place.root / "file" / "workspace")), "workspace", "hint:")


@pytest.mark.slow
def test_a_workspace_on_a_full_disk_is_said_and_left_clean(place: Place, not_proven: Callable[[str], NoReturn]) -> None:
    full = place.root / "full"
    full.mkdir()
    space = mounted(f"mount -t tmpfs -o size=64k none {full}", not_proven, after=f"ls {full} >&2")
    done = place.run("do it", *REHEARSE, "--workspace", str(full), before=space)
    refused(done, str(full), "hint:")
    assert not re.search(r"^\d{8}-\d{6}-", done.stderr, re.M)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        pytest.param("--agents", "claude,aider", ("aider", "gemini"), id="agent"),
        pytest.param("--policy", "lax", ("lax", "standard"), id="policy"),
        pytest.param("--sandbox", "cardboard", ("cardboard", "default"), id="sandbox policy"),
        pytest.param("--scenario", "comedy", ("comedy", "plain"), id="scenario"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(
    place: Place, option: str, value: str, words: tuple[str, ...]
) -> None:
    refused(place.run("do it", option, value), *words)
    assert not place.sessions()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "text", "line", "reason"),
    [
        pytest.param("--policy", 'name = "x"\n[[rule]\n', 2, "", id="policy: not TOML"),
        pytest.param("--policy", 'name = "x"\n\n[[rule]]\nwhen = "a"\nthen = "explode"\n', 5, "explode", id="policy"),
        pytest.param("--sandbox", 'name = "x"\nbackend = "chroot"\n', 2, "bubblewrap", id="sandbox policy"),
        pytest.param("--scenario", 'name = "x"\n[[turn]]\nrole = "designer"\njoke = 1\n', 4, "joke", id="scenario"),
        pytest.param(
            "--scenario", 'name = "x"\n[[turn]]\n[[turn.step]]\nsay = "hi"\n', 2, "whose", id="turn of nobody"
        ),
    ],
)
def test_a_malformed_file_is_refused_with_file_line_and_reason(
    place: Place, option: str, text: str, line: int, reason: str
) -> None:
    path = place.root / "mine.toml"
    path.write_text(text)
    refused(place.run("do it", option, str(path)), f"{path}:{line}: ", reason)
    assert not place.sessions()


@pytest.mark.slow
def test_without_any_cli_it_says_how_to_get_one(place: Place) -> None:
    place.variables["PATH"] = str(place.root)
    done = place.run("do it", "--no-dashboard")
    assert done.returncode == PERSON, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("npm install -g @anthropic-ai/claude-code") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prints", "words"),
    [
        pytest.param("echo '1.0.3 (Claude Code)'", "is older than", id="too old"),
        pytest.param("echo 'Segmentation fault' >&2; exit 139", "139", id="dies"),
        pytest.param(r"printf '\377\000 what?\n'", "version", id="garbage"),
    ],
)
def test_doctor_says_what_is_wrong_with_a_cli(place: Place, prints: str, words: str) -> None:
    place.install("claude", prints)
    place.variables["ANTHROPIC_API_KEY"] = "not-a-real-key"
    done = place.run("doctor")
    assert words in done.stdout
    assert "Traceback" not in done.stderr


HEAD = """[ "$1" = --version ] && { echo '2.1.329 (Claude Code)'; exit 0; }
cat >/dev/null
"""
INIT = '{"type":"system","subtype":"init","session_id":"s1","model":"m","tools":[]}'
END = '{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"s1","permission_denials":[]}'


@pytest.mark.slow
def test_a_cli_that_prints_garbage_fails_and_its_output_is_kept(place: Place) -> None:
    place.install("claude", HEAD + r"printf '\377\376 garbage\n{not json}\n[1,2]\n'; exit 0")
    place.variables["ANTHROPIC_API_KEY"] = "not-a-real-key"
    done = place.run("do it", "--agents", "claude", "--no-dashboard")
    assert done.returncode == PERSON, done.stdout + done.stderr
    assert "does not start" in done.stdout
    assert (place.sessions()[0] / "claude.jsonl").read_bytes() == b"\xff\xfe garbage\n{not json}\n[1,2]\n"


@pytest.mark.slow
def test_a_line_of_64_mib_is_passed_over_and_kept(place: Place) -> None:
    huge = 64 * 1024 * 1024 + 1
    says = f"""echo '{INIT}'
head -c {huge} /dev/zero | tr '\\0' x; echo
echo made > made.txt
echo '{END}'"""
    place.install("claude", HEAD + says)
    place.variables["ANTHROPIC_API_KEY"] = "not-a-real-key"
    done = place.run("do it", "--agents", "claude", "--no-dashboard")
    assert done.returncode == DONE, done.stdout + done.stderr
    assert (place.target / "made.txt").exists()
    assert f"a line of {huge + 1} bytes was skipped" in done.stdout + done.stderr
    assert (place.sessions()[0] / "claude.jsonl").stat().st_size > huge
    assert place.run("replay").returncode == DONE


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [("show",), ("logs", "--session"), ("replay",), ("stop", "--session"), ("resume",), ("answer", "yes", "--session")],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("name", ["20261121-065209-4918", "../../etc"])
def test_a_session_that_does_not_exist_is_named(place: Place, command: tuple[str, ...], name: str) -> None:
    # A path names a session's folder, so only its last part is a session's name.
    refused(place.run(*command, name), f"no session {name.rpartition('/')[2]!r}", "orchestrate sessions")


LONG = """name = "long"
[[turn]]
role = "designer"
[[turn.step]]
pause_s = 60.0
"""


@pytest.mark.slow
def test_a_second_coordinator_is_turned_away_and_harms_nothing(place: Place) -> None:
    (place.root / "long.toml").write_text(LONG)
    with place.begin("do it", *REHEARSE, "--scenario", str(place.root / "long.toml")) as first:
        deadline = time.monotonic() + 30
        while not (place.sessions() and session_holder(place.sessions()[0])):
            assert time.monotonic() < deadline
            assert first.poll() is None
            time.sleep(0.05)
        (session,) = place.sessions()
        second = place.run("resume", session.name)
        assert second.returncode == DONE, second.stderr
        assert "is running" in second.stdout  # told to run on, not run twice
        assert first.poll() is None
        assert b"coordinator_resumed" not in (session / "journal.jsonl").read_bytes()
        assert place.run("stop").returncode == DONE
        first.communicate(timeout=60)
        assert first.returncode == INTERRUPTED
    assert place.run("replay").returncode == DONE


@pytest.mark.slow
def test_of_two_that_take_over_at_once_one_does(place: Place) -> None:
    (place.root / "long.toml").write_text(LONG)
    with place.begin("do it", *REHEARSE, "--scenario", str(place.root / "long.toml")) as first:
        deadline = time.monotonic() + 30
        while not (place.sessions() and list(place.sessions()[0].glob("gemini.jsonl"))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        first.kill()
    (session,) = place.sessions()
    with place.begin("resume", "--no-interactive") as one, place.begin("resume", "--no-interactive") as other:
        while b"coordinator_resumed" not in (session / "journal.jsonl").read_bytes():
            assert time.monotonic() < deadline + 30
            time.sleep(0.05)
        loser = one if session_holder(session) == other.pid else other
        assert loser.wait(timeout=30) in (DONE, FAILED)
        assert place.run("stop").returncode == DONE
        ended = {one.wait(timeout=60), other.wait(timeout=60)}
    assert INTERRUPTED in ended
    assert (session / "journal.jsonl").read_bytes().count(b'"kind":"coordinator_resumed"') == 1
    assert place.run("replay").returncode == DONE
