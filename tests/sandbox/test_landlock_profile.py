"""What Landlock is told to grant."""

from __future__ import annotations

from pathlib import Path

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.sandbox.landlock_profile import Profile, profile
from orchestrator.sandbox.layout import SandboxRequest


def granted(folder: Path, role: Role, config: SandboxConfig, *, port: int | None = None) -> Profile:
    session = folder / "session"
    for path in (folder / "target", session / "scratch" / "w1", session / "homes" / "w1"):
        path.mkdir(parents=True, exist_ok=True)
    assignment = Assignment(
        WorkerId("w1"),
        AgentName("fake"),
        role,
        "",
        target=folder / "target",
        scratch=session / "scratch" / "w1",
        home=session / "homes" / "w1",
    )
    return profile(
        "/bin/sh",
        config,
        SandboxRequest.of(assignment),
        environ={"PATH": "/usr/bin", "HOME": "/nonexistent"},
        port=port,
    )


def test_only_an_implementer_writes_the_target(tmp_path: Path) -> None:
    config = SandboxConfig(name="t")
    made = granted(tmp_path, Role.IMPLEMENTER, config)
    assert str(tmp_path / "target") in made["write"]
    made = granted(tmp_path, Role.REVIEWER, config)
    assert str(tmp_path / "target") not in made["write"]
    assert str(tmp_path / "target") in made["read"]


def test_a_closed_network_has_one_port_or_none(tmp_path: Path) -> None:
    listed = SandboxConfig(name="t", network="allow-list")
    assert granted(tmp_path, Role.REVIEWER, listed, port=4000)["connect"] == [4000]
    assert granted(tmp_path, Role.REVIEWER, SandboxConfig(name="t", network="none"))["connect"] == []
    assert granted(tmp_path, Role.REVIEWER, SandboxConfig(name="t"))["connect"] is None


def test_the_filter_lies_where_the_worker_cannot_write(tmp_path: Path) -> None:
    made = granted(tmp_path, Role.IMPLEMENTER, SandboxConfig(name="t"))
    file = Path(str(made["seccomp"]))
    assert file.is_file()
    assert not any(file.is_relative_to(path) for path in made["write"])
