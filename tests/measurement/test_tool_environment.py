from __future__ import annotations

from pathlib import Path

from orchestrator.measurement.tool_environment import LOCK, ready_tools


def test_every_tool_is_locked_by_hash() -> None:
    text = LOCK.read_text()
    packages = [line for line in text.splitlines() if line[:1].isalnum()]
    assert all("==" in line for line in packages)
    assert text.count("--hash=sha256:") >= len(packages)


def test_what_cannot_be_set_up_is_a_reason_and_no_exception(tmp_path: Path) -> None:
    said = ready_tools(tmp_path, {}, lock=tmp_path / "nowhere.lock")
    assert isinstance(said, str)
    assert "cannot be read" in said
    lock = tmp_path / "tools.lock"
    lock.write_text("orchestrate-no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    (tmp_path / "gates").write_text("a file, where a folder has to be")
    said = ready_tools(tmp_path, {"PATH": ""}, lock=lock)
    assert isinstance(said, str)
    assert "cannot be set up" in said


def test_an_environment_that_is_ready_is_taken_as_it_is(tmp_path: Path) -> None:
    import hashlib
    import os
    import sys

    lock = tmp_path / "tools.lock"
    lock.write_bytes(b"ruff==1.2.3 --hash=sha256:0\n")
    name = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = tmp_path / "gates" / f"{name}-{sys.implementation.cache_tag}"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    (folder / ".ready").write_bytes(os.fsencode(folder) + b"\n")
    (folder / ".ready.lock").write_bytes(lock.read_bytes())
    tools = ready_tools(tmp_path, {}, lock=lock)
    assert not isinstance(tools, str)
    assert (tools.versions, tools.programs) == ({"ruff": "1.2.3"}, folder / "bin")
    assert (tools.base / "bin").is_dir()
    assert tools.python.exists()
