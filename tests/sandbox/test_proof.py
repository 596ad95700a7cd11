"""A proof is a run: what got out is named, what held is remembered until the machine restarts."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.models.sandbox import Network, SandboxConfig
from orchestrator.models.work import Role
from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox import proof as proving
from orchestrator.sandbox.proof import prove_backend

ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
CONFIG = SandboxConfig(name="test", backend="bubblewrap", network="allow-list")


@pytest.fixture(autouse=True)
def works(not_proven: Callable[[str], NoReturn]) -> None:
    proof = prove_backend(CONFIG, ENVIRON)
    if not proof.works:
        not_proven(proof.detail)


@pytest.mark.parametrize("role", [Role.IMPLEMENTER, Role.REVIEWER])
@pytest.mark.parametrize("network", ["open", "allow-list", "none"])
def test_the_profile_of_every_role_and_network_holds(role: Role, network: Network) -> None:
    proof = prove_backend(replace(CONFIG, network=network), ENVIRON, role=role)
    assert (proof.works, proof.escaped) == (True, ())


def test_what_held_is_remembered_by_its_profile(tmp_path: Path) -> None:
    cache = tmp_path / "proofs.json"
    config = replace(CONFIG, name=str(tmp_path))
    assert not prove_backend(config, ENVIRON, cache=cache).cached
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert prove_backend(config, ENVIRON, cache=cache).cached
    assert resource.getrusage(resource.RUSAGE_CHILDREN) == spent, "no process was run for it"
    proving._HELD.clear()
    assert prove_backend(config, ENVIRON, cache=cache).cached
    other = replace(config, readable=(tmp_path,))
    assert not prove_backend(other, ENVIRON, cache=cache).cached
    assert len(json.loads(cache.read_text())) == 2


def test_who_forbids_namespaces_meanwhile_takes_back_what_was_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, switch = tmp_path / "proofs.json", tmp_path / "switch"
    switch.write_text("1\n")
    monkeypatch.setattr(proving, "_SWITCHES", ((str(switch), "0", "it is forbidden"),))
    config = replace(CONFIG, name=f"{tmp_path} switch")
    assert [prove_backend(config, ENVIRON, cache=cache).cached for _ in range(2)] == [False, True]
    switch.write_text("0\n")
    assert not prove_backend(config, ENVIRON, cache=cache).cached, "it is tried again"


def test_a_damaged_memory_is_no_proof(tmp_path: Path) -> None:
    cache = tmp_path / "proofs.json"
    cache.write_text("[not json")
    config = replace(CONFIG, name=f"{tmp_path} damaged")
    proof = prove_backend(config, ENVIRON, cache=cache)
    assert (proof.works, proof.cached) == (True, False)


def test_what_got_out_is_not_remembered(tmp_path: Path) -> None:
    leaky = tmp_path / "bwrap"
    leaky.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    leaky.chmod(0o755)
    environ = {**ENVIRON, "PATH": f"{tmp_path}:{ENVIRON['PATH']}"}
    proof = prove_backend(CONFIG, environ, cache=tmp_path / "proofs.json")
    assert not proof.works
    for said in ("a file outside could be written", "a git hook could be written", "another service"):
        assert said in proof.detail
    assert not (tmp_path / "proofs.json").exists()


def test_landlock_takes_over_where_bubblewrap_cannot_work(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    if landlock_profile.why_not() is not None:
        not_proven(str(landlock_profile.why_not()))
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    environ = {**ENVIRON, "PATH": f"{tmp_path}:{ENVIRON['PATH']}"}
    proof = prove_backend(replace(CONFIG, backend="auto"), environ)
    assert (proof.backend, proof.works) == ("landlock", True)
    assert set(proof.escaped) == landlock_profile.LEFT_OPEN
    assert "No permissions to create new namespace" in proof.detail
