"""The ``/etc`` that workers see."""

from __future__ import annotations

import errno
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from orchestrator.sandbox.mounts import Mount
from orchestrator.sandbox.system_files import first_cause, shown_as_they_are, write_system_files


def etc(folder: Path) -> Path:
    (folder / "ssl" / "private").mkdir(parents=True)
    (folder / "ssl" / "private" / "server.key").write_text("canary")
    (folder / "ssl" / "certs").mkdir()
    (folder / "ssl" / "certs" / "ca.pem").symlink_to("/usr/share/ca.pem")
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    (folder / "shadow").write_text("canary")
    (folder / "passwd").write_text("root:x:0:0\nsomebody:x:1001:1001\n")
    os.mkfifo(folder / "ssl" / "certs" / "pipe")
    return folder


def test_it_holds_what_programs_need_and_no_secret(tmp_path: Path) -> None:
    write_system_files(tmp_path / "copy", source=etc(tmp_path / "etc"))
    copied = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")}
    assert copied == {"hosts", "passwd", "group", "ssl", "ssl/certs", "ssl/certs/ca.pem"}
    assert (tmp_path / "copy" / "ssl" / "certs" / "ca.pem").is_symlink()
    assert "somebody" not in (tmp_path / "copy" / "passwd").read_text()


def test_several_threads_make_one_copy(tmp_path: Path) -> None:
    source = etc(tmp_path / "etc")
    for number in range(200):
        (source / "ssl" / f"{number}.cnf").write_text("x")
    together = Barrier(8)

    def write(folder: Path) -> None:
        together.wait()
        write_system_files(folder, source=source)

    with ThreadPoolExecutor(8) as pool:
        for number in range(5):
            list(pool.map(write, [tmp_path / f"copy-{number}"] * 8))
            assert (tmp_path / f"copy-{number}" / "ssl" / "199.cnf").read_text() == "x"


def test_a_copy_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / ".ssl.part" / "certs").mkdir(parents=True)
    write_system_files(copy, source=etc(tmp_path / "etc"))
    assert (copy / "ssl" / "certs" / "ca.pem").is_symlink()
    assert not (copy / ".ssl.part").exists()


def test_a_folder_of_links_alone_is_shown_itself_and_not_copied(tmp_path: Path) -> None:
    source, copy = etc(tmp_path / "etc"), tmp_path / "copy"
    (source / "ssl" / "certs" / "pipe").unlink()
    (source / "alternatives").mkdir()
    (source / "alternatives" / "cc").symlink_to("/usr/bin/gcc")
    write_system_files(copy, source=source)
    assert list((copy / "alternatives").iterdir()) == list((copy / "ssl" / "certs").iterdir()) == []
    mount = Mount(source, "read", str(copy))
    names = ("alternatives", "ssl/certs")
    assert shown_as_they_are(mount, source=source) == [Mount(source / n, "read", str(source / n)) for n in names]
    assert shown_as_they_are(Mount(source, "hidden"), source=source) == ()
    assert shown_as_they_are(Mount(tmp_path, "read", str(copy)), source=source) == ()


@pytest.mark.parametrize("odd", ["pipe", "private"])
def test_a_folder_in_which_more_than_that_lies_is_copied(tmp_path: Path, odd: str) -> None:
    source, copy = etc(tmp_path / "etc"), tmp_path / "copy"
    (source / "ssl" / "certs" / "pipe").unlink()
    (source / "ssl" / "certs" / "below").mkdir()
    place = source / "ssl" / "certs" / "below" / odd
    if odd == "pipe":
        os.mkfifo(place)
    else:
        place.write_text("canary")
    write_system_files(copy, source=source)
    assert (copy / "ssl" / "certs" / "ca.pem").is_symlink()
    assert list((copy / "ssl" / "certs" / "below").iterdir()) == []
    assert shown_as_they_are(Mount(source, "read", str(copy)), source=source) == []


def test_a_changed_file_is_copied_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    source, copy = etc(tmp_path / "etc"), tmp_path / "copy"
    write_system_files(copy, source=source)
    before = (copy / "hosts").stat()
    write_system_files(copy, source=source)
    assert (copy / "hosts").stat().st_ctime_ns == before.st_ctime_ns
    (source / "hosts").write_text("10.0.0.1 other\n")
    write_system_files(copy, source=source)
    assert (copy / "hosts").read_text() == "10.0.0.1 other\n"


def test_settings_of_language_runtimes_are_copied_where_everybody_may_read_them(tmp_path: Path) -> None:
    source = etc(tmp_path / "etc")
    for name in ("php/8.2/cli/conf.d/dom.ini", "php/8.2/fpm/pool.conf", "java-17-openjdk/security/x", "other/y"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
        (source / name).chmod(0o644)
        for folder in (source / name).parents:  # whatever the umask is
            if folder.is_relative_to(source):
                folder.chmod(0o755)
    (source / "php/8.2/fpm/pool.conf").chmod(0o640)
    write_system_files(tmp_path / "copy", source=source)
    copied = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert {"php/8.2/cli/conf.d/dom.ini", "java-17-openjdk/security/x"} <= copied
    assert not {"php/8.2/fpm/pool.conf", "other/y"} & copied


def test_a_full_disk_is_known_by_its_number_from_what_a_copy_gathered(tmp_path: Path) -> None:
    def fills_up(source: str, to: str) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), source, None, to)

    (tmp_path / "etc" / "ssl").mkdir(parents=True)
    (tmp_path / "etc" / "ssl" / "certs.pem").write_text("x")
    with pytest.raises(shutil.Error) as caught:
        shutil.copytree(tmp_path / "etc", tmp_path / "copy", copy_function=fills_up)
    assert first_cause(caught.value).errno == errno.ENOSPC
    odd = shutil.Error([("a", "b", "cannot be read")])
    assert first_cause(odd) is odd
