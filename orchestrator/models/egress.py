"""These models describe a push or a publication: as it was asked for, as it was measured, and what became of it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from orchestrator.models.field_marks import BY_KIND, LEFT_OUT
from orchestrator.models.identity import EffectId, WorkerId
from orchestrator.value_class import value_class


@value_class
class RefWanted:
    """One reference as the words of a ``git push`` name it."""

    source: str
    to: str = ""
    """Its name over there; empty for the same."""
    forced: bool = False


@value_class
class Push:
    """A ``git push`` by its own words; nothing in it is known to be so."""

    cwd: str
    remote: str = ""
    """Name or URL; empty where none is given."""
    refs: tuple[RefWanted, ...] = ()
    """Empty for the branch that is checked out."""
    forced: bool = False
    kind: Literal["push"] = "push"


@value_class
class Publish:
    """An ``npm publish`` by its own words."""

    cwd: str
    """The package's folder."""
    tag: str | None = None
    access: str | None = None
    registry: str = ""
    """As the command names it; empty where it does not."""
    kind: Literal["publish"] = "publish"


Wanted: TypeAlias = Annotated[Push | Publish, BY_KIND]


@value_class
class RefChange:
    """What a push would do to one reference of the remote repository."""

    name: str
    """Whole: ``refs/heads/main``."""
    old: Annotated[str | None, LEFT_OUT]
    """The commit it stands at; ``None`` where there is none yet."""
    new: str
    commits: int
    """That ``new`` has and ``old`` has not."""
    rewinds: bool = False
    """``old`` is no ancestor of ``new``: what only it holds is lost over there."""


@value_class
class PushArtifact:
    """Exactly what a push would send, lying in a clean clone of ours."""

    url: str
    refs: tuple[RefChange, ...]
    files: str
    """The change in figures, as git says it; empty where there is nothing to compare with."""
    kind: Literal["push"] = "push"

    @property
    def is_empty(self) -> bool:
        """Whether the remote repository has everything already."""
        return all(ref.old == ref.new for ref in self.refs)


@value_class
class PackageArtifact:
    """Exactly what would be published: a tarball in a folder of ours."""

    url: str
    """Of the registry."""
    name: str
    version: str
    integrity: str
    """``sha512-`` and the digest of the tarball in Base64, as registries spell it."""
    size: int
    """Of the tarball, in bytes."""
    files: int
    tag: str | None = None
    access: str | None = None
    kind: Literal["package"] = "package"


OutboundArtifact: TypeAlias = Annotated[PushArtifact | PackageArtifact, BY_KIND]


@value_class
class InspectOutbound:
    """Find out exactly what a command would send."""

    worker: WorkerId
    request: str
    wanted: Wanted
    url: str
    """Where it may go, by the policy."""
    kind: Literal["inspect_leaving"] = "inspect_leaving"


@value_class
class SendOutbound:
    """Send it: the one effect that is never done again, since nobody can take it back."""

    worker: WorkerId
    request: str
    parcel: OutboundArtifact
    kind: Literal["leave"] = "leave"


@value_class
class OutboundInspected:
    """What a command would send."""

    worker: WorkerId
    request: str
    effect: EffectId
    parcel: OutboundArtifact | None = None
    problem: str | None = None
    """Why it cannot be sent."""
    kind: Literal["leaving_inspected"] = "leaving_inspected"


@value_class
class OutboundSent:
    """The result of sending it."""

    worker: WorkerId
    request: str
    effect: EffectId
    code: int | None = None
    """The program's exit code; ``None``: nobody knows whether it has left."""
    stdout: str = ""
    stderr: str = ""
    kind: Literal["leaving_done"] = "leaving_done"
