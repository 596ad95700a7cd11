"""Only one room opens what others made: an offender is caught, and a whole session has none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.files.foreign import ForeignFolder
from tests.foreign_access import ALLOWED, PACKAGE, ROOT, WATCH

CLAUDE = """#!/bin/sh
case " $* " in *" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac
cat >/dev/null
I='"session_id":"00000000-0000-4000-8000-000000000001"'
U='"usage":{"input_tokens":1,"output_tokens":1}'
echo '{"type":"system","subtype":"init",'$I',"tools":["Bash"],"model":"m"}'
echo '{"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"true"}}]},'$I'}'
(echo new >new.txt; ln -s loop loop; mkfifo pipe; mkdir sub; echo x >sub/test_x.py; echo x >$HOME/x)
echo '{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t1","type":"tool_result","content":"ok"}]},'$I'}'
echo '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done.","total_cost_usd":0.001,'$U','$I'}'
"""  # noqa: E501 - records as the CLI writes them


@pytest.fixture
def offences() -> Iterator[list[str]]:
    """What the test itself provokes is not held against it."""
    yield WATCH.offences
    WATCH.offences.clear()


def offender(path: str, code: str) -> Callable[..., object]:
    """A function of a module of the package that does this with its argument."""
    names: dict[str, Callable[..., object]] = {}
    text = f"import os, shutil\nfrom pathlib import Path\ndef act(path):\n    {code}\n"
    exec(compile(text, path, "exec"), names)  # noqa: S102 - it has to come from a file of the package
    return names["act"]


@pytest.mark.parametrize(
    "code",
    [
        "return open(path).close()",
        "return Path(path).read_bytes()",
        "return os.close(os.open(path, os.O_RDONLY))",
        "return os.listdir(os.path.dirname(path))",
        "return os.scandir(os.path.dirname(path)).close()",
        "return list(Path(path).parent.rglob('*'))",
        "return os.path.exists(path)",
        "return Path(path).is_file()",
        "return os.lstat(os.fsencode(path))",
        "return shutil.copyfile(path, path + '.copy')",
        "return __import__('sqlite3').connect(path).close()",
    ],
)
@pytest.mark.parametrize("place", ["target/src/file", "scratch/claude/src/file", "homes/claude/src/file"])
def test_an_offender_is_caught(tmp_path: Path, offences: list[str], code: str, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text("")
    offender(f"{PACKAGE}coordinator/planted.py", code)(str(path))
    assert any(offence.startswith("orchestrator/coordinator/planted.py:4: ") for offence in offences)


def test_a_login_file_is_foreign_too(tmp_path: Path, offences: list[str]) -> None:
    login = tmp_path / ".claude" / ".credentials.json"
    login.parent.mkdir()
    login.write_text("{}")
    offender(f"{PACKAGE}coordinator/planted.py", "return open(path).close()")(str(login))
    assert len(offences) == 1


def test_the_one_way_itself_and_a_test_may(tmp_path: Path, offences: list[str]) -> None:
    path = tmp_path / "target" / "src" / "file"
    path.parent.mkdir(parents=True)
    path.write_text("x")
    assert ForeignFolder(tmp_path / "target").read("src/file", most_bytes=1) == b"x"
    offender(f"{PACKAGE}files/foreign.py", "return open(path).close()")(str(path))
    assert path.read_text() == "x"
    assert offences == []


def test_what_may_is_there() -> None:
    for name in ALLOWED:
        assert Path(ROOT, name).exists(), f"{name} is gone: take it from the list"


@pytest.mark.slow
def test_a_whole_session_opens_what_others_made_in_one_room_only(tmp_path: Path) -> None:
    for name in ("home/.claude", "bin", "project"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bin" / "claude").write_text(CLAUDE)
    (tmp_path / "bin" / "claude").chmod(0o755)
    (tmp_path / "home" / ".claude" / ".credentials.json").write_text("{}")
    (tmp_path / "project" / "a.txt").write_text("a")
    subprocess.run(["git", "init", "-q", tmp_path / "project"], check=True)
    ran = subprocess.run(
        [
            *(sys.executable, "-c", "from tests.foreign_access import watch_main; watch_main()"),
            *(str(tmp_path / "offences"), str(tmp_path / "project")),
            *("run", "do it", "--agents", "claude", "--target", str(tmp_path / "project")),
            *("--workspace", str(tmp_path / "workspace"), "--no-dashboard", "--no-interactive"),
        ],
        cwd=ROOT,
        env={
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "ANTHROPIC_API_KEY": "x",
            "LANG": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (tmp_path / "project" / "new.txt").exists(), ran.stderr
    assert sorted(set((tmp_path / "offences").read_text().splitlines())) == []
