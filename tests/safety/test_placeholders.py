from __future__ import annotations

from pathlib import Path

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.safety.placeholders import Places, fill, placed, protected_paths

PLACES = Places(target=Path("/t"), scratch=Path("/s/scratch/w"), home=Path("/h"), session=Path("/s"))


def test_each_placeholder_stands_for_its_folder() -> None:
    assert [fill(text, PLACES) for text in ("{target}/a", "{scratch}", "{home}/.x", "{session}/y", "/z")] == [
        *(Path("/t/a"), Path("/s/scratch/w"), Path("/h/.x"), Path("/s/y"), Path("/z"))
    ]


def test_a_placed_policy_holds_whole_paths_only() -> None:
    config = SandboxConfig(
        name="x",
        readable=(Path("{session}/shared"),),
        writable=(Path("{target}/../beside"),),
        hidden=(Path("{target}/secrets"),),
        never_writable=(".git/hooks", "/etc/x", "{home}/.rc"),
    )
    whole = placed(config, PLACES)
    assert whole.readable == (Path("/s/shared"),)
    assert whole.writable == (Path("/t/../beside"),)
    assert whole.hidden == (Path("/t/secrets"),)
    assert whole.never_writable == ("/t/.git/hooks", "/t/../beside/.git/hooks", "/etc/x", "/h/.rc")


def test_a_target_that_is_only_read_needs_no_protection() -> None:
    config = SandboxConfig(name="x", target="read", never_writable=(".git/hooks",))
    assert placed(config, PLACES).never_writable == ()


def test_protected_paths_are_named_once() -> None:
    assert protected_paths((".git/hooks", "/t/.git/hooks"), (Path("/t"),), PLACES) == (Path("/t/.git/hooks"),)


def test_a_workers_places_are_those_of_its_assignment() -> None:
    assignment = Assignment(
        *(WorkerId("w"), AgentName("claude"), Role.IMPLEMENTER),
        prompt="",
        target=Path("/t"),
        scratch=Path("/s/scratch/w"),
        home=Path("/h"),
    )
    assert Places.of(assignment) == PLACES
