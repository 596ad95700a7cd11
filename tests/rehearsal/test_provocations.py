"""The errors a scenario provokes are the real ones, in the words the rules look for, and each is healed as they say."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, NoReturn

import pytest

from orchestrator.models.events import Denied, TurnEnded
from orchestrator.rehearsal.scenario import find_scenario, load_scenario

Stage = Any
Cli = Any
OpenStage = Callable[..., AbstractAsyncContextManager[Stage]]

WRITE_IN_SCRATCH = {"write": {"path": "{scratch}/design.md", "text": "a design\n"}}


def only(name: str) -> pytest.MarkDecorator:
    real = pytest.param((name, "real"), id=f"real-{name}", marks=[pytest.mark.real, pytest.mark.slow])
    return pytest.mark.parametrize(
        "cli", [pytest.param((name, "stand-in"), id=f"stand-in-{name}"), real], indirect=True
    )


@only("gemini")
async def test_gemini_may_not_write_outside_its_folders_and_goes_on_once_it_may(cli: Cli, stage: OpenStage) -> None:
    left_out = load_scenario(find_scenario("gemini-path")).launch_without["gemini"]
    async with stage(cli, [WRITE_IN_SCRATCH, {"say": "No."}], [WRITE_IN_SCRATCH, {"say": "Yes."}]) as at:
        refused = await at.run("design", without_flags=left_out)
        assert not (at.scratch / "design.md").exists()
        healed = await at.run("go on", resume=refused.conversation)
        assert (at.scratch / "design.md").read_text() == "a design\n"
    (denied,) = {payload.text for payload in refused.of(Denied)}
    assert "Path not in workspace" in denied, refused
    assert not healed.of(Denied)
    assert healed.ended.ok, healed


@only("codex")
async def test_codex_refuses_a_folder_outside_git(cli: Cli, stage: OpenStage) -> None:
    left_out = load_scenario(find_scenario("codex-trust")).launch_without["codex"]
    async with stage(cli, [{"say": "Yes."}]) as at:
        refused = await at.run("go", without_flags=left_out)
        assert not at.server.requests
        healed = await at.run("go", without_flags=left_out[1:])
    assert refused.code == 1
    assert b"Not inside a trusted directory and --skip-git-repo-check was not specified." in refused.stderr
    assert not refused.stdout
    assert healed.ended.ok, healed


@only("claude")
async def test_claude_refuses_to_bypass_permissions_as_root_outside_a_sandbox(
    cli: Cli, stage: OpenStage, not_proven: Callable[[str], NoReturn]
) -> None:
    if os.geteuid() != 0:
        not_proven("claude's refusal is for root only")
    left_out = load_scenario(find_scenario("claude-root")).launch_without["claude"]
    async with stage(cli, [{"say": "Yes."}]) as at:
        refused = await at.run("go", without_flags=left_out)
        assert not at.server.requests
        healed = await at.run("go")
    assert refused.code == 1
    assert b"--dangerously-skip-permissions cannot be used with root/sudo privileges" in refused.stderr
    assert not refused.stdout
    assert healed.ended.ok, healed


@only("gemini")
async def test_gemini_refuses_an_untrusted_folder(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"say": "never"}]) as at:
        refused = await at.run("go", without_flags=("--skip-trust",))
        assert not at.server.requests
    assert refused.code == 55
    assert b"Gemini CLI is not running in a trusted directory." in refused.stderr
    assert not refused.stdout


@only("claude")
async def test_claude_is_denied_what_its_mode_does_not_allow_and_still_ends_well(cli: Cli, stage: OpenStage) -> None:
    outside = {"write": {"path": "{target}/../outside.txt", "text": "x"}}
    async with stage(cli, [outside, {"run": "python3 -c 1"}, {"say": "end"}]) as at:
        run = await at.run("go", bypass_approvals=False)
        assert not (at.root / "outside.txt").exists()
    assert len(run.of(Denied)) >= 2, run
    assert run.code == 0
    assert run.ended.denials >= 2


@only("codex")
async def test_codex_rejects_a_patch_outside_the_project_in_its_own_sandbox(cli: Cli, stage: OpenStage) -> None:
    outside = {"write": {"path": "/etc/rehearsal-outside.txt", "text": "x\n"}}
    async with stage(cli, [outside, {"say": "end"}]) as at:
        run = await at.run("go", bypass_approvals=False)
    assert b"patch rejected: writing outside of the project" in run.stderr, run
    assert run.code == 0


async def test_a_conversation_that_does_not_exist_cannot_be_resumed(cli: Cli, stage: OpenStage) -> None:
    async with stage(cli, [{"say": "never"}]) as at:
        run = await at.run("go", resume="00000000-0000-4000-8000-000000000000")
        assert not at.server.requests
    assert run.code != 0
    assert not any(payload.ok for payload in run.of(TurnEnded)), run
