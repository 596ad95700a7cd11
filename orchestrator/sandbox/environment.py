"""Make the child's environment from an allow-list: what is not named here does not reach a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping

from orchestrator.agents.contract import Agent
from orchestrator.agents.providers import chosen_names
from orchestrator.models.sandbox import SandboxConfig


def child_environment(
    agent: Agent,
    sandbox: SandboxConfig,
    environ: Mapping[str, str],
    additions: Mapping[str, str],
    *,
    from_files: bool = False,
) -> dict[str, str]:
    """The whole environment of one worker: the policy's names, this CLI's own credentials, then ``additions``.

    PATH comes with its links resolved and without relative or missing folders: inside a sandbox only real places exist.

    Args:
        from_files: its login was copied into its home, which counts where no variable holds one.
    """
    credential = agent.credential
    patterns = [*sandbox.environment, *credential.environment, *credential.settings]
    for provider in credential.chosen(environ):
        patterns += [provider.switch, *provider.secrets, *provider.settings, *provider.urls]
    chosen = {name: environ[name] for name in sorted(chosen_names(patterns, environ))}
    for old, new in credential.renamed.items():
        if old in environ and new not in environ:
            chosen[new] = environ[old]
    if from_files and not any(name in chosen for name in credential.environment):
        chosen.update(credential.with_files)
    chosen.update(additions)
    if "PATH" in chosen:
        entries = (os.path.realpath(entry) for entry in chosen["PATH"].split(":") if entry.startswith("/"))
        chosen["PATH"] = ":".join(dict.fromkeys(entry for entry in entries if os.path.isdir(entry)))
    return chosen
