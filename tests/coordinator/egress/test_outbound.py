"""Whole sessions that push or publish: the worker, its guard, a person, the coordinator, and a host that checks."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator import run_session
from orchestrator.coordinator.egress.outbound import OutboundDesk, cut_off
from orchestrator.journal.control import drop_command
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.effects import EffectId, InspectOutbound, SendOutbound
from orchestrator.models.egress import Push, PushArtifact, RefChange
from orchestrator.models.entries import Command, JournalEntry, OutboundInspected, OutboundSent, UserCommand
from orchestrator.models.facts import Warned
from orchestrator.models.identity import WorkerId
from orchestrator.models.options import SessionOptions
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.session.state import Session
from orchestrator.value_class import changed
from tests.coordinator.conftest import FAKES, Stage
from tests.coordinator.exactness import assert_exact
from tests.coordinator.killing import Killing, lines, resume, run
from tests.coordinator.leaving_stage import PASSWORD, TOKEN, Repository, registering, repository, serving
from tests.workers.conftest import until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("git")]
CLAUDE, NAME = WorkerId("claude"), EffectId(1, 0)

PUSHES = '''
name = "pushes"

[[turn]]
role = "designer"
repeat = true

[[turn.step]]
say = "One commit; then push it."

[[turn]]
role = "implementer"
repeat = true

[[turn.step]]
write = { path = "{target}/hello.txt", text = "hello\\n" }

[[turn.step]]
run = """cd {target} && git init -q -b main 2>/dev/null
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
git push origin main >out.txt 2>err.txt; echo code $? > code.txt"""

[[turn.step]]
say = "Pushed, if I was allowed to."

[[turn]]
role = "reviewer"
repeat = true

[[turn.step]]
reply = { verdict = "approved", summary = "fine", points = [] }
'''


@pytest.fixture(autouse=True)
def _sandboxes(not_proven: Callable[[str], NoReturn]) -> None:
    if find_bubblewrap(os.environ) is None:
        not_proven("there is no bubblewrap to run errands in")


@pytest.fixture
def far(tmp_path: Path) -> Repository:
    return repository(tmp_path.resolve() / "far.git", bare=True)


def leaving_for(url: str, **changes: object) -> SandboxConfig:
    policy = load_sandbox_policy("default")
    return replace(policy, leaving=changed(policy.leaving, **{"push_url": url, **changes}))


async def test_the_worker_gets_the_real_output_and_a_branch_it_moved_meanwhile_stays(
    stage: Stage, far: Repository
) -> None:
    """Between question and answer the branch is moved, as a worker could move it."""
    shown: list[str] = []

    def answer(session: Session, entry: JournalEntry) -> None:
        if isinstance(entry.body, OutboundInspected) and isinstance(entry.body.parcel, PushArtifact):
            shown.append(entry.body.parcel.refs[0].new)
            target = Repository(session.options.target)
            target.git("commit", "-q", "--allow-empty", "-m", "slipped in")
        for question in session.approvals.questions:
            if question.id in session.approvals.guards and shown and shown[0] in question.text and len(shown) == 1:
                shown.append(question.id)
                command = UserCommand(Command.ANSWER, by="test", text="yes", question=question.id)
                drop_command(SessionFolder(session.options.session_dir), command)

    stage.watch = answer
    result = await stage.run(PUSHES, interactive=True, sandbox=leaving_for(f"file://{far.path}"))
    target = result.state.options.target
    assert (target / "code.txt").read_text() == "code 0\n"
    assert "[new branch]" in (target / "err.txt").read_text()
    assert far.at("main") == shown[0]
    assert Repository(target).at("main") != shown[0]
    assert not (result.folder / "leaving").exists(), "nothing of it is kept"


async def test_neither_the_credential_nor_the_host_ever_reaches_the_worker(stage: Stage, far: Repository) -> None:
    far.git("config", "http.receivepack", "true")
    target = repository(stage.target)
    commit = target.commit("one")
    act = """
    import subprocess
    subprocess.run(["sh", "-c", '''
    git push origin main >out.txt 2>err.txt; echo code $? >code.txt
    { env; cat /proc/*/environ ~/.git-credentials HOME/.git-credentials; } >seen.txt 2>&1
    git ls-remote origin >host.txt 2>&1; true
    '''], check=True)
    """
    with serving(stage.root) as served:
        target.git("remote", "add", "origin", served.url)
        request = stage.stage_claude(act.replace("HOME", str(stage.root / "home")))
        (stage.root / "home" / ".git-credentials").write_text(f"http://somebody:{PASSWORD}@127.0.0.1%3a{served.port}\n")
        policy = replace(
            load_sandbox_policy("default"), approved_commands=("git push",), network="none", readable=(FAKES,)
        )
        result = stage.proven(
            await run_session(replace(request, sandbox=policy), environ=stage.environ, observe=stage.watch)
        )
    assert (stage.target / "code.txt").read_text() == "code 0\n", (stage.target / "err.txt").read_text()
    assert far.at("main") == commit
    assert "POST /far.git/git-receive-pack" in served.seen
    seen = (stage.target / "seen.txt").read_text(errors="replace")
    assert "ORCHESTRATOR_GUARD" in seen
    assert PASSWORD not in seen
    assert "connect to server" in (stage.target / "host.txt").read_text()
    assert PASSWORD not in SessionFolder(result.folder).journal_file.read_text()
    assert result.state.options.origin == served.url


async def test_a_package_is_published_in_the_workers_place(stage: Stage, not_proven: Callable[[str], NoReturn]) -> None:
    if shutil.which("npm") is None:
        not_proven("npm is not installed")
    (stage.target / "package.json").write_text('{"name": "thing", "version": "1.2.3"}')
    act = """
    import subprocess
    subprocess.run("npm publish >out.txt 2>err.txt; echo code $? >code.txt; env >seen.txt", shell=True)
    """
    with registering() as registry:
        request = stage.stage_claude(act)
        stage.variables["NPM_TOKEN"] = TOKEN
        policy = replace(
            load_sandbox_policy("default"), approved_commands=("npm publish",), network="none", readable=(FAKES,)
        )
        leaving = replace(policy.leaving, publish_url=registry.url)
        request = replace(request, sandbox=replace(policy, leaving=leaving))
        stage.proven(await run_session(request, environ=stage.environ))
    assert (stage.target / "code.txt").read_text() == "code 0\n", (stage.target / "err.txt").read_text()
    assert (stage.target / "out.txt").read_text() == "+ thing@1.2.3\n"
    assert registry.published[0]["_id"] == "thing"
    assert TOKEN not in (stage.target / "seen.txt").read_text()


def leaver(root: Path, url: str, environ: dict[str, str], **changes: object) -> OutboundDesk:
    folder = SessionFolder(root / "workspace" / "20261121-175811-7f3a")
    folder.path.mkdir(parents=True, exist_ok=True)
    options = SessionOptions(
        task="t",
        target=root / "target",
        session_dir=folder.path,
        agents=(),
        policy=STANDARD,
        sandbox=leaving_for(url, **changes),
        sandbox_backend="bubblewrap",
        templates={},
    )
    return OutboundDesk(folder, options, {**os.environ, **environ})


async def test_no_word_of_what_a_host_says_back_holds_the_credential(tmp_path: Path, far: Repository) -> None:
    root = tmp_path.resolve()
    repository(root / "target").commit("one")
    (root / "home").mkdir()
    far.git("config", "http.receivepack", "true")
    hook = far.path / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\necho the password is {PASSWORD} >&2\n")
    hook.chmod(0o755)
    with serving(root) as served:
        (root / "home" / ".git-credentials").write_text(f"http://somebody:{PASSWORD}@127.0.0.1%3a{served.port}\n")
        one = leaver(root, served.url, {"HOME": str(root / "home")})
        push = InspectOutbound(CLAUDE, "r", Push(str(root / "target")), served.url)
        inspected = await one.inspect(NAME, push)
        assert inspected.parcel is not None, inspected.problem
        done = await one.leave(NAME, SendOutbound(CLAUDE, "r", inspected.parcel))
    assert done.code == 0
    assert "the password is [redacted" in done.stderr
    assert PASSWORD not in done.stderr + done.stdout
    one.forget(CLAUDE, "r")
    assert not one.folder.leaving_dir.exists()


async def test_what_cannot_be_inspected_or_sent_is_an_outcome_with_its_reason(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "target").mkdir()
    one = leaver(root, "file:///nowhere", {})
    found = await one.inspect(NAME, InspectOutbound(CLAUDE, "r", Push(str(root / "target")), "file:///nowhere"))
    assert found.parcel is None
    assert "not a git repository" in (found.problem or "")
    parcel = PushArtifact("file:///nowhere", (RefChange("refs/heads/main", None, "a" * 40, 1),), "")
    assert (await one.leave(NAME, SendOutbound(CLAUDE, "r", parcel))).code not in (0, None)


async def test_what_takes_too_long_has_an_unknown_outcome(tmp_path: Path, far: Repository) -> None:
    root = tmp_path.resolve()
    repository(root / "target").commit("one")
    hook = far.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nsleep 60\n")
    hook.chmod(0o755)
    one = leaver(root, f"file://{far.path}", {})
    found = await one.inspect(NAME, InspectOutbound(CLAUDE, "r", Push(str(root / "target")), f"file://{far.path}"))
    assert found.parcel is not None, found.problem
    hasty = leaver(root, f"file://{far.path}", {}, timeout_s=0.5)
    done = await hasty.leave(NAME, SendOutbound(CLAUDE, "r", found.parcel))
    assert done.code is None
    assert "longer than 0.5 s" in done.stderr


def test_only_what_was_being_sent_has_an_unknown_outcome() -> None:
    parcel = PushArtifact("file:///x", (), "")
    found = cut_off([(NAME, Warned("x")), (EffectId(2, 0), SendOutbound(CLAUDE, "r", parcel))])
    assert [(each.effect, each.code) for each in found] == [(EffectId(2, 0), None)]


def test_a_coordinator_killed_in_the_middle_of_a_push_asks_a_person_and_does_not_push_again(
    killing: Killing, far: Repository
) -> None:
    root = killing.stage.root
    (root / "policy.toml").write_text(
        f'extends = "default"\napproved_commands = ["git push"]\n[leaving]\npush_url = "file://{far.path}"\n'
    )
    hook = far.path / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\necho x >>{far.path}/begun\ntest -e {far.path}/open || sleep 60\n")
    hook.chmod(0o755)
    path = killing.scenario(PUSHES)
    folder = None
    with run("run", root, path, 30.0, killing.serve(str(path))) as process:
        for line in lines(process):
            if line.startswith("session "):
                folder = Path(line.removeprefix("session "))
            if line.endswith("effect leave claude"):
                break
        until((far.path / "begun").exists, 20)
        process.send_signal(signal.SIGKILL)
    assert folder is not None
    assert resume(folder).startswith("ended needs_person `git push origin main` of claude was under way")
    assert (far.path / "begun").read_text() == "x\n"
    assert far.at("main") is None
    assert [done.code for done in outcomes(folder)] == [None]
    # Told that it has not left, the agent runs its command once more: another request, inspected anew.
    (far.path / "open").touch()
    assert resume(folder, "it has not left").startswith("ended done")
    assert [done.code for done in outcomes(folder)] == [None, 0]
    assert len({done.request for done in outcomes(folder)}) == 2
    assert far.at("main") is not None
    assert_exact(folder)


def outcomes(folder: Path) -> list[OutboundSent]:
    bodies = (entry.body for entry in read_journal(SessionFolder(folder).journal_file))
    return [body for body in bodies if isinstance(body, OutboundSent)]
