"""An adapter describes one CLI by this contract: a frozen dataclass of pure functions and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal, TypeAlias

from orchestrator.agents.growing_map import EMPTY, GrowingMap
from orchestrator.agents.logins import NewerLogin, never_newer
from orchestrator.agents.providers import Provider
from orchestrator.agents.user_settings import UserSetting
from orchestrator.models.events import AgentEvent, ConversationStarted
from orchestrator.models.identity import AgentName
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.recovery import RecoveryRule
from orchestrator.models.work import Assignment
from orchestrator.value_class import changed as changed
from orchestrator.value_class import value_class
from orchestrator.wire.raw_records import Noise, RawRecord


@value_class
class Translation:
    """What translating a stream has to remember between records.  One shape serves every CLI."""

    pending_text: str = ""
    """Deltas joined so far, not yet reported."""
    counted: GrowingMap = EMPTY
    """Message ids whose usage has been counted, and marks of the adapter's own."""
    totals: Mapping[str, float] = field(default_factory=dict)
    """Last cumulative figures, to be differenced."""
    last_text: str = ""
    """The last whole text the agent said: the final answer of CLIs whose last record has none."""
    reply: Mapping[str, Any] | None = None
    model: str | None = None
    conversation: str | None = None
    denials: int = 0
    tools: GrowingMap = EMPTY
    """Tool name by call id, of all calls of the turn."""
    ended: bool = False


Translator: TypeAlias = Callable[[Translation, RawRecord | Noise, datetime], tuple[Translation, Sequence[AgentEvent]]]
"""Never raises, whatever the record."""


@value_class
class Credential:
    """How a CLI is logged in: by one of these variables, or by a file in its home."""

    environment: tuple[str, ...]
    """Names passed on from the user's environment to this CLI only."""
    files: tuple[PurePosixPath, ...]
    """Relative to HOME; what is there is copied into the private home."""
    login_hint: str
    settings: tuple[str, ...] = ()
    """Names passed on to this CLI that belong to its login but hold no secret; ``*`` stands for anything."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Variables people have, and the name under which this CLI reads them, used where that one is not set."""
    with_files: Mapping[str, str] = field(default_factory=dict)
    """Set for this CLI when its login comes from the files and none of the variables is set."""
    providers: tuple[Provider, ...] = ()
    """Clouds through which it reaches its model where the user's environment chooses one."""
    newer_login: NewerLogin = never_newer
    """Whether a login file that the CLI's worker left may replace the user's."""

    def chosen(self, environ: Mapping[str, str]) -> tuple[Provider, ...]:
        """The clouds that the user's environment chooses."""
        return tuple(provider for provider in self.providers if provider.is_chosen(environ))


@value_class
class Aside:
    """A file in the CLI's home that holds what its streams leave out, one JSON object per line."""

    folder: PurePosixPath
    """Where such files lie, at any depth below; relative to HOME."""
    ending: str
    """How the name of a conversation's file ends; ``{conversation}`` stands for what the CLI calls it."""
    translate: Translator
    """Tells of the last turn in the file, whose records alone it is given state for; never raises."""
    begins_turn: Callable[[Mapping[str, Any]], bool]
    """Whether a record begins a turn."""


@value_class
class Agent:
    """Everything that the rest of the program knows about one CLI."""

    name: AgentName
    title: str
    """For people: ``Claude Code``."""
    executable: str
    package: str
    """The npm package that installs it."""
    pinned: str
    """The version the adapter was written and is tested against."""
    launch: Callable[[Assignment], LaunchSpec]
    translate: Translator
    recovery_rules: tuple[RecoveryRule, ...]
    credential: Credential
    oldest: tuple[int, ...]
    """The oldest version known to work."""
    record_types: frozenset[str] | None = None
    """What the ``type`` of its records may be, so that they are found beside noise; ``None`` for any text."""
    launch_mismatch: Callable[[Assignment, ConversationStarted], str | None] = lambda assignment, started: None
    """What the CLI says it began with that is not what it was launched for, in the words its rules look for."""
    stream_is_silent: bool = False
    """Its output mode prints nothing until the end, so silence says nothing."""
    reports_cost: Literal["yes", "no"] = "no"
    model_hosts: tuple[str, ...] = ()
    """Where its model is and its login is renewed; ``{NAME}`` stands for a variable, without which it is no host."""
    gateway_variable: str | None = None
    """In which people name another place that this CLI is to find its model at."""
    gateway_setting: tuple[PurePosixPath, str] | None = None
    """A TOML file in the user's home, and the key in it that does the same."""
    role_strengths: tuple[str, ...] = ()
    """The parts of the plan it is good at, the best first; empty: it takes whatever part is left."""
    replies: Literal["schema", "text"] | None = None
    """How it gives an answer of a stated form: held to a schema by the CLI, or as JSON in its text because the prompt
    asks for it; ``None``: nobody has tried."""
    obeys_proxy: bool | None = None
    """Whether it reaches its model through ``HTTP_PROXY``, the only egress of a sandbox that lists hosts; ``None``:
    nobody has tried, so the preflight does."""
    hook_missing: str | None = None
    """Why its shell tool cannot ask our guard first; ``None``: its launch places a hook that does."""
    conversations: tuple[PurePosixPath, ...] = ()
    """Files and folders below HOME in which it keeps its conversations: what a follow-up on a session that is done
    needs of a worker's private home.  No login may lie there; empty where one may, or nobody has looked."""
    retries_for_ever: bool = False
    """It asks a model that refuses again and again; it ends by itself only where the key or the request is at fault."""
    tells_whole_texts: bool = False
    """What the model says appears when all of it is there, not as it comes."""
    user_settings: tuple[UserSetting, ...] = ()
    """What of its settings lies in the user's home and reaches no worker, unless the policy brings it along."""
    aside: Aside | None = None
    """Where it keeps calls that its stream hides; they are told before the end of their turn."""
    memory_floor_mib: int = 0
    """What it needs to start and take one answer; a limit below that would only kill it.  0: nobody has measured."""
    tier_models: Mapping[str, str] = field(default_factory=dict)
    """Its model for each tier (CHEAP, CAPABLE, PREMIUM) where settings name none; a tier that is not here: its own."""
    vendor: str = ""
    """Whose models it runs where their names say nothing else; empty where it runs anybody's."""
    in_default_team: bool = False
    """It works where nobody is named; all others are asked for with ``--agents``."""
