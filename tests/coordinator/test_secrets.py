"""Thirty canaries in the environment, and a worker that has got hold of them and prints them everywhere."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
import tarfile
import threading
from typing import TYPE_CHECKING

import pytest

from orchestrator.agents.registry import AGENTS
from orchestrator.journal.folder import SessionFolder, newest_session
from orchestrator.models.identity import WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.sandbox.environment import child_environment

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.agents.contract import Agent
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow

ALLOWED = "ANTHROPIC_API_KEY"
NAMES = (
    *(ALLOWED, "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "GEMINI_API_KEY", "GITHUB_TOKEN", "GH_PAT", "NPM_TOKEN"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD"),
    *("SMTP_PASS", "STRIPE_SECRET", "JWT_SECRET", "SESSION_COOKIE", "SENTRY_DSN", "SLACK_WEBHOOK", "TLS_PRIVATE_KEY"),
    *("SIGNING_KEY", "GPG_PASSPHRASE", "DOCKER_AUTH", "TWILIO_AUTH_TOKEN", "VAULT_TOKEN", "KUBE_TOKEN", "PYPI_TOKEN"),
    *("HF_TOKEN", "DJANGO_SECRET", "ENCRYPTION_KEY"),
)
CANARIES = {name: f"canary{number:02d}Zq{name.lower()[::-1]}x" for number, name in enumerate(NAMES)}
PRINTS = """
import os, subprocess
canaries = json.loads(Path("canaries.json").read_text())
Path("canaries.json").unlink()
argv = [Path(f"/proc/{pid}/cmdline").read_text() for pid in (os.getpid(), os.getppid())]
Path("../child.json").write_text(json.dumps({"environ": dict(os.environ), "argv": [*argv, *sys.argv]}))
tool("Bash", {"command": "env"}, subprocess.run(["env"], capture_output=True, text=True).stdout)
for name, value in canaries.items():
    text(f"{name}={value}, and quoted {json.dumps(value)}")
    half = len(value) // 2
    said = subprocess.run(["sh", "-c", f"echo {value[:half]}''{value[half:]}"], capture_output=True, text=True).stdout
    tool("Bash", {"command": f"echo {value[:half]}''{value[half:]}", "description": value}, said)
    out(f"Error: token {value} was refused\\n".encode())
    out(f"warning: {value}\\n".encode(), to=2)
    say({"type": "new_kind", "nested": [{value: value}]})
    with open(os.environ["ORCHESTRATOR_EVENTS"], "a") as file:
        file.write(json.dumps({"type": "finding", "payload": {"text": f"found {value}"}}) + "\\n")
Path("leak.txt").write_text("\\n".join(canaries.values()))
Path(f"named-{canaries['GH_PAT']}.txt").write_text("x")
text("\\n".join(canaries.values()))
"""


def in_text(text: str) -> list[str]:
    return [name for name, value in CANARIES.items() if value in text]


@pytest.fixture
def told(stage: Stage) -> Stage:
    stage.variables |= CANARIES
    assert len(CANARIES) == 30
    (stage.target / "canaries.json").write_text(json.dumps(CANARIES))
    (stage.target / "tests").mkdir()
    (stage.target / "tests" / "test_it.py").write_text("import os\n\ndef test_it():\n    assert 0, str(os.environ)\n")
    return stage


def words(stage: Stage, *options: str) -> list[str]:
    request = stage.stage_claude(PRINTS)
    folders = ["--target", str(request.target), "--workspace", str(request.workspace)]
    given = ["run", "task", "--agents", "claude", "--sandbox", "open", "--no-interactive", "--no-dashboard", *options]
    return [sys.executable, "-m", "orchestrator", *given, *folders]


def looked_at(stage: Stage, *command: str) -> str:
    """What a command about the session prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "orchestrator", *command, "--workspace", str(stage.workspace)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=dict(stage.environ),
        stdin=subprocess.DEVNULL,
    )
    assert ran.stdout, ran.stderr
    return ran.stdout + ran.stderr


