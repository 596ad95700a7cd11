"""Whatever somebody puts into a folder, reading it is an answer: at once, bounded, and never from elsewhere."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from orchestrator.files.foreign import Entry, ForeignFolder, Listing, Status, Unread, resolved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


def reason(found: object) -> str:
    assert isinstance(found, Unread)
    return found.reason


def test_a_regular_file_is_read_whole_in_part_and_hashed(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "b").write_bytes(b"hello \xff")
    ours = ForeignFolder(folder)
    assert ours.read("a/b", most_bytes=7) == b"hello \xff"
    assert ours.read_text(Path("a/b"), most_bytes=100) == "hello \ufffd"
    assert ours.read_start(b"a/b", most_bytes=5) == (b"hello", True)
    assert ours.read_start("a/b", most_bytes=7) == (b"hello \xff", False)
    assert ours.digest("./a//b", most_bytes=7) == hashlib.sha256(b"hello \xff").hexdigest()
    assert ours.is_file("a/b")
    assert ours.is_folder("a")
    assert ours.is_folder()
    assert not ours.is_folder("a/b")


def test_staying_in_a_folder_reads_the_same_and_leaves_nothing_open(folder: Path) -> None:
    for name in ("a/b/one", "a/b/two", "a/three", "four"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "a/b/link").symlink_to("one")
    with ForeignFolder(folder).staying() as near:
        for name in ("a/b/one", "a/b/two", "a/three", "four", "a/b/one"):
            assert near.read(name, most_bytes=100) == name.encode()
        assert near.link("a/b/link") == "one"
        assert reason(near.read("a/b/link", most_bytes=100)) == "a link"
        assert reason(near.read("a/missing/x", most_bytes=100)) == "missing"
        assert reason(near.read("a/b/../three", most_bytes=100)) == "bad name"
        assert near.read("a/three", most_bytes=100) == b"a/three"
        (folder / "a").rename(folder / "moved")
        (folder / "a").symlink_to("/etc")
        # What was moved away is read where it was; nothing is read behind the link.
        assert near.read("a/three", most_bytes=100) == b"a/three"
        assert reason(near.read("a/b/one", most_bytes=100)) == "not a folder"


def test_a_larger_file_is_not_read_at_all(folder: Path) -> None:
    with (folder / "huge").open("wb") as file:
        file.truncate(60 << 30)
    ours = ForeignFolder(folder)
    assert reason(ours.read("huge", most_bytes=1000)) == "too large"
    assert reason(ours.digest("huge", most_bytes=1000)) == "too large"
    assert reason(ours.copy("huge", folder / "copy", most_bytes=1000)) == "too large"
    assert str(ours.read("huge", most_bytes=1000)) == "huge has 64,424,509,440 bytes, more than the 1,000 that are read"
    assert ours.read_start("huge", most_bytes=2) == (b"\0\0", True)


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device", "missing"])
def test_what_is_no_file_is_not_opened(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder / "x"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "socket":
            monkeypatch.chdir(folder)
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind("x")
        case "folder":
            place.mkdir()
        case "device":
            folder, place = Path("/dev"), Path("/dev/zero")
    ours = ForeignFolder(folder)
    for found in (
        ours.read(place.name, most_bytes=10),
        ours.read_start(place.name, most_bytes=10),
        ours.digest(place.name, most_bytes=10),
    ):
        assert reason(found) == ("missing" if kind == "missing" else "not a file")
    if kind != "missing":
        status = ours.status(place.name)
        assert isinstance(status, Status)
        assert status.kind == kind


def test_a_file_of_the_kernels_own_is_none() -> None:
    assert reason(ForeignFolder(Path("/proc")).read("self/status", most_bytes=1 << 20)) == "not a folder"  # a link
    assert reason(ForeignFolder(Path("/proc/1")).read("status", most_bytes=1 << 20)) == "not a file"
    assert reason(ForeignFolder(Path("/proc")).entries()) == "not a file"


def test_no_link_is_followed(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (folder / "file").symlink_to(outside / "secret")
    (folder / "way").symlink_to(outside)
    (folder / "loop").symlink_to("loop")
    (folder / "gone").symlink_to("nowhere")
    ours = ForeignFolder(folder)
    assert reason(ours.read("file", most_bytes=10)) == "a link"
    assert reason(ours.read("way/secret", most_bytes=10)) == "not a folder"
    assert reason(ours.entries("way")) == "not a folder"
    assert reason(ours.read("loop", most_bytes=10)) == "a link"
    assert reason(ours.read("loop/x", most_bytes=10)) == "not a folder"
    assert ours.link("gone") == "nowhere"
    with pytest.raises(OSError, match="is a link or no folder"):
        ours.write("way/new", b"x")
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]


def test_in_the_users_own_home_links_are_followed_and_the_limits_hold(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "login").write_text("token")
    (folder / ".cli").symlink_to(folder.parent / "elsewhere")
    os.mkfifo(folder.parent / "elsewhere" / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "zero").symlink_to("/dev/zero")
    home = ForeignFolder(folder, links="follow")
    assert home.read(".cli/login", most_bytes=10) == b"token"
    assert reason(home.read(".cli/pipe", most_bytes=10)) == "not a file"
    assert reason(home.read("zero", most_bytes=10)) == "not a file"
    assert reason(home.read("loop", most_bytes=10)) == "a link"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", "a\0b", "x" * 300])
def test_a_name_that_leads_elsewhere_is_refused(folder: Path, name: str) -> None:
    assert reason(ForeignFolder(folder).read(name, most_bytes=10)) == "bad name"


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_lease_of_somebody_else_is_not_waited_for(folder: Path) -> None:
    (folder / "held").write_text("x")
    with (folder / "held").open("r+b") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        # The kernel tells a holder by SIGIO, which would end us.
        fcntl.fcntl(file, fcntl.F_SETOWN, 0)
        code = (
            "import sys; from pathlib import Path; from orchestrator.files.foreign import ForeignFolder;"
            "print(ForeignFolder(Path(sys.argv[1])).read('held', most_bytes=9).reason)"
        )
        import signal

        before = signal.signal(signal.SIGIO, signal.SIG_IGN)
        try:
            ran = subprocess.run(
                [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=30, check=True
            )
        finally:
            signal.signal(signal.SIGIO, before)
    assert ran.stdout == "busy\n"


def test_what_may_not_be_read_is_said(ordinary_folder: Path) -> None:
    (ordinary_folder / "file").write_text("x")
    (ordinary_folder / "file").chmod(0)
    (ordinary_folder / "shut").mkdir(mode=0)
    ours = ForeignFolder(ordinary_folder)
    assert reason(ours.read("file", most_bytes=10)) == "not permitted"
    assert reason(ours.entries("shut")) == "not permitted"
    assert [str(found) for found in ours.walk() if isinstance(found, Unread)] == ["shut may not be read"]
    (ordinary_folder / "shut").chmod(0o700)


def test_a_folder_is_listed_in_order_with_odd_names_and_bounded(folder: Path) -> None:
    names = [b"b", b"a\nb", b"\xff\xfe", b"\x1b[31m", "ü".encode()]
    for name in names:
        (folder / os.fsdecode(name)).write_text("")
    ours = ForeignFolder(folder)
    listed = ours.entries()
    assert isinstance(listed, Listing)
    assert not listed.is_cut
    assert sorted(os.fsencode(entry.name) for entry in listed.entries) == sorted(names)
    assert [entry.name for entry in listed.entries] == sorted(entry.name for entry in listed.entries)
    cut = ours.entries(most=2)
    assert isinstance(cut, Listing)
    assert cut.is_cut
    assert len(cut.entries) == 2
    assert str(ours.read("a\nc", most_bytes=1)) == "'a\\nc' is not there"


def test_a_walk_names_everything_once_enters_no_link_and_stops_when_told(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c").write_text("")
    (folder / "node_modules" / "x").mkdir(parents=True)
    (folder / "way").symlink_to("a")
    ours = ForeignFolder(folder)
    found = [
        entry.name for entry in ours.walk(skip=lambda entry: entry.base == "node_modules") if isinstance(entry, Entry)
    ]
    assert found == ["a", "way", "a/b", "a/b/c"]
    *_, last = ours.walk(most=2)
    assert reason(last) == "too many"


@pytest.mark.slow
def test_a_tree_deeper_than_any_path_is_walked_copied_from_and_removed(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("deep" * 5, dir_fd=here)
        further = os.open("deep" * 5, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = further
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    ours = ForeignFolder(folder)
    *_, last = ours.walk()
    assert isinstance(last, Entry)
    assert last.name.endswith("/file")
    assert ours.read(last.name, most_bytes=1) == b""
    assert ours.remove_all() == ()
    assert not folder.exists()


def test_a_file_is_written_whole_with_its_folders(folder: Path) -> None:
    ours = ForeignFolder(folder)
    ours.write("new/inner/file", b"one")
    ours.write("new/inner/file", b"two", mode=0o644)
    assert (folder / "new" / "inner" / "file").read_bytes() == b"two"
    assert (folder / "new" / "inner" / "file").stat().st_mode & 0o777 == 0o644
    assert (folder / "new").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (folder / "new" / "inner").iterdir()] == ["file"]
    ours.remove("new/inner/file")
    ours.remove("new/inner/file")
    assert not (folder / "new" / "inner" / "file").exists()


def test_a_copy_has_content_and_mode_and_replaces_nothing(folder: Path) -> None:
    (folder / "tool").write_text("#!/bin/sh\n")
    (folder / "tool").chmod(0o755)
    copy = folder.parent / "copy"
    assert isinstance(ForeignFolder(folder).copy("tool", copy, most_bytes=100), Status)
    assert copy.read_text() == "#!/bin/sh\n"
    assert copy.stat().st_mode & 0o777 == 0o755
    with pytest.raises(FileExistsError):
        ForeignFolder(folder).copy("tool", copy, most_bytes=100)


def test_a_folder_is_removed_without_what_its_links_lead_to(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    (folder / "a").mkdir()
    (folder / "a" / "way").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    assert ForeignFolder(folder).remove_all("a") == ()
    assert not (folder / "a").exists()
    assert (folder / "pipe").exists()
    assert ForeignFolder(folder).remove_all() == ()
    assert (outside / "kept").exists()
    assert not folder.exists()
    assert ForeignFolder(folder).remove_all() == ()


def test_folders_without_rights_are_removed(ordinary_folder: Path) -> None:
    inner = ordinary_folder / "gone" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").write_text("")
    inner.chmod(0)
    inner.parent.chmod(0o500)
    assert ForeignFolder(ordinary_folder).remove_all("gone") == ()
    assert not inner.parent.exists()


def test_links_are_resolved_and_a_loop_is_an_answer(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "way").symlink_to(".")
    assert resolved(folder / "way" / "new") == folder.resolve() / "new"
    assert reason(resolved(folder / "loop")) == "a link"
    assert reason(resolved(folder / "loop" / "x")) == "a link"
    assert reason(resolved(Path("a\0b"))) == "bad name"


def test_links_folders_and_attributes_are_set_without_following_anything(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs")
    ours = ForeignFolder(folder)
    ours.make_folder("sub")
    ours.place_link("sub/link", "../../outside/file")
    ours.place_link("sub/link", b"../../outside/\xff")
    assert ours.link("sub/link") == "../../outside/\udcff"
    ours.write("sub/file", b"x", mode=0o640)
    ours.set_attributes("sub/file", mode=0o4751, mtime_ns=1_000_000_000)
    ours.set_attributes("sub/link", mtime_ns=2_000_000_000)
    ours.set_attributes("sub", mode=0o711, mtime_ns=3_000_000_000)
    found = [ours.status(name) for name in ("sub/file", "sub/link", "sub")]
    assert [one.mtime_ns for one in found if isinstance(one, Status)] == [1_000_000_000, 2_000_000_000, 3_000_000_000]
    assert (folder / "sub" / "file").stat().st_mode & 0o7777 == 0o4751
    (folder / "way").symlink_to(outside)
    for act in (
        partial(ours.set_attributes, "way/file", mode=0o600),
        partial(ours.place_link, "way/new", "x"),
        partial(ours.create, "way/new"),
        partial(ours.remove_folder, "sub"),
    ):
        with pytest.raises(OSError, match=r"."):
            act()
    assert sorted(path.name for path in outside.iterdir()) == ["file"]


def test_a_file_is_made_only_where_none_is(folder: Path) -> None:
    ours = ForeignFolder(folder)
    ours.create("lock", b"1")
    with pytest.raises(FileExistsError):
        ours.create("lock", b"2")
    assert (folder / "lock").read_bytes() == b"1"
    ours.make_folder("empty")
    ours.remove_folder("empty")
    assert not (folder / "empty").exists()


def test_an_exchange_returns_what_stood_there_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("old")
    folder = ForeignFolder(tmp_path)
    assert folder.exchange("in/file", b"new", most_bytes=10) == b"old"
    assert (tmp_path / "in" / "file").read_text() == "new"
    with pytest.raises(OSError, match="renameat2"):
        folder.exchange("in/missing", b"new", most_bytes=10)
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["file"]


def test_what_is_renamed_keeps_all_and_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").symlink_to("nowhere")
    folder = ForeignFolder(tmp_path)
    with pytest.raises(FileExistsError):
        folder.rename("a", "b")
    folder.rename("a", "c")
    folder.rename("b", "d")
    assert (tmp_path / "c").read_text() == "1"
    assert (tmp_path / "d").readlink() == Path("nowhere")
    with pytest.raises(FileNotFoundError):
        folder.rename("a", "e")


def test_a_file_that_does_not_fit_is_not_made(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            ForeignFolder(tmp_path).create("a", b"text")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
