"""Runs one CLI, stand-in or real, against a scripted model, in a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from orchestrator.rehearsal.model_server import ModelServer

AGENTS = ("gemini", "claude", "codex")
_GEMINI_SETTINGS = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"maxAttempts": 1}}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Run:
    """How one run of a CLI ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]


@dataclass
class Stage:
    """A target, a scratch folder and a home for one CLI, and where its executable lies."""

    agent: str
    bin_folder: Path
    root: Path
    server: ModelServer
    flags: Sequence[str] = ()
    without: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        return self.root / "target"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def prepare(self) -> None:
        for folder in (self.target, self.scratch, self.home / "tmp", self.home / ".gemini", self.home / ".codex"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.home / ".gemini" / "settings.json").write_text(json.dumps(_GEMINI_SETTINGS))
        self.server.describe(self.agent, target=self.target, scratch=self.scratch)

    def environment(self) -> dict[str, str]:
        path = f"{self.bin_folder}:/usr/local/bin:/usr/bin:/bin"
        mine = {"HOME": str(self.home), "TMPDIR": str(self.home / "tmp"), "PATH": path, "LANG": "C.UTF-8"}
        url = self.server.url
        vendor = {
            "claude": {
                "ANTHROPIC_BASE_URL": url,
                "ANTHROPIC_API_KEY": "sk-rehearsal",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "CLAUDE_CODE_MAX_RETRIES": "1",
                "IS_SANDBOX": "1",
            },
            "codex": {"REHEARSAL_KEY": "sk-rehearsal", "CODEX_HOME": str(self.home / ".codex")},
            "gemini": {
                "GOOGLE_GEMINI_BASE_URL": url,
                "GEMINI_API_KEY": "sk-rehearsal",
                "GEMINI_CLI_NO_RELAUNCH": "true",
                "GEMINI_TELEMETRY_ENABLED": "false",
                "NO_COLOR": "1",
            },
        }[self.agent]
        wanted = {**mine, **vendor, **self.env}
        return {name: value for name, value in wanted.items() if name not in self.without}

    def argv(self, *, resume: str | None = None, schema: Path | None = None) -> list[str]:
        executable = str(self.bin_folder / self.agent)
        return [executable, *(flag for flag in self._flags(resume, schema) if flag not in self.without), *self.flags]

    def _flags(self, resume: str | None, schema: Path | None) -> list[str]:
        match self.agent:
            case "gemini":
                again = [f"--resume={resume}"] if resume else []
                roots = f"--include-directories={self.scratch}"
                return ["--approval-mode=yolo", "--skip-trust", roots, "--output-format=stream-json", *again]
            case "claude":
                again = ["--resume", resume] if resume else []
                fit = ["--json-schema", schema.read_text()] if schema else []
                mode = ["--print", "--dangerously-skip-permissions", "--strict-mcp-config"]
                return [*mode, "--output-format", "stream-json", "--verbose", *fit, *again]
            case _:
                fit = ["--output-schema", str(schema)] if schema else []
                again = ["resume", resume, "-"] if resume else []
                return ["exec", *_codex_provider(self.server.url), "--json", *_codex_open(self.target), *fit, *again]

    async def run(
        self,
        prompt: str,
        *,
        resume: str | None = None,
        schema: Path | None = None,
        until: Callable[[], Awaitable[None]] | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> Run:
        """Run to the end; with ``until``, send ``stop`` once that has come back."""
        self.prepare()
        out, err = self.root / "stdout", self.root / "stderr"
        with anyio.fail_after(60), out.open("wb") as stdout, err.open("wb") as stderr:
            async with await anyio.open_process(
                self.argv(resume=resume, schema=schema),
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                cwd=self.target,
                env=self.environment(),
                start_new_session=True,
            ) as process:
                try:
                    await _write(process, prompt)
                    if until is not None:
                        await until()
                        process.send_signal(stop)
                    code = await process.wait()
                finally:
                    _end_group(process.pid)
        return Run(code, out.read_text(), err.read_text())


async def _write(process: anyio.abc.Process, prompt: str) -> None:
    assert process.stdin is not None
    try:
        await process.stdin.send(prompt.encode())
        await process.stdin.aclose()
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return  # it refused its flags and is gone


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _codex_provider(url: str) -> list[str]:
    provider = {
        "model": "gpt-5.5-codex",
        "model_provider": "rehearsal",
        "model_providers.rehearsal.name": "rehearsal",
        "model_providers.rehearsal.base_url": f"{url}/v1",
        "model_providers.rehearsal.wire_api": "responses",
        "model_providers.rehearsal.env_key": "REHEARSAL_KEY",
        "analytics.enabled": False,
        "check_for_update_on_startup": False,
        "model_providers.rehearsal.request_max_retries": 0,
        "model_providers.rehearsal.stream_max_retries": 1,
    }
    return [word for name, value in provider.items() for word in ("-c", f"{name}={json.dumps(value)}")]


def _codex_open(target: Path) -> list[str]:
    return ["--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check", "-C", str(target)]
