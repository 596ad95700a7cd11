"""These options say what a session was asked to do and with what: resolved once and recorded in entry 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias

from orchestrator.models.decisions import Policy
from orchestrator.models.escalation import EscalationCondition
from orchestrator.models.identity import AgentName
from orchestrator.models.lesson import Lesson
from orchestrator.models.plan_tree import StrategyNode
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import ModelEndpoint
from orchestrator.value_class import value_class

ConsensusFrequency: TypeAlias = Literal["every_change", "timeboxed", "threshold", "critical_only"]


@value_class
class FoundAgent:
    """One CLI as preflight found it."""

    name: AgentName
    usable: bool
    version: str | None = None
    executable: str | None = None
    problem: str | None = None
    """Why it is not usable, or what is doubtful about it."""
    stand_in: bool = False
    """A built-in stand-in plays its part (rehearsal only)."""


@value_class
class Rehearsal:
    """What a rehearsal's scenario changes for its CLIs; the scenario file alone says so."""

    endpoints: Mapping[AgentName, ModelEndpoint] = field(default_factory=dict)
    launch_without: Mapping[AgentName, tuple[str, ...]] = field(default_factory=dict)
    is_installed: bool = False
    """Played by the user's own CLIs instead of the pinned ones."""
    is_served_elsewhere: bool = False
    """The model server is not the coordinator's own, and outlives it."""


@value_class
class TuningAssignment:
    """What tuning gave a session when it opened."""

    trial: str
    """Empty: the session takes part in no trial."""
    arm: Literal["", "incumbent", "candidate"]
    pair: int
    values: Mapping[str, int | float | str]
    """Of every parameter there is."""
    settings: str = ""
    """A hash over the rules and tables that assigned it."""
    crossed: tuple[tuple[str, Literal["incumbent", "candidate"], int], ...] = ()
    """Trial, side and pair of each further step that the session takes part in."""


@value_class
class EarlierTime:
    """How earlier sessions on this project, with several agents each, used the time of one of these."""

    agent: AgentName
    sessions: int
    """Those in which it took part."""
    mostly: int
    """Of these, those for most of whose time it ran: others may have waited for it."""


