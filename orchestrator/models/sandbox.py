"""These models say what a worker may touch (spec 004, Security Sandbox and Resource Limits).

Every field has a default that means what a policy without the field meant, so that old journals load and replay.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from orchestrator.late_adapter import late_adapter
from orchestrator.models.field_marks import Bounded
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

PLACEHOLDERS: Final = ("target", "scratch", "session", "home")
"""What ``{target}`` and the like in a policy's paths stand for: the project, the worker's own folder, the session's
folder, the private home of its CLI.  ``orchestrator.safety.placeholders`` puts them in."""

MODEL_HOSTS: Final = "{model}"
"""In ``allowed_hosts``: wherever the worker's own CLI finds its model."""

NEVER_WRITABLE: Final = (
    *(".git/hooks", ".git/config", ".git/info/attributes"),
    *(".claude/settings.json", ".claude/settings.local.json", ".claude/hooks", ".claude/agents", ".claude/commands"),
    *(".gemini", ".codex", ".mcp.json", ".envrc", ".vscode/tasks.json", ".vscode/settings.json"),
    *(".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".zshrc", ".zshenv", ".zprofile"),
    *(".config/fish", ".ssh", ".pypirc", ".netrc"),
)
"""What another program would later run or obey, with more rights than the worker that wrote it."""

BLOCKED: Final = (
    *("rm -rf", "dd", "mkfs", "fdisk", "sfdisk", "cfdisk", "gdisk", "sgdisk", "parted", "wipefs", "mkswap"),
    *("blkdiscard", "badblocks -w", "hdparm --security-erase", "nvme format", "cryptsetup luksFormat", "pvcreate"),
    *("vgremove", "lvremove", "zpool destroy", "mdadm --create", "mdadm --zero-superblock"),
)
"""What deletes, and what rewrites disks."""
CONFIRMED: Final = (
    *("git push", "hg push", "jj git push", "npm publish", "npm unpublish", "yarn publish", "pnpm publish"),
    *("bun publish", "lerna publish", "changeset publish", "semantic-release", "release-it", "deno publish"),
    *("jsr publish", "vsce publish", "ovsx publish", "pip install", "twine upload", "poetry publish", "uv publish"),
    *("hatch publish", "flit publish", "pdm publish", "rye publish", "maturin publish", "anaconda upload"),
    *("cargo publish", "gem push", "mvn deploy", "gradle publish", "sbt publish", "dotnet nuget push"),
    *("nuget push", "mix hex.publish", "dart pub publish", "flutter pub publish", "cabal upload", "stack upload"),
    *("luarocks upload", "pod trunk push", "docker push", "docker build --push", "podman push", "nerdctl push"),
    *("buildah push", "skopeo copy", "crane push", "oras push", "helm push", "gh release", "glab release"),
)
"""What sends to others, and what runs the code of others."""

ORIGIN: Final = "{origin}"
"""In ``push_url``: wherever the target's remote ``origin`` led when the session began."""

Backend: TypeAlias = Literal["auto", "bubblewrap", "landlock", "none"]
Network: TypeAlias = Literal["open", "allow-list", "none"]
Brought: TypeAlias = Literal["mcp", "instructions", "skills", "commands", "subagents", "providers"]
_POSITIVE: Final = Bounded(more_than=0)
_NOT_NEGATIVE: Final = Bounded(at_least=0)
_EXACTLY: Final[ConfigDict] = {"extra": "forbid", "allow_inf_nan": False}
"""A policy with a key that nobody knows, or a limit that is no figure, is none."""
Unsure: TypeAlias = Literal["allow", "warn", "confirm", "block"]


@value_class
class ResourceLimits:
    """Limits of one worker's whole tree; defaults are the spec's."""

    __pydantic_config__ = _EXACTLY

    cpu_percent: Annotated[float, _POSITIVE] = 50.0
    """100 = one core.  Never a reason to kill: see ADR 0004."""
    memory_mib: Annotated[int, _POSITIVE] = 2048
    """Of the whole tree, in MiB; above it three times in a row: stopped."""
    runtime_s: Annotated[float, _POSITIVE] = 3600.0
    """Time it really ran, in seconds; paused time does not count."""
    final_wait_s: Annotated[float, _POSITIVE] = 30.0
    """How long it may go on after its final record, in seconds; then it is ended, and the record decides."""
    final_wait_open_call_s: Annotated[float, _POSITIVE] = 300.0
    """The same while a tool call of it is open."""
    first_word_s: Annotated[float, _POSITIVE] = 360.0
    """How long it may say nothing at all after its start, in seconds; then it does not start.  Up to 330 s are normal
    while a model does not answer, for a CLI whose first record is the model's (opencode 1.18.33)."""
    processes: Annotated[int | None, _POSITIVE] = None
    """Processes and threads at once, where the kernel can count them for a worker alone; 2000 where none is said."""
    inotify_instances: Annotated[int | None, _POSITIVE] = None
    """Watchers of files at once; else an eighth of what the machine gives one user.  Under bubblewrap alone."""
    inotify_watches: Annotated[int | None, _POSITIVE] = None
    """Files and folders that they watch; else an eighth as well.  Under bubblewrap alone."""
    disk_mib: Annotated[int, _POSITIVE] = 1536
    """What it may hold on disk in its scratch folder, home, layers of repositories and output; more: stopped."""
    snapshot_s: Annotated[float, _POSITIVE] = 300.0
    """How long one look at the target may take, in seconds, whatever the worker left there; then it counts as not
    measured."""
    terminals: Annotated[int, _POSITIVE] = 64
    """Pseudo-terminals at once, under bubblewrap alone."""
    open_files: Annotated[int | None, _POSITIVE] = None
    """Open files of one process."""
    file_mib: Annotated[int | None, _POSITIVE] = None
    """The longest file it may write, in MiB."""
    tmp_mib: Annotated[int, _POSITIVE] = 1024
    """What each of its private /tmp, /var/tmp and /dev/shm may hold, in MiB: they lie in memory."""


@value_class
class TeamBounds:
    """How many workers a session's own plan may have; what exceeds a bound waits, and that is said."""

    __pydantic_config__ = _EXACTLY

    max_parallel: Annotated[int, _POSITIVE] = 4
    """Agents of the plan that are at work at once."""
    max_workers: Annotated[int, _POSITIVE] = 32
    """Agents of the plan in all; for more a person is asked."""
    starts_per_minute: Annotated[int, _POSITIVE] = 10
    """First starts of agents of the plan within a minute; rounds of reviews and relaunches have bounds of their own."""
    priority_age_s: Annotated[float, _POSITIVE] = 300.0
    """Of agents that wait for a place the one with the most points starts first: one for each so many seconds,"""
    priority_blocker: Annotated[int, _NOT_NEGATIVE] = 10
    """so many for one that is to mend what failed before it,"""
    priority_deadline: Annotated[int, _NOT_NEGATIVE] = 5
    """so many where twice its time is not left of the session's, and the priority that it has by the plan."""


@value_class
class Leaving:
    """Where confirmed commands go that leave the machine, and with which credentials: the coordinator runs them."""

    __pydantic_config__ = _EXACTLY

    push_url: str = ORIGIN
    """Where `git push` goes (https, ssh, file); `{origin}`: the target's `origin` at the start; empty: off."""
    push_credentials: tuple[str, ...] = ("SSH_AUTH_SOCK", "~/.ssh/known_hosts", "~/.netrc", "~/.git-credentials")
    """What a push gets of yours, where it exists: files (`~/…`) and variables; any but SSH_AUTH_SOCK is a password."""
    publish_url: str = ""
    """The registry `npm publish` goes to, such as https://registry.npmjs.org/; empty: nothing is published."""
    publish_credentials: tuple[str, ...] = ("NPM_TOKEN", "~/.npmrc")
    """What publishing gets of yours, where it exists: files (`~/…`), and a variable that holds the registry's token."""
    timeout_s: Annotated[float, _POSITIVE] = 120.0
    """How long each step may take: looking at what would leave, and sending it."""


@value_class
class SandboxConfig:
    """One sandbox policy, as read from ``sandbox_policies/*.toml``."""

    __pydantic_config__ = _EXACTLY

    name: str
    """What it is called in listings and in the journal."""
    extends: str | None = None
    """The policy this one is built on, by name or file; what is not said here is taken from it."""
    description: str = ""
    """One line for listings."""
    backend: Backend = "auto"
    """``auto`` takes the strongest there is; ``none`` is ``--sandbox open``."""
    enforcement: Literal["required", "preferred"] = "preferred"
    """``required`` never falls through to a weaker backend."""
    root: Literal["minimal", "read-only"] = "minimal"
    """``minimal`` shows the system's programs and nothing else; ``read-only`` the whole machine, to be read."""
    target: Literal["write", "read"] = "write"
    """What an implementer may do in the target; everybody else reads it whatever stands here."""
    readable: tuple[Path, ...] = ()
    """Further folders every worker may read, beside the system's own, the target and its scratch folder."""
    writable: tuple[Path, ...] = ()
    """Further folders an implementer may write."""
    hidden: tuple[Path, ...] = ()
    """Masked even inside a readable folder."""
    never_writable: tuple[str, ...] = NEVER_WRITABLE
    """Not even inside a writable folder; a relative path counts from the target and from each of ``writable``."""
    hold: tuple[str, ...] = ()
    """Patterns of the table of obeyed files that are held too, or others; ``*``: all of the table."""
    environment: tuple[str, ...] = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "PATH")
    """Names passed on from the coordinator's environment, besides the CLI's own credential."""
    bring: tuple[Brought, ...] = ()
    """What of the user's own settings of a CLI its workers get: MCP servers, instructions and so on."""
    network: Network = "open"
    """``open``: as the machine has it; ``allow-list``: ``allowed_hosts`` and nothing else; ``none``: no network."""
    allowed_hosts: tuple[str, ...] = (MODEL_HOSTS,)
    """Host names, ``*.example.org`` and ``host:port`` too; ``{model}`` stands for the hosts of the CLI's model."""
    guard: bool = True
    """Ask before a listed command runs: by the CLIs' own hooks, and by guards in front of the programs."""
    blocked_commands: tuple[str, ...] = BLOCKED
    """Refused; ``rm`` and ``dd`` only where they reach outside the worker's own folders."""
    confirm_commands: tuple[str, ...] = CONFIRMED
    """Need a person's consent before they run."""
    approved_commands: tuple[str, ...] = ()
    """Consent given beforehand (``--approve RULE``): such a command runs where it would need to be confirmed."""
    warn_patterns: tuple[str, ...] = ("sudo", "curl | sh", "wget | sh", "{agent}")
    """Run, and are said to people; `{agent}` stands for the CLI of any agent, whose starts are counted."""
    unsure_commands: Unsure = "warn"
    """What becomes of a command of which only run time shows what it does."""
    confirm_timeout_s: Annotated[float, _POSITIVE] = 300.0
    """How long a command waits for a person; after that it is refused."""
    leaving: Leaving = Leaving()
    """Where `git push` and `npm publish` go once consented to, run by the coordinator in the worker's place."""
    limits: ResourceLimits = ResourceLimits()
    """Of one worker with everything it started."""
    team: TeamBounds = TeamBounds()
    """How many workers a plan of one's own may have."""


SANDBOX_CONFIG: TypeAdapter[SandboxConfig] = late_adapter(SandboxConfig)
"""Reads and writes a policy, and says what is wrong with one."""
