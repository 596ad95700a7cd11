"""Explain to people who write policies what a worker of a role may do at a path, and why."""

from __future__ import annotations

from os.path import normpath
from pathlib import Path
from typing import Literal, TypeAlias

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role
from orchestrator.safety.path_access import OWN_FOLDERS, SYSTEM_FOLDERS
from orchestrator.safety.placeholders import Places, placed
from orchestrator.safety.roles import WRITES_TARGET
from orchestrator.value_class import value_class

May: TypeAlias = Literal["write", "read", "nothing"]


@value_class
class Access:
    """What may be done with one path."""

    may: May
    because: str


def access(config: SandboxConfig, path: Path, *, role: Role, places: Places) -> Access:
    """What a worker of this role may do with ``path``, by the policy alone and by names alone: no link is followed."""
    if config.backend == "none":
        return Access("write", "there is no sandbox under this policy: whatever you may do")
    whole, policy = Path(normpath(path)), placed(config, places)
    for hidden in policy.hidden:
        if whole.is_relative_to(hidden):
            return Access("nothing", f"`hidden` has {hidden}")
    writes = _writable(policy, whole, role, places)
    if writes is not None:
        entry = next((e for e in policy.never_writable if whole.is_relative_to(e)), None)
        return Access("read", f"`never_writable` has {entry}") if entry is not None else Access("write", writes)
    return _readable(policy, whole, role, places)


def _writable(policy: SandboxConfig, path: Path, role: Role, places: Places) -> str | None:
    """Why it may be written; ``None`` if it may not."""
    for own, said in ((places.scratch, "its own scratch folder"), (places.home, "the private home of its CLI")):
        if path.is_relative_to(own):
            return said
    if WRITES_TARGET[role]:
        if policy.target == "write" and path.is_relative_to(places.target):
            return "it lies in the target, which an implementer writes"
        for folder in policy.writable:
            if path.is_relative_to(folder):
                return f"`writable` has {folder}"
    if path.is_relative_to(places.target):
        # A target in /tmp is the target, not the worker's own.
        return None
    own_folder = next((folder for folder in OWN_FOLDERS if path.is_relative_to(folder)), None)
    return f"{own_folder} is the sandbox's own, made anew for each worker" if own_folder is not None else None


def _readable(policy: SandboxConfig, path: Path, role: Role, places: Places) -> Access:
    if path.is_relative_to(places.target):
        only = '`target` is "read"' if WRITES_TARGET[role] else f"a {role} only reads the target"
        return Access("read", only)
    if path.is_relative_to(places.session):
        return Access("nothing", "it is the session's own record, which no worker sees")
    further = (*policy.readable, *(policy.writable if WRITES_TARGET[role] else ()))
    for folder in further:
        if path.is_relative_to(folder):
            return Access("read", f"`readable` has {folder}")
    system = next((folder for folder in SYSTEM_FOLDERS if path.is_relative_to(folder)), None)
    if system is not None:
        return Access("read", f"{system} is the system's: what a program needs of it is shown, and nothing is written")
    if policy.root == "read-only":
        return Access("read", '`root` is "read-only": the whole machine can be read')
    return Access("nothing", "no entry of the policy shows it")