@value_class
class SessionOptions:
    """What the user asked for, resolved; every input a replay needs beside the entries."""

    task: str
    target: Path
    session_dir: Path
    agents: tuple[AgentName, ...]
    """Agents the user allows."""
    policy: Policy
    sandbox: SandboxConfig
    sandbox_backend: Literal["bubblewrap", "landlock", "none"]
    """The one that preflight proved."""
    templates: Mapping[str, str]
    """Prompt templates by name, whole."""
    models: Mapping[AgentName, str] = field(default_factory=dict)
    origin: str | None = None
    """Where the target's remote ``origin`` led when the session began, before any worker could change that."""
    rehearsal: Rehearsal | None = None
    interactive: bool = False
    """Questions wait for a person; otherwise the session stops and exits with 3."""
    share_target: bool = False
    """Other sessions may work in the target as well: then it is not certain whose a change is."""
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    timeout_s: float | None = None
    silence_s: float = 900.0
    """Silence before a review is asked for (spec 004: 15 minutes)."""
    review_timeout_s: float = 300.0
    consensus_frequency: ConsensusFrequency = "every_change"
    """After which of a worker's milestones others are asked for a review; blockers and questions always are."""
    timebox_s: float = 900.0
    """``timeboxed``: at most one review of a worker's milestones in so long a time."""
    trusted_after: int = 2
    """``threshold``: after so many reviews in a row that let a worker go on, its milestones are trusted."""
    gate_margin: int = 0
    """A plan's gates that have a least value ask for so much more than is stated, in percent of their scale."""
    criticality: str = ""
    """What is at stake; empty: nobody has said, and in journals before it was a session's."""
    criticality_because: str = ""
    """Who has said so, and what follows from it."""
    tuning: TuningAssignment | None = None
    """What tuning assigned; ``None``: it is off, or nothing of this session is tuned."""
    max_review_rounds: int = 3
    """Reviews of one worker's events before a person is asked."""
    max_review_retries: int = 0
    """How often a reviewer is asked again that could not be asked or heard, before a person is.  0, as in journals
    before this was known: it counts as an abstention at once."""
    max_relaunches: int = 3
    """Of one worker, over all rules."""
    max_restarts: int = 3
    """Of one worker that died by itself, or failed in a way that passes, before it is parked."""
    restart_delay_s: float = 2.0
    """Pause before the first restart; each further one is eight times as long."""
    auto_resume: bool = False
    """Go on by itself when a usage limit has ended; otherwise a person is asked."""
    resume_spread_s: float = 60.0
    """Workers wait between half of this and half as much again beyond a limit's end: the CLIs tell it to the minute,
    and not all should ask at once."""
    dead_after_s: float = 600.0
    """Without a byte, CPU time or a new process for so long, a worker is taken for dead and looked at.  Up to 330 s
    are normal while a model does not answer (gemini 0.61.0, claude 2.1.329, codex 0.169.0)."""
    final_wait_s: float | None = None
    """How long an attempt may go on after its final record before it is ended, and until when a failure that is told in
    the middle of its work may still be overcome.  ``None``, as in journals before this was known: it may go on for
    ever, and every failure counts at once."""
    final_wait_open_call_s: float | None = None
    """The same while a tool call is open."""
    first_word_s: float | None = None
    """How long an attempt may say nothing at all after its start before it is ended; ``None``, as in journals before
    this was known: until it looks dead."""
    baseline_s: float | None = None
    """How long the target's tests may take as they were before anybody worked on it; ``None``: they are not run."""
    no_change: bool = False
    """The task asks for no change: one agent reads and answers, and nobody writes."""
    team: str = ""
    """Which team it is; empty in journals before there was a choice."""
    team_because: str = ""
    """Why it is that one: as asked, or by which rule and which words of the task."""
    plan: StrategyNode | None = None
    """The session's own plan, as a tree; ``None``: that of a built-in team, as in journals before there were others."""
    tier_models: Mapping[str, Mapping[AgentName, str]] = field(default_factory=dict)
    """By tier, the model of each CLI for agents of the plan that ask for one; a CLI that is not there takes its own."""
    tier_agents: Mapping[str, tuple[AgentName, ...]] = field(default_factory=dict)
    """By tier, the CLIs to be preferred, the first usable one."""
    reuses: str = ""
    """The proven composition that the team is, by its id in the store; empty: it was chosen otherwise."""
    learns: bool = False
    """What reviewers say is recorded as a lesson where gates then pass."""
    lessons: tuple[Lesson, ...] = ()
    """Lessons of earlier sessions that writers are shown.  They are quoted text and give no right."""
    project_settings: str = ""
    """Hash over the project's own settings (``.orchestrator/``) that this session obeys; empty: it obeys none."""
    measures_final: bool = False
    """The orchestrator measures at every final review, whoever else is asked; false in journals before it did."""
    asks_about_doubts: bool = False
    """Whoever says that it is finished, and did nothing or was denied something, is put before a person; in journals
    before this was known it has failed."""
    notes_in_lines: bool = False
    """What reviewers said takes one line each in a prompt; not so in journals before this was known, where a summary of
    several lines could pass for something else that was said."""
    plan_rules: int = 1
    """Which rules hold for a session's own plan; journals from before there were others go by the first.

    From 2 on, an answer of more than 32 KiB is read whole, an agent that is blocked and can be done without fails where
    nobody can be asked, one that is sent on after the plan is over and fails takes the plan's result with it, and a
    writer whose layer has been merged is started again in the target.  From 3 on, tasks and findings that agents report
    are shown to those who come after them."""
    watch_rules: int = 0
    """Which rules watch how the session goes; journals from before there were any go by none.

    From 1 on, the queries of antipatterns run over its entries as they come, and what they find is told."""
    earlier: tuple[EarlierTime, ...] = ()
    """What the query of bottlenecks, which shows over sessions alone, goes by; none in journals before it ran live."""
    escalations: tuple[EscalationCondition, ...] = ()
    """When a metric of the session that stays beyond its threshold calls for an action; in order, and none in journals
    before there were any."""
    feedback: bool = False
    """When it is done, its agents are asked how it went; what they answer decides nothing."""
    tells_task_anew: bool = False
    """Whose conversation turns out to be gone is told the task as well as what it was to be told in there; in journals
    before this was known, the latter alone."""
    retries_sandbox: bool = False
    """A sandbox that could not be put around a worker is tried once more; in journals before this was known its agent
    is lost at once."""
    orphan_grace_s: float = 60.0
    max_session_bytes: int = 2 * 1024**3
    """How much of the session folder workers may fill before a person is asked."""
    least_free_bytes: int = 64 * 1024**2
    """Workers are frozen, and a person asked, when the disk has less than this left."""
    source: Path | None = None
    """The project that the target is a copy of; ``None``: the session works on the project itself."""
    engine_version: str = ""
