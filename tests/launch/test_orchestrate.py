"""``./orchestrate`` sets its environment up once, whatever happens meanwhile, and then starts at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from tests.launch.conftest import Checkout

pytestmark = pytest.mark.slow

PYTHON_LIB = f"lib/python3.{sys.version_info.minor}/site-packages"
DEADLINE_S = 30.0


def told(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def test_a_fresh_clone_sets_up_once_and_passes_its_arguments_on(checkout: Checkout) -> None:
    first = checkout.start("fix it", "", "--x=*", "a\nb")
    assert "setting up (once): 1 packages" in first.stderr
    assert told(first)["arguments"] == ["fix it", "", "--x=*", "a\nb"]
    assert told(first)["tiny"] == "1.0"
    second = checkout.start("again", cwd=checkout.folder / "orchestrator")
    assert second.stderr == ""
    assert told(second)["arguments"] == ["again"]
    assert told(second)["cwd"] == str(checkout.folder / "orchestrator")


def test_a_warm_start_needs_neither_pip_nor_any_python_on_path(checkout: Checkout) -> None:
    told(checkout.start())
    (checkout.tools / "python3").unlink()
    shutil.rmtree(checkout.folder / ".venv" / PYTHON_LIB / "pip")
    shutil.rmtree(checkout.shelf)
    again = checkout.start()
    assert told(again)["tiny"] == "1.0"
    assert again.stderr == ""


def test_it_starts_through_links_from_anywhere(quick_checkout: Checkout, tmp_path: Path) -> None:
    told(quick_checkout.start())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "inner").symlink_to(Path("..") / quick_checkout.folder.name / "orchestrate")
    (tmp_path / "bin" / "outer").symlink_to("inner")
    absolute = tmp_path / "bin" / "absolute"
    absolute.symlink_to(quick_checkout.folder / "orchestrate")
    for command in ([str(tmp_path / "bin" / "outer")], [str(absolute)]):
        assert told(quick_checkout.start(command=command))["main"] == str(
            quick_checkout.folder / "orchestrator/__main__.py"
        )
    by_name = quick_checkout.start(command=["/bin/sh", "orchestrate"], cwd=quick_checkout.folder)
    assert told(by_name)["main"] == str(quick_checkout.folder / "orchestrator/__main__.py")


def test_a_changed_lock_makes_the_environment_anew(quick_checkout: Checkout) -> None:
    told(quick_checkout.start())
    (quick_checkout.folder / ".venv" / "left-over").touch()
    quick_checkout.lock("2.0")
    again = quick_checkout.start()
    assert told(again)["tiny"] == "2.0"
    assert "(anew)" in again.stderr
    assert "pip" not in again.stderr
    assert not (quick_checkout.folder / ".venv" / "left-over").exists()


def test_a_moved_checkout_and_a_vanished_python_make_it_anew(quick_checkout: Checkout, tmp_path: Path) -> None:
    told(quick_checkout.start())
    moved = tmp_path / "moved"
    quick_checkout.folder.rename(moved)
    again = quick_checkout.start(command=[str(moved / "orchestrate")])
    assert told(again)["main"] == str(moved / "orchestrator/__main__.py")
    for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
        (moved / ".venv/bin" / name).unlink()
        (moved / ".venv/bin" / name).symlink_to("/nonexistent/python3.11")
    assert told(quick_checkout.start(command=[str(moved / "orchestrate")]))["tiny"] == "1.0"


# The traces that a set-up leaves on its way, in their order.
MOMENTS = {
    "the lock file": ".venv.lock",
    "the empty environment": ".venv/bin",
    "the package": f".venv/{PYTHON_LIB}/tiny.py",
    "the path file": f".venv/{PYTHON_LIB}/orchestrate-checkout.pth",
}


@pytest.mark.parametrize("trace", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("victim", ["everything", "the shell", "the bootstrap"])
def test_killed_at_any_moment_the_next_start_mends_it(quick_checkout: Checkout, trace: str, victim: str) -> None:
    kill_when_there(quick_checkout, trace, victim=victim)
    assert told(quick_checkout.start("after"))["arguments"] == ["after"]
    assert quick_checkout.start().stderr == ""


@pytest.mark.parametrize("victim", ["everything", "the shell", "the bootstrap"])
def test_killed_when_pip_is_half_there_the_next_start_mends_it(checkout: Checkout, victim: str) -> None:
    kill_when_there(checkout, f".venv/{PYTHON_LIB}/pip", victim=victim)
    assert told(checkout.start("after"))["arguments"] == ["after"]


def test_ctrl_c_ends_the_set_up_with_a_word_and_the_next_start_mends_it(quick_checkout: Checkout) -> None:
    process = begin(quick_checkout)
    wait_for(quick_checkout.folder / ".venv/bin", process)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)
    assert "interrupted; the next start sets up anew" in said
    assert "Traceback" not in said
    assert told(quick_checkout.start())["tiny"] == "1.0"


def begin(checkout: Checkout, *, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start in a process group of its own."""
    return subprocess.Popen(
        checkout.command(),
        env=checkout.environ(),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def wait_for(trace: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not trace.exists() and process.poll() is None:
        assert time.monotonic() < deadline, f"{trace} never came"


def kill_when_there(checkout: Checkout, trace: str, *, victim: str) -> None:
    """SIGKILL one process of a set-up, or all, when it has left the trace; the others go on beside the next start."""
    process = begin(checkout, stderr=subprocess.DEVNULL)
    wait_for(checkout.folder / trace, process)
    if victim == "everything":
        os.killpg(process.pid, signal.SIGKILL)
    elif victim == "the shell":
        process.kill()
    else:
        for child in psutil.Process(process.pid).children():
            child.kill()
    process.wait()


def test_where_uv_cannot_install_pip_is_tried(quick_checkout: Checkout) -> None:
    uv = quick_checkout.tools / "uv"
    uv.unlink()
    uv.write_text("#!/bin/sh\necho 'invalid peer certificate' >&2; exit 2\n", encoding="utf-8")
    uv.chmod(0o755)
    done = quick_checkout.start()
    assert "uv could not install the packages; trying pip" in done.stderr
    assert told(done)["tiny"] == "1.0"


def test_two_at_once_set_up_once_and_both_run(quick_checkout: Checkout) -> None:
    starts = [
        subprocess.Popen(
            quick_checkout.command(str(number)),
            env=quick_checkout.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(2)
    ]
    outcomes = [process.communicate(timeout=110) for process in starts]
    assert [json.loads(out)["arguments"] for out, _ in outcomes] == [["0"], ["1"]]
    assert sum(b"setting up (once)" in err for _, err in outcomes) == 1


def test_nothing_of_the_users_python_leaks_in(checkout: Checkout, tmp_path: Path) -> None:
    false_friend = tmp_path / "false friend"
    (false_friend / "orchestrator").mkdir(parents=True)
    (false_friend / "orchestrator/__main__.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    (false_friend / "json.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    environ = checkout.environ(
        PYTHONPATH=str(false_friend),
        PYTHONHOME="/nonexistent",
        VIRTUAL_ENV="/nonexistent",
        PYTHONDONTWRITEBYTECODE="1",
        PIP_USER="1",
        PIP_TARGET=str(tmp_path / "elsewhere"),
        PIP_REQUIRE_VIRTUALENV="1",
    )
    for _ in ("cold", "warm"):
        answer = told(checkout.start(environ=environ, cwd=false_friend))
        assert answer["main"] == str(checkout.folder / "orchestrator/__main__.py")
        assert answer["isolated"] == 1
        assert answer["bytecode"] is True
    assert list((checkout.folder / ".venv" / PYTHON_LIB / "__pycache__").glob("tiny.*.pyc"))


def test_without_any_python_it_says_what_to_install(checkout: Checkout) -> None:
    (checkout.tools / "python3").unlink()
    done = checkout.start()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "needs Python 3.11 or newer, and found none that works on PATH" in done.stderr
    assert "apt install python3" in done.stderr


def test_an_old_python_and_a_broken_shim_are_passed_over(quick_checkout: Checkout) -> None:
    good = (quick_checkout.tools / "python3").readlink()
    (quick_checkout.tools / "python3").unlink()
    for name, code in {"python3": 3, "python3.11": 127}.items():
        (quick_checkout.tools / name).write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
        (quick_checkout.tools / name).chmod(0o755)
    done = quick_checkout.start()
    assert done.returncode == 2
    assert "these are older: python3" in done.stderr
    (quick_checkout.tools / "python3.13").symlink_to(good)
    assert told(quick_checkout.start())["tiny"] == "1.0"


def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    checkout.lock("1.0", digest="0" * 64)
    done = checkout.start()
    assert done.returncode == 2
    assert "not what the lock says" in done.stderr
    checkout.lock("1.0")
    assert told(checkout.start())["tiny"] == "1.0"


def test_an_unreachable_index_is_named_as_such(checkout: Checkout) -> None:
    checkout.lock("1.0", name="not-on-the-shelf")
    environ = checkout.environ(PIP_INDEX_URL="http://127.0.0.1:9/simple")
    del environ["PIP_NO_INDEX"]
    done = checkout.start(environ=environ)
    assert done.returncode == 2
    assert "the package index cannot be reached" in done.stderr


@pytest.fixture
def rebind(not_proven: Callable[[str], NoReturn]) -> Callable[..., list[str]]:
    """Gives a command that starts others with parts of the file system exchanged."""
    bwrap = shutil.which("bwrap") or _bundled_bwrap()
    if bwrap is None:
        not_proven("no bubblewrap here, so no read-only or full file system can be made")
    if subprocess.run([bwrap, "--dev-bind", "/", "/", "/bin/true"], capture_output=True, check=False).returncode != 0:
        not_proven("no user namespaces here, so no read-only or full file system can be made")
    return lambda *options: [bwrap, "--dev-bind", "/", "/", *options]


def _bundled_bwrap() -> str | None:
    found = sorted(Path(sys.prefix).glob("lib/python3*/site-packages/**/bwrap"))
    return str(found[0]) if found else None


def test_a_checkout_that_cannot_be_written_uses_the_cache_folder(
    quick_checkout: Checkout, rebind: Callable[..., list[str]]
) -> None:
    read_only = rebind("--ro-bind", str(quick_checkout.folder), str(quick_checkout.folder))
    first = quick_checkout.start(command=[*read_only, *quick_checkout.command("x")])
    assert str(told(first)["executable"]).startswith(str(quick_checkout.home / ".cache/orchestrate/"))
    assert not (quick_checkout.folder / ".venv").exists()
    second = quick_checkout.start(command=[*read_only, *quick_checkout.command("x")])
    assert second.stderr == ""
    assert told(second) == told(first)


def test_a_ready_environment_in_a_read_only_checkout_is_used(
    quick_checkout: Checkout, rebind: Callable[..., list[str]]
) -> None:
    told(quick_checkout.start())
    read_only = rebind("--ro-bind", str(quick_checkout.folder), str(quick_checkout.folder))
    done = quick_checkout.start(command=[*read_only, *quick_checkout.command()])
    assert str(told(done)["executable"]).startswith(str(quick_checkout.folder / ".venv"))


def test_a_full_disk_is_named_as_such(checkout: Checkout, tmp_path: Path, rebind: Callable[..., list[str]]) -> None:
    small = tmp_path / "small"
    small.mkdir()
    full = rebind(
        *("--ro-bind", str(checkout.folder), str(checkout.folder)),
        *("--size", "2000000", "--tmpfs", str(small)),
    )
    done = checkout.start(command=[*full, *checkout.command()], environ=checkout.environ(XDG_CACHE_HOME=str(small)))
    assert done.returncode == 2
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python_without_ensurepip_is_told_how_to_get_it(
    checkout: Checkout, tmp_path: Path, rebind: Callable[..., list[str]]
) -> None:
    missing = tmp_path / "missing.py"
    missing.write_text("raise ImportError('packed by itself')\n", encoding="utf-8")
    import ensurepip

    done = checkout.start(command=[*rebind("--ro-bind", str(missing), ensurepip.__file__), *checkout.command()])
    assert done.returncode == 2
    assert "has no 'ensurepip'" in done.stderr
    assert "apt install python3-venv" in done.stderr
