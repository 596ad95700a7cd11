from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.snapshots.manifest import look_at, read_manifest, write_manifest


def test_folders_count_that_hold_a_recorded_file_or_none_at_all(tmp_path: Path) -> None:
    for name in ("src/a.py", "ignored/deep/x.o", "both/b.py", "both/cache/y.o", ".git/HEAD", "out/session/z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "src" / "a.py").chmod(0o604)
    os.utime(tmp_path / "src" / "a.py", ns=(1, 123_456_789))
    found = look_at(tmp_path, {b"out"}, {b"src/a.py": 1, b"both/b.py": 1})
    assert set(found.folders) == {b"", b"src", b"both", b"empty", b"empty/inner"}
    assert set(found.files) == {b"src/a.py", b"both/b.py"}
    seen = found.files[b"src/a.py"]
    assert (seen.mode, seen.mtime_ns, seen.size) == (0o604, 123_456_789, 1)


def test_what_was_kept_is_read_back_whatever_the_names(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    odd = b"odd\n\xff"
    (target / os.fsdecode(odd)).write_text("1")
    manifest = look_at(target, (), {odd: 1})
    write_manifest(tmp_path / "m", manifest)
    assert read_manifest(tmp_path / "m") == manifest
    assert read_manifest(tmp_path / "other") is None
    for damaged in (b"", b"x", zlib.compress(b"{}"), zlib.compress(b'{"format": 99}')):
        (tmp_path / "m").write_bytes(damaged)
        with pytest.raises(EnvironmentUnfit):
            read_manifest(tmp_path / "m")
