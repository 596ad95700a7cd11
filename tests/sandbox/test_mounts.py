"""What a worker may see, computed from what really lies on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.sandbox.mounts import Mount, MountKind, arrange, place_of, program_mounts, system_mounts


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def seen(executable: Path, path: str = "", home: Path = Path("/nonexistent")) -> set[Path]:
    return {
        mount.place
        for mount in program_mounts(str(executable), {"PATH": path, "HOME": str(home)})
        if mount.kind == "read" and not mount.place.is_relative_to("/usr")
    }


def test_the_whole_node_modules_of_a_cli_is_visible(tmp_path: Path) -> None:
    modules = tmp_path / "prefix" / "node_modules"
    script = program(modules / "@vendor" / "cli" / "bin" / "cli.js")
    (modules / ".bin").mkdir()
    (modules / ".bin" / "cli").symlink_to(script)
    assert modules in seen(modules / ".bin" / "cli")


def test_an_interpreter_named_by_the_script_is_visible_with_its_installation(tmp_path: Path) -> None:
    version = tmp_path / "home" / ".nvm" / "versions" / "node" / "v20"
    program(version / "bin" / "node")
    script = program(version / "lib" / "node_modules" / "cli" / "cli.js", "#!/usr/bin/env node\n")
    (version / "bin" / "cli").symlink_to(script)
    assert version in seen(version / "bin" / "cli", str(version / "bin"), tmp_path / "home")


def test_a_program_in_local_bin_shows_its_version_and_not_the_users_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    binary = program(home / ".local" / "share" / "cli" / "versions" / "1.0")
    (home / ".local" / "share" / "keyrings").mkdir()
    (home / ".local" / "bin").mkdir()
    (home / ".local" / "bin" / "cli").symlink_to(binary)
    places = seen(home / ".local" / "bin" / "cli", str(home / ".local" / "bin"), home)
    assert places == {binary.parent, home / ".local" / "bin"}


def test_a_program_in_the_home_itself_shows_nothing_else_of_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert seen(program(home / "cli"), str(home), home) == {home / "cli"}
    assert seen(program(home / "bin" / "cli"), str(home / "bin"), home) == {home / "bin"}


def test_links_are_kept_so_that_a_program_that_reads_its_own_name_finds_it(tmp_path: Path) -> None:
    real = program(tmp_path / "tool" / "bin" / "dispatcher")
    (tmp_path / "shims").mkdir()
    (tmp_path / "shims" / "cli").symlink_to(real)
    mounts = program_mounts(str(tmp_path / "shims" / "cli"), {"PATH": ""})
    assert Mount(tmp_path / "shims" / "cli", "link", str(real)) in mounts


@pytest.mark.parametrize("path", ["", "relative:.", "/nonexistent/bin", ":"])
def test_a_path_that_leads_nowhere_shows_nothing(tmp_path: Path, path: str) -> None:
    assert seen(program(tmp_path / "a" / "cli"), path) == {tmp_path / "a"}


def test_folders_are_resolved_but_the_last_part_is_not(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "cli").symlink_to("elsewhere")
    assert place_of(str(tmp_path / "linked" / "cli")) == tmp_path / "real" / "cli"


def test_the_operating_system_is_read_only() -> None:
    assert {mount.kind for mount in system_mounts()} <= {"read", "link"}
    assert Path("/usr") in {mount.place for mount in system_mounts()}


def places(*mounts: tuple[str, MountKind]) -> list[tuple[str, str]]:
    made = (Mount(Path(place), kind, place) for place, kind in mounts)
    return [(str(mount.place), mount.kind) for mount in arrange(made)]


def test_folders_come_before_what_lies_in_them() -> None:
    assert places(("/t/w/s", "write"), ("/t/w", "hidden"), ("/t", "write"), ("/tmp", "empty")) == [
        ("/t", "write"),
        ("/tmp", "empty"),
        ("/t/w", "hidden"),
        ("/t/w/s", "write"),
    ]


def test_the_most_telling_mount_of_a_place_wins() -> None:
    assert places(("/a", "read"), ("/a", "write"), ("/a", "hidden"), ("/", "read")) == [("/", "read"), ("/a", "hidden")]
    assert places(("/a", "read"), ("/a", "write")) == [("/a", "write")]


def test_what_is_visible_already_is_not_mounted_again() -> None:
    assert places(("/usr", "read"), ("/usr/bin", "read"), ("/usr/bin/x", "link")) == [("/usr", "read")]
    assert places(("/t", "write"), ("/t/.git/hooks", "read")) == [("/t", "write"), ("/t/.git/hooks", "read")]


def test_what_is_out_of_sight_is_not_masked() -> None:
    assert places(("/secret", "hidden"), ("/a", "read")) == [("/a", "read")]
