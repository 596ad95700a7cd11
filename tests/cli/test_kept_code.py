"""Compiled code is kept, and never taken for the code of another text."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from orchestrator.cli.kept_code import KeptCode, keep_code

TEXT = "def made(): return 'the first'"


def made_by(path: Path, text: str = TEXT) -> object:
    """What a function says that a process makes of the text, with what is kept there."""
    code = KeptCode(str(path))
    found: dict[str, Callable[[], object]] = {}
    code.execute(text, {}, found)
    code.save()
    return found["made"]()


def indexed(index: list[int] | dict[int, tuple[int, int, int]]) -> bytes:
    data = marshal.dumps(index)
    return len(data).to_bytes(8, "big") + data


def kept_at(path: Path, *texts: str) -> None:
    code = KeptCode(str(path))
    for text in texts:
        code.execute(text, {})
    code.save()


def test_what_was_kept_is_found_by_the_next_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_at(tmp_path / "kept", TEXT)
    monkeypatch.setattr("orchestrator.cli.kept_code.compile", _refuse, raising=False)
    assert made_by(tmp_path / "kept") == "the first"


def test_another_text_of_the_same_checksum_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.cli.kept_code.crc32", lambda _: 7)
    kept_at(tmp_path / "kept", TEXT)
    assert made_by(tmp_path / "kept", TEXT.replace("first", "other")) == "the other"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:-3], id="cut"),
        pytest.param(lambda data: b"\xff" * 64, id="of another kind"),
        pytest.param(lambda data: data[:4] + indexed([1]), id="no index"),
        pytest.param(lambda data: data[:4] + indexed({crc32(TEXT.encode()): (0, len(TEXT), 1 << 60)}), id="too long"),
        pytest.param(
            lambda data: data[:4] + indexed({crc32(TEXT.encode()): (-9, len(TEXT), 5)}), id="before it begins"
        ),
        pytest.param(lambda data: b"\0\0\r\n" + data[4:], id="of another Python"),
        pytest.param(lambda data: data.replace(b"the first", b"tampered!", 1), id="with another text"),
    ],
)
def test_a_damaged_file_counts_as_none_and_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "kept"
    kept_at(path, TEXT)
    path.write_bytes(damage(path.read_bytes()))
    assert made_by(path) == "the first"
    assert TEXT.encode() in path.read_bytes()


def test_two_processes_keep_what_either_compiled(tmp_path: Path) -> None:
    one, other = KeptCode(str(tmp_path / "kept")), KeptCode(str(tmp_path / "kept"))
    one.execute(TEXT, {})
    other.execute("second = 2", {})
    one.save()
    other.save()
    data = (tmp_path / "kept").read_bytes()
    assert TEXT.encode() in data
    assert b"second = 2" in data
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_descriptor_that_is_another_file_by_now_yields_nothing_of_it(tmp_path: Path) -> None:
    kept_at(tmp_path / "kept", TEXT, "second = 2")
    code = KeptCode(str(tmp_path / "kept"))
    code.execute("second = 2", {})
    strange = tmp_path / "strange"
    strange.write_bytes(b"x" * 100_000)
    descriptor = os.open(strange, os.O_RDONLY)
    os.dup2(descriptor, code._descriptor)
    os.close(descriptor)
    found: dict[str, Callable[[], object]] = {}
    code.execute(TEXT, {}, found)
    code.close()
    assert found["made"]() == "the first"


def test_a_folder_that_may_not_be_written_is_no_error(tmp_path: Path) -> None:
    code = KeptCode(str(tmp_path / "missing" / "kept"))
    code.execute(TEXT, {})
    code.save()
    assert not list(tmp_path.iterdir())


def test_a_command_makes_its_dataclasses_of_kept_code(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(tmp_path), "HOME": str(tmp_path)}
    argv = [sys.executable, "-m", "orchestrator", "sessions", "--workspace", str(tmp_path / "none")]
    run = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert [path.stat().st_size > 1000 for path in tmp_path.rglob("*.dataclasses")] == [True]


def test_nothing_is_kept_where_python_keeps_no_byte_code(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delattr(dataclasses, "exec", raising=False)
    keep_code()
    assert not hasattr(dataclasses, "exec")


def _refuse(*_: object) -> None:
    raise AssertionError("it was compiled again")
