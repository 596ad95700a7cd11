"""Packs that we write are git's, and are read as they were written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.snapshots import object_packs
from orchestrator.snapshots.git_objects import ObjectStore, name_of
from orchestrator.snapshots.object_packs import packing, packs_in, remove_unfinished

CONTENTS = (b"", b"x", b"y" * 15, b"z" * 16, b"long\n" * 500_000, os.urandom(3_000))


def filled(folder: Path, contents: tuple[bytes, ...] = CONTENTS) -> ObjectStore:
    store = ObjectStore(folder / "objects")
    with store.packing() as pack:
        for content in contents:
            store.write("blob", content, pack=pack)
    return store


def test_git_reads_what_was_packed_and_finds_nothing_wrong(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)
    filled(tmp_path)
    (index,) = (tmp_path / "objects/pack").glob("*.idx")
    subprocess.run(["git", "verify-pack", str(index)], check=True, cwd=tmp_path)
    for content in CONTENTS:
        asked = ["git", "cat-file", "blob", name_of("blob", content).hex()]
        assert subprocess.run(asked, cwd=tmp_path, check=True, capture_output=True).stdout == content


def test_what_was_packed_is_read_again_by_another_process(tmp_path: Path) -> None:
    filled(tmp_path)
    other = ObjectStore(tmp_path / "objects")
    assert [other.read(name_of("blob", content)) for content in CONTENTS] == list(CONTENTS)


def test_what_is_packed_is_not_written_again(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.write("blob", b"x")
    with store.packing() as pack:
        store.write("blob", b"x", pack=pack)
        assert name_of("blob", b"x") not in pack
    assert [path.name for path in (tmp_path / "objects").iterdir()] == ["pack"]


def test_of_a_pack_that_was_not_completed_nothing_stays(tmp_path: Path) -> None:
    class Interruption(Exception):
        pass

    store = ObjectStore(tmp_path / "objects")

    def be_interrupted() -> None:
        with store.packing() as pack:
            store.write("blob", b"x", pack=pack)
            raise Interruption

    with pytest.raises(Interruption):
        be_interrupted()
    assert list((tmp_path / "objects/pack").iterdir()) == []
    assert packs_in(tmp_path / "objects/pack") == ()
    (tmp_path / "objects/pack/unfinished-1-abc.pack").write_bytes(b"killed")
    remove_unfinished(tmp_path / "objects/pack")
    assert list((tmp_path / "objects/pack").iterdir()) == []


def test_places_beyond_what_four_bytes_hold_have_a_table_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_packs, "_FAR", 2_000)
    contents = tuple(os.urandom(900) for _ in range(9))
    store = filled(tmp_path, contents)
    assert [store.read(name_of("blob", content)) for content in contents] == list(contents)


@pytest.mark.parametrize("damage", [b"", b"\xfftOc", b"no index at all" * 100])
def test_what_is_no_index_is_no_pack(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "pack-1.idx").write_bytes(damage)
    assert packs_in(tmp_path) == ()


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_contents_come_back(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("pack")
    names = [name_of("blob", content) for content in contents]
    with packing(folder) as pack:
        for name, content in zip(names, contents, strict=True):
            if name not in pack:
                pack.add(name, content)
    (found,) = packs_in(folder)
    assert found.count == len(set(names))
    for name, content in zip(names, contents, strict=True):
        place = found.place_of(name)
        assert place is not None
        assert found.read(place) == content
    assert found.place_of(bytes(20)) is None
    assert found.place_of(b"\xff" * 20) is None
