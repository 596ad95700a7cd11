"""The coordinator tells a shim what to do by this document; both sides are checked against it, and neither loads it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    # For the type checker alone: `typing` costs the shim more than all it does.
    from collections.abc import Mapping, Sequence
    from typing import Any, NotRequired, TypedDict

    class LimitsPart(TypedDict):
        """How much the child and all below it may take."""

        cgroup: str | None
        groups: Sequence[str]
        """Folders of control groups to join first."""
        rlimits: Sequence[tuple[int, int]]
        """Bounds of each process, by their numbers."""
        bounds: Mapping[str, int] | None
        """What of the sandbox's own namespaces is to be bounded."""

    class SandboxPart(LimitsPart):
        """What is put around the child."""

        argv: Sequence[str]
        """What is executed, the sandbox's own words in front."""
        cwd: str | None
        """``None`` where the sandbox changes the folder itself."""
        sandboxed: bool
        """A process of bubblewrap's stands above the child."""
        sandbox: str
        """What stands around it, for people."""
        landlock: NotRequired[Mapping[str, Any]]
        """What the child gives up without another program."""
        proxy: NotRequired[str]
        """The socket on which the coordinator takes the worker's connections."""
        network: NotRequired[Mapping[str, Any]]
        """What it may reach; for the coordinator that comes next."""
        watch_plan: NotRequired[str | None]
        git_plan: NotRequired[str | None]
        forbidden: NotRequired[Sequence[tuple[str, str]]]
        """Folders, each with a path below it at which a worker may leave nothing."""
        taken_into: NotRequired[str]
        """Where what it left there is moved: the beginning of a name."""

    class AttemptPart(TypedDict):
        """Which attempt it is, where its files lie, and how it is ended."""

        format: int
        worker: str
        attempt: int
        record: str
        """The file in which the shim says what it does, and how it ended."""
        command: Sequence[str]
        """The CLI's own command line, sandbox left out."""
        stdin: str
        stdout: str
        stderr: str
        control: str
        """The folder in which commands come, numbered."""
        commands_after: int
        """The last command that was meant for an earlier attempt."""
        ladder: Sequence[tuple[str, float]]
        """Signals of a stop, each with what is waited after it."""
        lock: str | None
        """The coordinator's lease."""
        kept: Sequence[int]
        """Descriptors to hold as long as the shim lives."""
        orphan_grace_s: float
        coordinator: int
        nice: int

    class ShimSpec(AttemptPart, SandboxPart):
        """The whole document."""
