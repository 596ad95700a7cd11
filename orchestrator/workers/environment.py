"""The child's environment, from an allow-list: what is not named here does not reach a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping

from orchestrator.agents.contract import Agent
from orchestrator.models.sandbox import SandboxConfig


def child_environment(
    agent: Agent, sandbox: SandboxConfig, environ: Mapping[str, str], additions: Mapping[str, str]
) -> dict[str, str]:
    """The whole environment of one worker: the policy's names, this CLI's own credentials, then ``additions``.

    PATH comes with its links resolved and without relative or missing folders: inside a sandbox only real places exist.
    """
    allowed = {*sandbox.environment, *agent.credential.environment}
    chosen = {name: environ[name] for name in sorted(allowed) if name in environ}
    chosen.update(additions)
    if "PATH" in chosen:
        entries = (os.path.realpath(entry) for entry in chosen["PATH"].split(":") if entry.startswith("/"))
        chosen["PATH"] = ":".join(dict.fromkeys(entry for entry in entries if os.path.isdir(entry)))
    return chosen
