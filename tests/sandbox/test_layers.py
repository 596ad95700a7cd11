"""What runs on a throw-away layer sees the project, may write, and leaves nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.sandbox import SANDBOX_CONFIG
from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.sandbox.layers import Bench, Layer, copy_project, mount_points_below, open_layer
from orchestrator.sandbox.overlays import find_overlay_bubblewrap

Benches = Callable[..., Bench]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    (made / "node_modules" / "x").mkdir(parents=True)
    (made / "node_modules" / "x" / "index.js").write_text("fetched\n")
    (made / "kept.txt").write_text("as it was\n")
    (made / "link").symlink_to("kept.txt")
    os.utime(made / "kept.txt", (1_000_000_000, 1_000_000_000))
    return made


@pytest.fixture
def bench(tmp_path: Path) -> Benches:
    def make(backend: str = "bubblewrap", *, path: str | None = None, **config: object) -> Bench:
        session = tmp_path / "workspace" / "session"
        scratch = session / "scratch" / "checks"
        scratch.mkdir(parents=True, exist_ok=True)
        (session / "settings").mkdir(exist_ok=True)
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        environ = {"PATH": path or os.environ["PATH"], "HOME": str(home)}
        policy = SANDBOX_CONFIG.validate_python({"name": "default", **config})
        return Bench(policy, backend, environ, scratch, (tmp_path / "workspace",), session / "settings")

    return make


def run(layer: Layer, script: str) -> str:
    done = subprocess.run(
        layer.wrap(("sh", "-c", script)),
        env=dict(layer.bench.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def everything(folder: Path) -> dict[str, tuple[str, int]]:
    """Text and time of every file and link below a folder."""
    return {
        str(path.relative_to(folder)): (
            str(path.readlink()) if path.is_symlink() else path.read_text(),
            path.lstat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def of_kind(
    target: Path, bench: Benches, monkeypatch: pytest.MonkeyPatch, not_proven: Callable[[str], NoReturn]
) -> Callable[[str], Bench]:
    """A bench on which the layer is of this kind."""

    def make(kind: str) -> Bench:
        made = bench("landlock" if kind == "landlocked copy" else "bubblewrap")
        if kind == "overlay":
            if find_overlay_bubblewrap(made.environ, target) is None:
                not_proven("no bubblewrap here can make an overlay")
            return made
        monkeypatch.setattr("orchestrator.sandbox.layers.find_overlay_bubblewrap", lambda environ, folder: None)
        if kind == "copy" and find_bubblewrap(made.environ) is None:
            not_proven("there is no bubblewrap")
        if kind == "landlocked copy" and landlock_profile.why_not() is not None:
            not_proven(f"Landlock: {landlock_profile.why_not()}")
        return made

    return make


KINDS = pytest.mark.parametrize("kind", ["overlay", "copy", "landlocked copy"])


@pytest.mark.slow
@KINDS
async def test_what_is_written_on_it_reaches_nothing(target: Path, of_kind: Callable[[str], Bench], kind: str) -> None:
    made, before = of_kind(kind), everything(target)
    async with open_layer(target, made) as layer:
        assert layer.kind == kind
        said = run(
            layer,
            f"cd {layer.at} && echo other > kept.txt && rm link && mkdir -p .git && echo x > .git/config && "
            "echo x > .envrc && rm -r node_modules/x && cat kept.txt && ls -A | sort | tr '\\n' ' '",
        )
        assert said == "other\n.envrc .git kept.txt node_modules "
        run(layer, "echo x > ~/planted; echo x > /etc/planted; echo x > /tmp/planted-on-a-layer")
    assert everything(target) == before
    assert everything(Path(made.environ["HOME"])) == {}
    assert not Path("/tmp/planted-on-a-layer").exists()
    assert sorted(path.name for path in made.scratch.parent.iterdir()) == ["checks"]


@pytest.mark.slow
@KINDS
async def test_it_shows_ignored_files_and_the_times_of_all(
    target: Path, of_kind: Callable[[str], Bench], kind: str
) -> None:
    async with open_layer(target, of_kind(kind)) as layer:
        said = run(layer, f"cd {layer.at} && cat node_modules/x/index.js link && stat -c %Y kept.txt")
    assert said == "fetched\nas it was\n1000000000\n"


@pytest.mark.slow
@KINDS
async def test_no_network_is_reached_from_it_whatever_the_policy_says(
    target: Path, of_kind: Callable[[str], Bench], kind: str
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        async with open_layer(target, of_kind(kind)) as layer:
            reach = f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo reached || echo refused"
            assert run(layer, reach) == "refused\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["overlay", "copy"])
async def test_another_tree_can_stand_in_its_place_with_folders_of_the_project_in_it(
    target: Path, of_kind: Callable[[str], Bench], kind: str, tmp_path: Path
) -> None:
    made = of_kind(kind)
    tree = tmp_path / "workspace" / "session" / "scratch" / "tree"
    tree.mkdir()
    (tree / "kept.txt").write_text("as it was before\n")
    (target / "large.bin").write_text("large\n")
    (target / "became-a-link").symlink_to(tmp_path / "workspace")
    async with open_layer(target, made, tree=tree, borrowed=("became-a-link", "large.bin", "node_modules")) as layer:
        said = run(layer, f"cd {target} && cat kept.txt node_modules/x/index.js large.bin && ls")
    assert said == "as it was before\nfetched\nlarge\nkept.txt\nlarge.bin\nnode_modules\n"
    assert not tree.exists()


@pytest.mark.slow
async def test_folders_that_the_policy_lets_agents_write_are_layers_too(
    target: Path, of_kind: Callable[[str], Bench], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    made = of_kind("overlay")
    made = replace(made, config=replace(made.config, writable=(cache,)))
    async with open_layer(target, made) as layer:
        assert run(layer, f"echo x > {cache}/x && cat {cache}/x") == "x\n"
    assert list(cache.iterdir()) == []


async def test_where_nothing_holds_writes_back_there_is_no_layer(
    target: Path, bench: Benches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.sandbox.layers.find_overlay_bubblewrap", lambda environ, folder: None)
    monkeypatch.setattr("orchestrator.sandbox.layers.landlock_profile.why_not", lambda: "none here")
    with pytest.raises(EnvironmentUnfit, match="keeps what tests write away"):
        async with open_layer(target, bench("none")):
            pass


def test_a_copy_has_links_modes_and_times_and_leaves_out_what_is_no_file(target: Path, tmp_path: Path) -> None:
    (target / "run.sh").write_text("x")
    (target / "run.sh").chmod(0o755)
    os.mkfifo(target / "pipe")
    (target / "dangling").symlink_to("/nowhere")
    copy_project(target, tmp_path / "copy")
    assert everything(tmp_path / "copy") == everything(target)
    assert (tmp_path / "copy" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "copy" / "pipe").exists()


def test_a_copy_leaves_out_our_own_folders(target: Path, tmp_path: Path) -> None:
    (target / "workspace").mkdir()
    (target / "workspace" / "x").write_text("x")
    copy_project(target, tmp_path / "copy", left_out=(target / "workspace",))
    assert not (tmp_path / "copy" / "workspace").exists()


def test_a_project_beyond_the_bounds_is_not_copied(target: Path, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match="too large"):
        copy_project(target, tmp_path / "copy", most_bytes=5)
    with pytest.raises(EnvironmentUnfit, match="too large"):
        copy_project(target, tmp_path / "copy", most_entries=2)


def test_a_folder_without_mounts_has_no_mount_points(tmp_path: Path) -> None:
    assert mount_points_below(tmp_path) == []
    if Path("/proc/self/mountinfo").exists():
        assert Path("/proc") in mount_points_below(Path("/"))


@pytest.mark.slow
async def test_the_interpreter_of_a_virtual_environment_in_the_project_is_seen(
    target: Path, of_kind: Callable[[str], Bench], tmp_path: Path
) -> None:
    """It lies off PATH, and the environment's own ``python`` is a link to it."""
    elsewhere = tmp_path / "elsewhere" / "python-4"
    (elsewhere / "bin").mkdir(parents=True)
    (elsewhere / "lib").mkdir()
    (elsewhere / "bin" / "python").write_text("#!/bin/sh\necho four\n")
    (elsewhere / "bin" / "python").chmod(0o755)
    (target / ".venv" / "bin").mkdir(parents=True)
    (target / ".venv" / "bin" / "python3").symlink_to(elsewhere / "bin" / "python")
    (target / ".venv" / "bin" / "python").symlink_to("python3")
    async with open_layer(target, of_kind("overlay")) as layer:
        assert run(layer, f"{target}/.venv/bin/python") == "four\n"
