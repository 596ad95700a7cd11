"""What a worker can and cannot do inside bubblewrap, tried by programs that really run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages
from orchestrator.sandbox.bubblewrap import find_bubblewrap, grants, shared_roots, wrap
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.proof import prove_backend
from orchestrator.sandbox.system_files import UID_INSIDE, write_system_files

HERE = Path(__file__).parent
CONFIG = SandboxConfig(name="test", readable=(HERE,))
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
ORDINARY = 65534


class Confinement:
    """One session folder and target, and a way to run programs in the sandbox made for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = folder / "target"
        self.workspace = folder / "workspace"
        self.session = self.workspace / "session"
        self.scratch = self.session / "scratch" / "w1"
        self.home = self.session / "homes" / "w1"
        self.outside = folder / "outside"
        self.as_user: int | None = None

    def make(self) -> Confinement:
        for path in (self.target, self.scratch, self.home, self.outside, self.session / "workers"):
            path.mkdir(parents=True, exist_ok=True)
        (self.outside / "secret").write_text("canary")
        (self.session / "journal.jsonl").write_text("record")
        write_system_files(self.session / "etc")
        return self

    def run(self, *words: str, role: Role = Role.IMPLEMENTER, config: SandboxConfig = CONFIG) -> Mapping[str, str]:
        """Run the probe; returns what it said of each thing it tried, by ``name place``."""
        said = self.execute((sys.executable, "-I", "-S", str(HERE / "probing.py"), *words), role=role, config=config)
        return dict(line.split(": ", 1) for line in said.splitlines())

    def execute(
        self,
        argv: tuple[str, ...],
        *,
        role: Role = Role.IMPLEMENTER,
        config: SandboxConfig = CONFIG,
        environ: Mapping[str, str] = ENVIRON,
    ) -> str:
        bwrap = find_bubblewrap(os.environ)
        assert bwrap is not None
        assignment = Assignment(
            WorkerId("w1"), AgentName("fake"), role, "", target=self.target, scratch=self.scratch, home=self.home
        )
        command = wrap(
            argv,
            bwrap=bwrap,
            config=config,
            request=SandboxRequest.of(assignment),
            cwd=self.target,
            masked=(self.workspace, self.session),
            etc=self.session / "etc",
            environ=environ,
            info_fd=False,
        )
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**environ, "HOME": str(self.home)},
            user=self.as_user,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def confined(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> Confinement:
    proof = prove_backend(CONFIG, ENVIRON)
    if not proof.works:
        not_proven(proof.detail)
    return Confinement(tmp_path / "confined").make()


def test_certificates_and_alternatives_are_the_machines_own_and_cannot_be_written(confined: Confinement) -> None:
    places = [path for path in map(Path, ("/etc/alternatives", "/etc/ssl/certs")) if path.is_dir()]
    for place in places:
        listed = confined.execute(("/bin/ls", "-A", str(place))).splitlines()
        assert sorted(listed) == sorted(path.name for path in place.iterdir()), place
    refused = [place / f"written-by-{os.getpid()}" for place in places]
    said = confined.run(*(word for place in refused for word in ("write", str(place))))
    assert "yes" not in said.values()
    assert "private" not in confined.execute(("/bin/ls", "-A", "/etc/ssl")).split()


def test_only_the_target_scratch_and_home_can_be_written(confined: Confinement) -> None:
    name = f"written-by-{os.getpid()}"
    places = [folder / name for folder in (confined.target, confined.scratch, confined.home, Path("/tmp"))]
    forbidden = [folder / name for folder in (confined.outside, *map(Path, ("/", "/usr", "/etc", "/var")))]
    words = [word for place in (*places, *forbidden) for word in ("write", str(place))]
    said = confined.run(*words)
    assert [said[f"write {place}"] for place in places] == ["yes"] * 4
    assert "yes" not in [said[f"write {place}"] for place in forbidden]
    assert not any(place.exists() for place in (*forbidden, Path("/tmp") / name))


@pytest.mark.parametrize("role", [Role.DESIGNER, Role.REVIEWER])
def test_who_does_not_implement_reads_the_target_only(confined: Confinement, role: Role) -> None:
    (confined.target / "code").write_text("code")
    said = confined.run("read", str(confined.target / "code"), "write", str(confined.target / "code"), role=role)
    assert said[f"read {confined.target / 'code'}"] == "yes"
    assert said[f"write {confined.target / 'code'}"] == "Read-only file system"


def test_what_is_protected_cannot_be_written_in_a_writable_target(confined: Confinement) -> None:
    (confined.target / ".git" / "hooks").mkdir(parents=True)
    (confined.target / ".mcp.json").write_text("{}")
    hook, settings, code = (confined.target / name for name in (".git/hooks/pre-commit", ".mcp.json", ".git/HEAD"))
    said = confined.run("write", str(hook), "write", str(settings), "write", str(code))
    assert said[f"write {hook}"] == said[f"write {settings}"] == "Read-only file system"
    assert said[f"write {code}"] == "yes"


def test_under_a_policy_that_reads_the_target_nobody_writes_it(confined: Confinement) -> None:
    config = replace(CONFIG, target="read", writable=(Path("{session}/extra"),))
    further = confined.scratch.parent.parent / "extra"
    further.mkdir(parents=True, exist_ok=True)
    said = confined.run("write", str(confined.target / "a"), "write", str(further / "a"), config=config)
    assert said == {f"write {confined.target / 'a'}": "Read-only file system", f"write {further / 'a'}": "yes"}


def test_nothing_outside_can_be_read(confined: Confinement) -> None:
    secret = confined.outside / "secret"
    said = confined.run("read", str(secret), "read", "/etc/shadow", "read", str(confined.session / "journal.jsonl"))
    assert set(said.values()) == {"No such file or directory"}


def test_other_processes_are_out_of_sight_and_reach(confined: Confinement) -> None:
    said = confined.run("processes", "signal", str(os.getpid()))
    assert said["processes signal"] == "2"
    assert said[f"signal {os.getpid()}"] == "No such process"


def test_no_capability_is_left_and_nothing_can_be_remounted(confined: Confinement) -> None:
    said = confined.run("remount", "/", "remount", "/usr", "capabilities")
    assert said["capabilities "] == "0,0,0,0,0"
    assert said["remount /"] == said["remount /usr"] == "Operation not permitted"


def test_roots_workers_are_ordinary_users(confined: Confinement) -> None:
    expected = UID_INSIDE if os.geteuid() == 0 else os.geteuid()
    assert confined.run("uid")["uid "] == str(expected)


def test_the_workspace_is_masked_also_inside_the_target(confined: Confinement) -> None:
    confined.target = confined.folder
    said = confined.run(
        *(
            "list",
            str(confined.workspace),
            "read",
            str(confined.session / "journal.jsonl"),
            "write",
            str(confined.scratch / "a"),
        ),
        *(
            "write",
            str(confined.session / "journal.jsonl"),
            "write",
            str(confined.workspace / "a"),
            "write",
            str(confined.folder / "a"),
        ),
    )
    assert said[f"list {confined.workspace}"] == "session"
    assert said[f"read {confined.session / 'journal.jsonl'}"] == "No such file or directory"
    assert said[f"write {confined.session / 'journal.jsonl'}"] == "Read-only file system"
    assert said[f"write {confined.workspace / 'a'}"] == "Read-only file system"
    assert said[f"write {confined.scratch / 'a'}"] == said[f"write {confined.folder / 'a'}"] == "yes"
    assert (confined.session / "journal.jsonl").read_text() == "record"


def test_what_git_would_run_later_cannot_be_written(confined: Confinement) -> None:
    (confined.target / ".git" / "hooks").mkdir(parents=True)
    (confined.target / ".git" / "config").write_text("[core]")
    hook, config, index = (confined.target / ".git" / name for name in ("hooks/pre-commit", "config", "index"))
    said = confined.run("write", str(hook), "write", str(config), "write", str(index))
    assert said[f"write {hook}"] == said[f"write {config}"] == "Read-only file system"
    assert said[f"write {index}"] == "yes"


def test_with_the_whole_machine_to_be_read_places_that_are_links_are_shut_as_well(confined: Confinement) -> None:
    config = replace(CONFIG, root="read-only")
    for place in ("/run", "/var/run"):
        assert confined.execute(("/bin/ls", f"{place}/"), config=config) == "", place


def test_hidden_paths_are_masked_inside_what_is_visible(confined: Confinement) -> None:
    (confined.target / "private").mkdir()
    (confined.target / "private" / "key").write_text("canary")
    (confined.target / ".env").write_text("canary")
    config = replace(CONFIG, hidden=(confined.target / "private", confined.target / ".env"))
    said = confined.run("list", str(confined.target / "private"), "read", str(confined.target / ".env"), config=config)
    assert said[f"list {confined.target / 'private'}"] == "empty"
    assert said[f"read {confined.target / '.env'}"] in ("empty", "Permission denied")


def test_further_folders_of_the_policy_are_granted_by_role(confined: Confinement, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    config = replace(CONFIG, writable=(tmp_path / "more",), readable=(HERE, confined.outside))
    words = ("write", str(tmp_path / "more" / "a"), "read", str(confined.outside / "secret"))
    said = confined.run(*words, config=config)
    assert set(said.values()) == {"yes"}
    said = confined.run(*words, config=config, role=Role.REVIEWER)
    assert said[f"write {tmp_path / 'more' / 'a'}"] == "No such file or directory"


def test_a_target_behind_a_link_is_granted_by_its_real_path(confined: Confinement) -> None:
    link = confined.folder / "link"
    link.symlink_to(confined.target)
    real, confined.target = confined.target, link
    assert confined.run("write", str(real / "a"))[f"write {real / 'a'}"] == "yes"


def test_no_network_means_none(confined: Confinement) -> None:
    config = replace(CONFIG, network="none")
    shown = confined.execute(("/bin/cat", "/proc/net/dev"), config=config)
    names = {line.split(":")[0].strip() for line in shown.splitlines()[2:]}
    assert names <= {"lo", "sit0", "tunl0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0"}


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test is by an ordinary user already")
def test_an_ordinary_user_is_confined_too(not_proven: Callable[[str], NoReturn]) -> None:
    # What is under test must be readable to him; pytest's own folders are not.
    folder = Path("/tmp") / f"orchestrate-test-{os.getpid()}"
    if not prove_backend(CONFIG, ENVIRON).works:
        not_proven("bubblewrap does not work here")
    try:
        confined = Confinement(folder).make()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, ORDINARY, ORDINARY)
        confined.as_user = ORDINARY
        looks = "id -u; grep Cap /proc/self/status"
        script = f"cat {confined.outside}/secret; echo x >{confined.target}/a && echo wrote; {looks}"
        uid = os.geteuid()
        os.seteuid(ORDINARY)
        try:
            said = confined.execute(("/bin/sh", "-c", script + "; true"))
        finally:
            os.seteuid(uid)
        lines = said.splitlines()
        assert lines[:2] == ["wrote", str(ORDINARY)]
        assert [line.split()[1].strip("0") for line in lines[2:]] == [""] * 5
        assert (confined.target / "a").stat().st_uid == ORDINARY
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_proof_names_what_it_proved() -> None:
    proof = prove_backend(CONFIG, ENVIRON)
    if proof.works:
        assert "out of reach" in proof.detail
    else:
        assert proof.detail


def test_a_sandbox_that_lets_a_canary_out_is_not_proven(tmp_path: Path) -> None:
    leaky = tmp_path / "bwrap"
    leaky.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    leaky.chmod(0o755)
    config = replace(CONFIG, backend="bubblewrap")
    proof = prove_backend(config, {**ENVIRON, "PATH": f"{tmp_path}:{ENVIRON['PATH']}"})
    assert not proof.works
    assert "a file outside could be read" in proof.detail
    assert "our own pid namespace" in proof.detail


def test_bubblewraps_own_words_name_the_cause(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    config = replace(CONFIG, backend="bubblewrap")
    proof = prove_backend(config, {**ENVIRON, "PATH": f"{tmp_path}:{ENVIRON['PATH']}"})
    assert not proof.works
    assert "No permissions to create new namespace" in proof.detail


def test_an_open_policy_asks_for_no_sandbox_and_says_so() -> None:
    proof = prove_backend(SandboxConfig(name="open", backend="none"), ENVIRON)
    assert (proof.backend, proof.works) == ("none", True)
    assert "no sandbox" in proof.detail


@pytest.mark.real
@pytest.mark.parametrize("name", ["gemini", "claude", "codex"])
def test_the_real_cli_runs_inside(name: str, tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> None:
    folder = installed_clis(pinned_packages(), default_cache())
    if folder is None:
        not_proven("the real CLIs are not installed")
    path = f"{folder}:{ENVIRON['PATH']}"
    found = shutil.which(name, path=path)
    assert found is not None
    confined = Confinement(tmp_path / "confined").make()
    said = confined.execute((found, "--version"), environ={**ENVIRON, "PATH": path})
    assert any(character.isdigit() for character in said)


@pytest.mark.parametrize("role", [Role.IMPLEMENTER, Role.REVIEWER])
@pytest.mark.parametrize("target", ["read", "write"])
def test_the_folders_of_others_are_those_that_are_granted(
    confined: Confinement, role: Role, target: Literal["read", "write"]
) -> None:
    (confined.target / "docs").mkdir(exist_ok=True)
    config = SandboxConfig(name="test", target=target, writable=(Path("{target}/docs"), confined.outside))
    assignment = Assignment(
        *(WorkerId("w1"), AgentName("fake"), role, ""),
        target=confined.target,
        scratch=confined.scratch,
        home=confined.home,
    )
    request = SandboxRequest.of(assignment)
    given = grants(config, request).writable - {confined.home, confined.scratch}
    assert list(shared_roots(config, request)) == sorted(given)
