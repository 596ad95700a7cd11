from __future__ import annotations

from pathlib import Path

from orchestrator.sandbox.git_layers import OBJECTS, make_layers, mounts_of, reader_layers
from orchestrator.sandbox.repositories import find_repositories
from orchestrator.shim.git_delivery import document_at
from tests.workers.repository import GIT, git, layered, new_repository


def test_a_layer_shows_what_the_repository_holds(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    git(target, "branch", "other")
    git(target, "pack-refs", "--all")
    (target / "a.txt").write_text("2\n")
    git(target, "stash", "-q")
    made = layered(target, tmp_path / "layer")
    for words in (("log", "--all", "--format=%H"), ("status", "--porcelain"), ("stash", "list"), ("branch", "-a")):
        assert made.git(*words) == git(target, *words)


def test_the_real_folder_is_covered_and_its_objects_are_read_elsewhere(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    layers = make_layers(
        find_repositories([target], GIT), tmp_path / "l", git=GIT, session="s", worker="w", held=["config"]
    )
    kinds = {mount.place: mount.kind for mount in layers.mounts}
    assert kinds == {target / ".git": "write", target / ".git" / "config": "read", OBJECTS / "0" / "0": "read"}
    assert layers.covered == {target / ".git"}
    alternates = tmp_path / "l" / "0" / "repository" / "objects" / "info" / "alternates"
    assert alternates.read_text() == f"{OBJECTS}/0/0\n"


def test_what_a_repository_borrows_from_is_in_sight_too(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    git(tmp_path, "clone", "-q", "--shared", str(target), "copy")
    layers = make_layers(find_repositories([tmp_path / "copy"], GIT), tmp_path / "l", git=GIT, session="", worker="")
    assert {mount.source for mount in layers.mounts if mount.place.is_relative_to(OBJECTS)} == {
        str(tmp_path / "copy" / ".git" / "objects"),
        str(target / ".git" / "objects"),
    }


def test_without_a_layer_a_repository_is_held(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    layers = make_layers(find_repositories([target], None), tmp_path / "l", git="", session="", worker="")
    assert (layers.plan, layers.held, layers.covered) == (None, (target / ".git",), frozenset())


def test_a_reader_sees_a_repository_that_lies_elsewhere(tmp_path: Path) -> None:
    main = new_repository(tmp_path / "main")
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))
    layers = reader_layers(find_repositories([tmp_path / "linked"], GIT), tmp_path / "l", git=GIT)
    assert [(mount.place, mount.kind) for mount in layers.mounts] == [(main / ".git", "read")]
    (main / "sub").mkdir()
    below = reader_layers(find_repositories([main / "sub"], GIT), tmp_path / "l", git=GIT)
    assert {mount.kind for mount in below.mounts} == {"read"}
    assert below.crosses


def test_the_newest_layer_of_a_worker_is_found_for_who_sends_in_its_place(tmp_path: Path) -> None:
    target = new_repository(tmp_path / "t")
    layered(target, tmp_path / "workers" / "impl.1.git")
    found = mounts_of(tmp_path / "workers", "impl")
    assert target / ".git" in {mount.place for mount in found}
    assert {mount.kind for mount in found} == {"read"}
    (tmp_path / "workers" / "impl.1.git" / "carried.json").write_text("{}")
    assert mounts_of(tmp_path / "workers", "impl") == ()
    assert mounts_of(tmp_path / "workers", "other") == ()


def test_a_plan_is_read_again(tmp_path: Path) -> None:
    made = layered(new_repository(tmp_path / "t"), tmp_path / "l")
    assert (document_at(made.plan) or {})["worker"] == "w"
    assert document_at(str(tmp_path / "none")) is None
