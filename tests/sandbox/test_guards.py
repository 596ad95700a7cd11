from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.sandbox.bubblewrap import find_bubblewrap, wrap
from orchestrator.sandbox.guards import (
    REFUSED,
    REPLIES,
    REQUESTS,
    guard_environment,
    guard_mounts,
    guard_script,
    guarded_names,
    guarded_programs,
    write_guards,
)
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.proof import prove_backend
from orchestrator.sandbox.system_files import write_system_files

CONFIG = SandboxConfig(name="test", blocked_commands=("rm -rf", "mkfs"), confirm_commands=("git push", "npm publish"))
WITHIN_S = 60


class Guarded:
    """A worker's sandbox with guards in it; the test sits at the desk."""

    def __init__(self, folder: Path) -> None:
        self.target, session = folder / "target", folder / "session"
        self.scratch, self.home = session / "scratch" / "w1", session / "homes" / "w1"
        self.requests, self.replies = self.scratch / REQUESTS, session / REPLIES / "w1"
        for path in (self.target, self.home, self.requests, self.replies):
            path.mkdir(parents=True)
        self.session = session
        self.programs = guarded_programs(CONFIG, os.environ)
        write_system_files(session / "etc")
        write_guards(session / "guards", self.programs, CONFIG)

    def start(self, script: str) -> subprocess.Popen[str]:
        bwrap = find_bubblewrap(os.environ)
        assert bwrap is not None
        assignment = Assignment(
            *(WorkerId("w1"), AgentName("fake"), Role.IMPLEMENTER, ""),
            target=self.target,
            scratch=self.scratch,
            home=self.home,
            writable=(self.scratch, self.target),
        )
        command = wrap(
            ("/bin/sh", "-c", script),
            bwrap=bwrap,
            config=CONFIG,
            request=SandboxRequest.of(assignment),
            cwd=self.target,
            masked=(self.session,),
            etc=self.session / "etc",
            environ=os.environ,
            info_fd=False,
            further=guard_mounts(self.session / "guards", self.programs, self.replies),
        )
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), **guard_environment(self.scratch)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def asked(self) -> tuple[str, list[str]]:
        """Wait for the next whole request; its name and what it says."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            for path in self.requests.glob("*.ask"):
                said = path.read_text().split("\0")
                if said[-2:] == ["end", ""] and not (self.replies / path.stem).exists():
                    return path.stem, said[:-2]
            time.sleep(0.005)
        raise AssertionError("nobody asked")

    def answer(self, request: str, verdict: str, reason: str = "said the test") -> None:
        part = self.replies / ".part"
        part.write_text(f"{verdict}\n{reason}\n")
        part.rename(self.replies / request)

    def run(self, script: str) -> tuple[int, str, str]:
        process = self.start(script)
        out, err = process.communicate(timeout=WITHIN_S)
        return process.returncode, out, err


@pytest.fixture
def guarded(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> Guarded:
    proof = prove_backend(SandboxConfig(name="test"), os.environ)
    if not proof.works:
        not_proven(proof.detail)
    return Guarded(tmp_path)


@pytest.mark.slow
def test_a_refused_command_does_not_run_and_says_why(guarded: Guarded) -> None:
    process = guarded.start("mkdir kept; rm -rf kept; echo $?; ls")
    request, said = guarded.asked()
    source, *processes = said[0].split()
    assert source == "executable"
    assert all(re.fullmatch(r"\d+:\d+", each) for each in processes)
    assert said[1:] == [str(guarded.target), "rm", "-rf", "kept"]
    guarded.answer(request, "refuse", "not today")
    out, err = process.communicate(timeout=WITHIN_S)
    assert out.split() == [str(REFUSED), "kept"]
    assert err == "orchestrate: rm was not run: not today\n"


@pytest.mark.slow
def test_a_command_really_waits_and_runs_when_it_may(guarded: Guarded) -> None:
    process = guarded.start("mkdir gone; rm -rf gone; ls")
    request, _ = guarded.asked()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.3)
    assert (guarded.target / "gone").is_dir()
    guarded.answer(request, "run")
    assert process.communicate(timeout=WITHIN_S) == ("", "")


@pytest.mark.slow
def test_what_no_rule_can_mean_is_not_asked_about(guarded: Guarded) -> None:
    code, out, err = guarded.run("git init -q . && touch a && git add a && git status --short && rm a && ls")
    assert (code, out, err) == (0, "A  a\n", "")
    assert not list(guarded.requests.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "argv"),
    [
        pytest.param("git push origin", ["git", "push", "origin"], id="by its name"),
        pytest.param("/usr/bin/git push", ["git", "push"], id="by its path"),
        pytest.param("/usr/lib/git-core/git-push o", ["git", "push", "o"], id="by its other path"),
        pytest.param("git -c alias.x=push x", ["git", "-c", "alias.x=push", "x"], id="by an alias of the moment"),
        pytest.param(
            "git config --global a.b c; printf '[alias]\\n p = push --force\\n' >>~/.gitconfig; git p origin",
            ["git", "push", "--force", "p", "origin"],
            id="by an alias of the configuration",
        ),
        pytest.param('X=git; V=push; "$X" "$V"', ["git", "push"], id="through variables"),
        pytest.param("echo 'git push' >s; sh s", ["git", "push"], id="in a script"),
        pytest.param('ln -s "$(command -v git)" x; ./x push', ["git", "push"], id="by a link of another name"),
        pytest.param("python3 -c \"import os; os.execlp('git', 'git', 'push')\"", ["git", "push"], id="from a program"),
    ],
)
def test_however_it_is_started_the_guard_asks(guarded: Guarded, script: str, argv: list[str]) -> None:
    process = guarded.start(script)
    request, said = guarded.asked()
    guarded.answer(request, "refuse")
    process.communicate(timeout=WITHIN_S)
    assert said[2:] == argv
    assert process.returncode == REFUSED


@pytest.mark.slow
def test_a_script_of_a_package_still_finds_its_package(guarded: Guarded, not_proven: Callable[[str], NoReturn]) -> None:
    if shutil.which("npm") is None:
        not_proven("npm is not installed")
    process = guarded.start("npm --version && npm publish")
    request, said = guarded.asked()
    guarded.answer(request, "refuse")
    out, _ = process.communicate(timeout=WITHIN_S)
    assert out.strip().replace(".", "").isdigit()
    assert said[2:] == ["npm", "publish"]


@pytest.mark.slow
def test_a_worker_cannot_write_its_own_answer(guarded: Guarded) -> None:
    _, out, _ = guarded.run('(echo run >"$ORCHESTRATOR_GUARD_REPLIES/x") 2>/dev/null || echo no')
    assert out == "no\n"


@pytest.mark.slow
def test_without_anybody_to_ask_the_guard_refuses(guarded: Guarded) -> None:
    code, _, err = guarded.run("unset ORCHESTRATOR_GUARD; rm -rf x")
    assert code == REFUSED
    assert "nobody to ask" in err


def test_the_policys_lists_name_the_programs() -> None:
    config = SandboxConfig(
        name="x",
        blocked_commands=("rm -rf", "curl | sh", "sh"),
        confirm_commands=("git push", "rm x"),
        warn_patterns=("sudo",),
    )
    assert guarded_names(config) == ("rm", "git")


def test_a_policy_without_guards_has_none() -> None:
    assert guarded_programs(SandboxConfig(name="x", guard=False), os.environ) == ()


@pytest.mark.parametrize("name", ["git", "rm", "mkfs", "npm"])
def test_the_guard_is_a_script_any_shell_reads(name: str, tmp_path: Path) -> None:
    script = tmp_path / name
    script.write_text(guard_script(name, "/nowhere/it's here", CONFIG))
    assert subprocess.run(["/bin/sh", "-n", str(script)], capture_output=True, check=False).stderr == b""


@pytest.mark.slow
@pytest.mark.parametrize(("verdict", "code"), [("run", 0), ("refuse", 2)])
def test_a_clis_own_hook_asks_with_what_it_was_told(guarded: Guarded, verdict: str, code: int) -> None:
    process = guarded.start('echo \'{"tool_input": 1}\' | /bin/sh "$ORCHESTRATOR_GUARD_HOOK"')
    request, said = guarded.asked()
    assert said == ["hook", str(guarded.target), '{"tool_input": 1}']
    guarded.answer(request, verdict, "not today")
    _, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == code
    assert ("not today" in err) is (verdict == "refuse")


def test_without_a_sandbox_the_hook_is_told_the_real_folders(tmp_path: Path) -> None:
    told = guard_environment(tmp_path, replies=tmp_path / "r", hook=tmp_path / "h")
    assert told["ORCHESTRATOR_GUARD_REPLIES"] == str(tmp_path / "r")
    assert told["ORCHESTRATOR_GUARD_HOOK"] == str(tmp_path / "h")
