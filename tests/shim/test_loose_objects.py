from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest

from orchestrator.shim.loose_objects import is_loose, take_objects
from tests.workers.repository import git, new_repository


def loose(folder: Path, body: bytes, *, oid: str = "", raw: bytes | None = None) -> str:
    whole = b"blob %d\0" % len(body) + body
    name = oid or hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    (folder / name[:2]).mkdir(parents=True, exist_ok=True)
    (folder / name[:2] / name[2:]).write_bytes(zlib.compress(whole) if raw is None else raw)
    return name


def no_pack(opened: int) -> str | None:
    raise AssertionError(opened)


def test_objects_arrive_as_git_wants_them(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    name = loose(tmp_path / "layer", b"new" * 500_000)
    assert take_objects(str(tmp_path / "layer"), str(target / ".git" / "objects"), "sha1", no_pack) == []
    assert git(target, "cat-file", "-s", name) == "1500000\n"
    assert git(target, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize(
    ("raw", "because"),
    [
        (zlib.compress(b"blob 3\0old"), "its content is not what its name says"),
        (zlib.compress(b"blob 9\0old"), "it is cut short"),
        (zlib.compress(b"blob 2\0old"), "it is longer than it says"),
        (zlib.compress(b"blob 3\0old") + b"more", "something stands behind it"),
        (zlib.compress(b"bomb 3\0old"), "it is not an object"),
        (zlib.compress(b"\0" * (1 << 20)), "it is not an object"),
        (zlib.compress(b"blob 3\0old")[:-6], "it is cut short"),
        (b"plain", "it is damaged"),
        (b"", "it is cut short"),
    ],
)
def test_what_is_not_what_its_name_says_stays_outside(tmp_path: Path, raw: bytes, because: str) -> None:
    name = loose(tmp_path / "layer", b"new", raw=raw)
    real = tmp_path / "real"
    real.mkdir()
    assert take_objects(str(tmp_path / "layer"), str(real), "sha1", no_pack) == [f"object {name}: {because}"]
    assert [path for path in real.rglob("*") if path.is_file()] == []


def test_nothing_but_objects_and_packs_is_looked_at(tmp_path: Path) -> None:
    layer, real = tmp_path / "layer", tmp_path / "real"
    for path in ("info/alternates", "pack/pack-1.idx", "pack/multi-pack-index", "info/commit-graph", "aa/short"):
        (layer / path).parent.mkdir(parents=True, exist_ok=True)
        (layer / path).write_text("/evil\n")
    real.mkdir()
    assert take_objects(str(layer), str(real), "sha1", no_pack) == []
    assert list(real.iterdir()) == []


def test_a_pack_is_given_to_git_and_what_it_says_is_passed_on(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    (layer / "pack").mkdir(parents=True)
    (layer / "pack" / "pack-1.pack").write_bytes(b"PACK")

    def index_pack(opened: int) -> str | None:
        return os.read(opened, 4).decode()

    assert take_objects(str(layer), str(tmp_path), "sha1", index_pack) == ["pack-1.pack: PACK"]


def test_a_loose_object_is_known_by_its_name() -> None:
    assert is_loose("ab/" + "0" * 38, "sha1")
    assert is_loose("ab/" + "0" * 62, "sha256")
    assert not is_loose("ab/" + "0" * 62, "sha1")
    assert not is_loose("ab/" + "g" * 38, "sha1")
