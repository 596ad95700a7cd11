"""The bootstrap says what went wrong in words that help, and knows a ready environment from another."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from orchestrator.launching import LOCK_COPY, MISLEADING, STAMP, Wanted, hint_of, is_ready, main


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    """A ready environment for the lock ``b"one"``."""
    environment = tmp_path / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to(sys.executable)
    (environment / STAMP).write_text(f"{tmp_path}\n3.11\n", encoding="utf-8")
    (environment / LOCK_COPY).write_bytes(b"one")
    return Wanted("orchestrate", tmp_path, tmp_path / "lock", environment)


def test_an_environment_is_ready_for_its_checkout_and_lock_only(wanted: Wanted) -> None:
    assert is_ready(wanted, b"one")
    assert not is_ready(wanted, b"two")
    assert not is_ready(Wanted("orchestrate", Path("/elsewhere"), wanted.lock, wanted.environment), b"one")


@pytest.mark.parametrize("missing", [STAMP, LOCK_COPY, "bin/python"])
def test_an_environment_that_lacks_anything_is_not_ready(wanted: Wanted, missing: str) -> None:
    (wanted.environment / missing).unlink()
    assert not is_ready(wanted, b"one")


def test_a_ready_environment_is_left_alone(wanted: Wanted, capsys: pytest.CaptureFixture[str]) -> None:
    wanted.lock.write_bytes(b"one")
    arguments = ["orchestrate", str(wanted.checkout), str(wanted.lock), str(wanted.environment)]
    assert main(arguments, {"PATH": os.defpath}) == 0
    assert capsys.readouterr().err == ""


def test_a_missing_lock_is_an_error_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["orchestrate", str(tmp_path), str(tmp_path / "none.lock"), str(tmp_path / ".venv")], {})
    assert code == 2
    said = capsys.readouterr().err
    assert "orchestrate: error: cannot set up" in said
    assert "hint:" in said


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "XDG_CACHE_HOME"), (errno.EIO, "/there")],
)
def test_the_hint_fits_the_error(number: int, expected: str) -> None:
    assert expected in hint_of(OSError(number, os.strerror(number), "/there"))


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "UV_PYTHON"])
def test_settings_that_send_packages_elsewhere_are_dropped(name: str) -> None:
    assert MISLEADING.fullmatch(name)


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "PIP_CERT", "UV_INDEX_URL", "HTTPS_PROXY", "PATH", "PIP_NO_INDEX"])
def test_settings_that_say_where_packages_come_from_are_kept(name: str) -> None:
    assert not MISLEADING.fullmatch(name)