def check_folder(stage: Stage) -> SessionFolder:
    """No canary in any file of the session but the raw ones and what the worker itself left."""
    folder = newest_session(stage.workspace, live_only=False)
    assert folder is not None
    raw = {folder.path / "claude.jsonl", folder.path / "claude.stderr.log"}
    # What the worker wrote into the target, as it has to be to be applied elsewhere.
    change = folder.path / "changes.patch"
    unredacted = (folder.scratch_dir, folder.homes_dir, folder.snapshots_dir)
    leaks, seen = {}, 0
    for path in folder.path.rglob("*"):
        if path.is_file() and path not in (*raw, change) and not any(path.is_relative_to(one) for one in unredacted):
            seen += 1
            if found := in_text(path.read_text(errors="replace")):
                leaks[path.name] = found
    assert leaks == {}
    assert seen > 5
    for path in raw:
        assert len(in_text(path.read_text())) == 30, "the worker did print them all"
    return folder


def test_no_canary_leaves_the_raw_streams(told: Stage) -> None:
    ran = subprocess.run(
        words(told, "--verbose"), capture_output=True, text=True, timeout=100, env=dict(told.environ), stdin=-3
    )
    assert in_text(ran.stdout + ran.stderr) == []
    assert "[redacted:" in ran.stdout + ran.stderr
    folder = check_folder(told)
    assert in_text(looked_at(told, "show")) == []
    assert in_text(looked_at(told, "show", "--json")) == []
    assert in_text(looked_at(told, "logs")) == []
    assert in_text(looked_at(told, "replay")) == []
    assert len(in_text(looked_at(told, "logs", "claude", "--raw"))) == 30
    check_child(told)
    check_private(folder)
    check_bundle(told, folder)


def check_child(stage: Stage) -> None:
    """Only the login of its own CLI reached the child, and nothing reached a command line."""
    child = json.loads((stage.root / "child.json").read_text())
    seen = {name for name, value in CANARIES.items() if value in child["environ"].values()}
    assert seen <= {ALLOWED, "ANTHROPIC_AUTH_TOKEN"}
    assert set(child["environ"]) & set(CANARIES) == seen
    assert in_text(json.dumps(child["argv"])) == []


def check_bundle(stage: Stage, folder: SessionFolder) -> None:
    """The raw streams are in it, and no canary is: neither in a file nor in a file's name."""
    out = stage.root / "bundle.tar.gz"
    said = looked_at(stage, "bundle", "-o", str(out))
    assert "it replays" in said
    assert in_text(said) == []
    with tarfile.open(out) as tar:
        names = [member.name for member in tar.getmembers()]
        assert f"{folder.id}/claude.jsonl" in names
        assert in_text("\n".join(names)) == []
        for member in tar.getmembers():
            file = tar.extractfile(member)
            assert file is not None
            assert in_text(file.read().decode()) == [], member.name


def check_private(folder: SessionFolder) -> None:
    for path in folder.path.iterdir():
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path.name} is {mode:o}"


def test_no_canary_is_shown_in_the_live_view(told: Stage) -> None:
    command = words(told)
    terminal, ours = pty.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while chunk := os.read(terminal, 65536):
                shown.extend(chunk)
        except OSError:
            pass  # the other side is closed

    reader = threading.Thread(target=read)
    reader.start()
    try:
        environ = {**told.environ, "TERM": "xterm-256color", "COLUMNS": "200", "LINES": "60"}
        subprocess.run(command, stdin=-3, stdout=ours, stderr=ours, timeout=100, env=environ, check=False)
    finally:
        os.close(ours)
        reader.join()
        os.close(terminal)
    assert b"\x1b[" in shown
    assert in_text(shown.decode("utf-8", "replace")) == []
    check_folder(told)


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: str(agent.name))
def test_of_thirty_canaries_a_child_sees_only_its_own_clis_login(agent: Agent, tmp_path: Path) -> None:
    environ = child_environment(agent, SandboxConfig(name="default"), {**CANARIES, "PATH": "/bin"}, {})
    own = {*agent.credential.environment, *agent.credential.renamed}
    assert {name for name in environ if name in CANARIES} <= own
    assert set(in_text("".join(environ.values()))) <= own
    assignment = Assignment(
        worker=WorkerId(str(agent.name)),
        agent=agent.name,
        role=Role.IMPLEMENTER,
        prompt="do it",
        target=tmp_path,
        scratch=tmp_path,
        home=tmp_path,
        extra_env=environ,
    )
    assert in_text(" ".join(agent.launch(assignment).argv)) == []
