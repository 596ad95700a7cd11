"""These models describe known errors, what cures them, and what was done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from orchestrator.models.events import FailureKind
from orchestrator.models.field_marks import BY_KIND
from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.value_class import value_class


@value_class
class Relaunch:
    """Stop the worker and start it again with exactly these changes, continuing its conversation where it can."""

    flags: tuple[str, ...] = ()
    """Command-line flags that must be there: put back if they were left out, added otherwise."""
    env: Mapping[str, str] = field(default_factory=dict)
    with_path: bool = False
    """Also grant the folder of the path the error names (the rule's ``path`` group), if the policy allows it."""
    fresh: bool = False
    """Do not continue the old conversation: it is what failed."""
    kind: Literal["relaunch"] = "relaunch"


@value_class
class Escalate:
    """Pause and ask a person, with these suggestions."""

    suggestions: tuple[str, ...] = ()
    kind: Literal["escalate"] = "escalate"


@value_class
class Wait:
    """A limit that ends by itself; ``until`` is ``None`` where the CLI did not say when."""

    until: datetime | None = None
    kind: Literal["wait"] = "wait"


@value_class
class GiveUp:
    """This agent cannot go on; another may take its place."""

    hint: str
    kind: Literal["give_up"] = "give_up"


@value_class
class Ignore:
    """Known and harmless, or the agent finds its own way."""

    kind: Literal["ignore"] = "ignore"


Remedy: TypeAlias = Annotated[Relaunch | Escalate | Wait | GiveUp | Ignore, BY_KIND]


@value_class
class RecoveryRule:
    """One row of a rule table; rows are tried in order, the first match wins."""

    name: str
    pattern: re.Pattern[str]
    """Searched in the event's text, ANSI removed.  A group ``path`` names the path in question."""
    remedy: Remedy
    because: str
    """Shown to people."""
    reason: str | None = None
    """Besides, the event's own machine-readable reason must be this."""
    failure: FailureKind | None = None
    """Besides, the failure must be of this kind."""
    evidence: Literal["seen", "binary", "spec"] = "seen"
    """``seen`` rules have a recording; the others were found in a binary or in the spec."""
    source: str = ""
    """Row of the CLI facts, or section of the spec."""


@value_class
class RecoveryAction:
    """The audit record of one recovery: what matched, what changed."""

    worker: WorkerId
    agent: AgentName
    rule: str
    because: str
    error: str
    remedy: Remedy
    attempt: int
    """The attempt that met the error, from 1."""
    argv_before: tuple[str, ...] = ()
    argv_after: tuple[str, ...] = ()
    env_added: tuple[str, ...] = ()
    """Names only."""
    suggestions: tuple[str, ...] = ()
