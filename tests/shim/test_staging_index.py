from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.shim.staging_index import (
    Entry,
    UnreadableIndex,
    changed_blobs,
    is_good_name,
    merge,
    read_index,
    skip_outside,
    write_index,
)
from tests.workers.repository import commit, git, new_repository

STAT = bytes(24) + (0o100644).to_bytes(4, "big") + bytes(12)


def entry(name: str, content: int = 1, *, stat: bytes = STAT, flags: tuple[int, int] = (0, 0)) -> Entry:
    return Entry(name.encode(), 0, bytes([content]) * 20, stat, flags)


def whats(entries: list[Entry]) -> list[object]:
    return [each.what for each in entries]


@pytest.mark.parametrize("version", [2, 3, 4])
def test_an_index_of_any_version_is_read_as_git_reads_it(tmp_path: Path, version: int) -> None:
    target = new_repository(tmp_path / "t")
    for name in ("x" * 200, "sub", "söme"):
        (target / f"{name}.txt").write_text(name)
    git(target, "add", "-A")
    (target / "later.txt").write_text("1")
    git(target, "add", "-N", "later.txt")
    git(target, "update-index", f"--index-version={version}")
    data = (target / ".git" / "index").read_bytes()
    listed = git(target, "-c", "core.quotePath=false", "ls-files", "-s").splitlines()
    found = [f"{e.mode:o} {e.oid.hex()} {e.stage}\t{e.name.decode()}" for e in read_index(data, "sha1")]
    assert found == listed


def test_what_is_written_is_read_by_git(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    index = target / ".git" / "index"
    before = git(target, "ls-files", "-s", "--debug")
    index.write_bytes(write_index(read_index(index.read_bytes(), "sha1"), "sha1"))
    assert git(target, "ls-files", "-s", "--debug") == before


def test_stages_of_a_conflict_are_kept(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    git(target, "switch", "-qc", "other")
    commit(target, a="other\n")
    git(target, "switch", "-q", "main")
    commit(target, a="main\n")
    git(target, "merge", "-q", "other", check=False)
    data = (target / ".git" / "index").read_bytes()
    assert [each.stage for each in read_index(data, "sha1")] == [1, 2, 3, 0]
    assert whats(read_index(write_index(read_index(data, "sha1"), "sha1"), "sha1")) == whats(read_index(data, "sha1"))


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_unreadable(data: bytes) -> None:
    for prefix in (b"", b"DIRC\0\0\0\2\0\0\0\1", b"DIRC\0\0\0\4\0\0\0\2"):
        try:
            read_index(prefix + data, "sha1")
        except UnreadableIndex:
            continue


@pytest.mark.parametrize("settings", [("core.splitIndex", "true")])
def test_an_index_in_parts_is_not_taken_over(tmp_path: Path, settings: tuple[str, str]) -> None:
    target = new_repository(tmp_path / "t")
    git(target, "config", *settings)
    git(target, "update-index", "--split-index")
    with pytest.raises(UnreadableIndex):
        read_index((target / ".git" / "index").read_bytes(), "sha1")


@pytest.mark.parametrize(
    "name", [b".git/config", b"a/.GIT/x", b"../x", b"/x", b"a//b", b"a/./b", b"git~1/x", b".git /x", b"a\\.git\\x", b""]
)
def test_no_path_leads_into_a_git_folder(name: bytes) -> None:
    assert not is_good_name(name)
    with pytest.raises(UnreadableIndex):
        read_index(write_index([Entry(name, 0, bytes(20), STAT, (0, 0))], "sha1"), "sha1")


@pytest.mark.parametrize("name", [b"a.txt", b"a/.gitignore", b".github/x", b"git", "ö/ß".encode(), b"...", b"\xff"])
def test_ordinary_paths_are_good(name: bytes) -> None:
    assert is_good_name(name)


def test_a_link_is_never_a_list_of_submodules() -> None:
    assert not is_good_name(b".gitmodules", 0o120000)


def test_what_both_changed_stays_as_it_really_is() -> None:
    base = [entry("a"), entry("b"), entry("c"), entry("d")]
    theirs = [entry("a", 2), entry("b", 2), entry("d"), entry("new", 2)]
    real = [entry("a"), entry("b", 3), entry("c"), entry("d", 3)]
    merged, refused = merge(base, theirs, real)
    assert {each.name: each.oid[0] for each in merged} == {b"a": 2, b"b": 3, b"d": 3, b"new": 2}
    assert refused == [b"b"]


def test_an_agent_cannot_tell_git_not_to_look_at_a_file() -> None:
    seen = b"\1" * 24 + STAT[24:]
    lying = [entry("a", stat=seen, flags=(0x8000, 0x4000)), entry("b", 2, stat=seen, flags=(0x8000, 0x4000))]
    merged, _ = merge([entry("a"), entry("b")], lying, [entry("a"), entry("b")])
    assert [(each.stat, each.flags) for each in merged] == [(STAT, (0, 0))] * 2


def test_only_new_blobs_must_be_there() -> None:
    assert changed_blobs([entry("a", 1)], [entry("a", 2), entry("b", 1)]) == {b"\2" * 20}


def test_what_is_out_of_sight_is_skipped() -> None:
    skipped = skip_outside([entry("sub/a"), entry("top")], b"sub/")
    assert [each.flags[1] for each in skipped] == [0, 0x4000]
