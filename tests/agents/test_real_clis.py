"""Every command line we can build is accepted by the pinned real CLIs, and the prompt reaches the model whole."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS
from orchestrator.models.work import ModelEndpoint, Role
from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages
from orchestrator.testing.agents import sample_assignment

pytestmark = [pytest.mark.real, pytest.mark.slow]

MARKER = "the-prompt-7f3a with 'quotes' and --a-flag"
REFUSAL = b'{"error":{"type":"invalid_request_error","code":400,"message":"no","status":"INVALID_ARGUMENT"}}'
SCHEMA = {"type": "object", "properties": {"verdict": {"type": "string"}}, "required": ["verdict"]}
MODELS = {"claude": "claude-opus-5-5", "codex": "gpt-5.5", "gemini": "gemini-3.8-flash"}
"""By agent; who is not in it is not asked for a model."""
WIDENED = {
    "claude": ("--permission-mode=acceptEdits", "--allowedTools=Bash"),
    "codex": ("--sandbox=workspace-write", "--add-dir=/var/tmp"),
    "gemini": ("--approval-mode=auto_edit",),
}


class RefusingModel:
    """A model server on loopback that says 400 to everything and keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                model.bodies.append(self.rfile.read(length).decode("utf-8", "replace"))
                self.send_response(400)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(REFUSAL)))
                self.end_headers()
                self.wfile.write(REFUSAL)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = ModelEndpoint(f"http://127.0.0.1:{self.server.server_port}", "sk-test")


@pytest.fixture
def model() -> Iterator[RefusingModel]:
    refusing = RefusingModel()
    thread = threading.Thread(target=refusing.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield refusing
    refusing.server.shutdown()
    refusing.server.server_close()
    thread.join()


@pytest.fixture
def clis(not_proven: Callable[[str], NoReturn]) -> Path:
    folder = installed_clis(pinned_packages(), default_cache())
    if folder is None:
        not_proven("the real CLIs are not installed: python -m orchestrator.rehearsal.installing")
    return folder


def changes(agent: Agent, variant: str) -> Mapping[str, Any]:
    table: dict[str, dict[str, Any]] = {
        "plain": {},
        "restricted": {"bypass_approvals": False},
        "a reviewer's reply": {"role": Role.REVIEWER, "reply_schema": SCHEMA, "model": MODELS.get(agent.name)},
        "widened": {"bypass_approvals": False, "extra_flags": WIDENED.get(agent.name, ())},
        "bypassing and widened": {"extra_flags": WIDENED.get(agent.name, ())},
    }
    return table[variant]


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: agent.name)
@pytest.mark.parametrize("variant", ["plain", "restricted", "a reviewer's reply", "widened", "bypassing and widened"])
def test_the_command_line_is_accepted(
    agent: Agent, variant: str, tmp_path: Path, model: RefusingModel, clis: Path
) -> None:
    folders = {name: tmp_path / name for name in ("target", "scratch", "home", "library")}
    for folder in folders.values():
        folder.mkdir()
    assignment = sample_assignment(
        agent,
        prompt=MARKER,
        target=folders["target"],
        scratch=folders["scratch"],
        home=folders["home"],
        writable=(folders["scratch"], folders["target"]),
        readable=(folders["library"],),
        endpoint=model.endpoint,
        **changes(agent, variant),
    )
    spec = agent.launch(assignment)
    for file in spec.files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.content)
    path = f"{clis}:/usr/local/bin:/usr/bin:/bin"
    env = {"HOME": str(folders["home"]), "TMPDIR": str(folders["scratch"]), "PATH": path, "LANG": "C.UTF-8"}
    argv = (str(clis / spec.argv[0]), *spec.argv[1:])
    done = subprocess.run(
        argv,
        cwd=spec.cwd,
        env={**env, **spec.env},
        input=spec.stdin.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert any("the-prompt-7f3a with 'quotes' and --a-flag" in body for body in model.bodies), done.stderr[-2_000:]
    assert done.returncode != 0  # the model refused, and nothing before it did
