"""Turn the command line into a request to the coordinator, and run the session to its end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.agents.registry import AGENTS, TEAM, known_agents_hint
from orchestrator.cli.session_lookup import expanded, looks_like_file, person_at_terminal, workspace_path
from orchestrator.composition.outcomes import Reading
from orchestrator.composition.team_choice import AUTO, ProvenTeam, Team, TeamChoice, choose_team, for_usable
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.files.foreign import ForeignFolder, Unread, resolved
from orchestrator.models.decisions import Policy
from orchestrator.models.identity import AgentName
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.store.expected_figures import recorded_outcomes
from orchestrator.value_class import changed

if TYPE_CHECKING:
    from orchestrator.composition.team_files import TeamFile
    from orchestrator.composition.workflow_files import WorkflowFile

    # Half a second, which `orchestrate plan` does without.
    from orchestrator.coordinator.session_request import RehearsalRequest, RunRequest
    from orchestrator.models.lesson import Lesson
    from orchestrator.models.options import EarlierTime
    from orchestrator.store.log_records import LogRecord

CHECKED = frozenset(
    {
        *("target", "workspace", "policy", "sandbox", "agents", "models", "interactive", "team", "no_change", "plan"),
        *("lessons", "earlier"),
    }
)
"""Options that are fields of the request once they were held against what there is."""
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def run_task(task: str, options: Mapping[str, Any]) -> int:
    """Run one task to its end and return its exit code."""
    environ = environment_with_log_level(os.environ, verbose=options["verbose"])
    request = build_request(task, options)
    from orchestrator.cli.session_run import Showing, run_session_to_end

    return run_session_to_end(request, environ, Showing.of(options))


def own_team(options: Mapping[str, Any], target: Path) -> TeamFile | None:
    """Load the user-defined team that ``--team`` names, or take a workflow's; ``None`` for a built-in one.  Blocks.

    Raises:
        UsageError: There is no such team, or its file is none, with line and reason.
    """
    workflow: WorkflowFile | None = options.get("own_team")
    if workflow is not None:
        from orchestrator.composition.team_files import TeamFile

        plan = workflow.plan
        return TeamFile(workflow.name, plan, workflow.description, workflow.path) if plan is not None else None
    asked = options["team"]
    if asked is None or asked == AUTO or asked in list(Team):
        return None
    from orchestrator.cli.named_teams import find_team

    return find_team(asked, target, trust=options["trust_project"])


def team_of(
    task: str,
    options: Mapping[str, Any],
    *,
    reading: Reading | None = None,
    own: TeamFile | None = None,
    proven: ProvenTeam | None = None,
    there: Collection[AgentName] = (),
) -> TeamChoice:
    """The team that is asked for, or that the task asks for.

    Args:
        own: The team of somebody's own that is asked for.
        proven: The composition that is proven on this kind of task.
        there: The agents that may work and whose CLIs are there.

    Raises:
        UsageError: Two are asked for.
    """
    if own is not None:
        if options["no_change"] and own.writes:
            raise UsageError(f"--no-change: agents of the team {own.name} write", hint="leave one of them out")
        return TeamChoice(own.name, "as asked", by_name=True)
    asked = options["team"] or AUTO
    if options["no_change"]:
        if asked not in (AUTO, Team.ANSWER):
            raise UsageError(f"--no-change is --team answer, and excludes --team {asked}", hint="leave one of them out")
        asked = Team.ANSWER
    if asked == AUTO and is_rehearsed(options):
        return TeamChoice(Team.CHANGE, "a rehearsal plays the change of its scenario", by_name=False)
    return for_usable(choose_team(asked, task, reading=reading, proven=proven), there)


def on_path(allowed: Sequence[AgentName], environ: Mapping[str, str]) -> Sequence[AgentName]:
    """Those of the agents whose CLIs are on PATH.  Blocks."""
    return [name for name in allowed if shutil.which(AGENTS[name].executable, path=environ.get("PATH"))]


def build_request(task: str, options: Mapping[str, Any]) -> RunRequest:
    """Check the options against what there is; one that needs no check has the name of the field that it sets.

    Raises:
        UsageError: One of them names something that is not there, or does not go with another.
    """
    from orchestrator.coordinator.session_request import BASELINE_TIME_S, RunRequest
    from orchestrator.models.options import SessionOptions

    requested = frozenset(each.name for each in fields(RunRequest)) - CHECKED
    figures = frozenset(each.name for each in fields(SessionOptions)) - requested - CHECKED
    interactive = options["interactive"]
    target, workspace = target_path(options["target"]), workspace_path(options["workspace"])
    own = own_team(options, target)
    agents = allowed_agents(options["agents"], options["without"])
    records = () if is_rehearsed(options) else recorded_outcomes(os.environ)
    proven, there = _proven(task, target, workspace, options, records), on_path(agents or TEAM, os.environ)
    team = team_of(task, options, own=own, proven=proven, there=there)
    return RunRequest(
        task=task,
        target=target,
        workspace=workspace,
        policy=find_policy(options["policy"]),
        sandbox=sandbox_of(options),
        templates=prompts_of(options["prompts"]),
        agents=agents,
        models=models_by_agent(options["models"]),
        rehearsal=rehearsal_request(options),
        interactive=person_at_terminal() if interactive is None else interactive,
        no_change=team.team is Team.ANSWER or (own is not None and not own.writes),
        chosen_team=team,
        plan=own.plan if own is not None else None,
        lessons=asked_lessons(task, target, options, team=team.team),
        earlier=_earlier(target, records),
        baseline_s=None if options["no_baseline"] else BASELINE_TIME_S,
        limits={name: value for name, value in options.items() if name in figures and value is not None},
        **{name: value for name, value in options.items() if name in requested},
    )


def _earlier(target: Path, records: Sequence[LogRecord]) -> tuple[EarlierTime, ...]:
    """How earlier sessions on the project used the time of their agents."""
    if not records:
        return ()
    from orchestrator.store.composition_names import store_of
    from orchestrator.store.earlier_times import earlier_times

    return earlier_times(records, store_of(str(target)))


def _proven(
    task: str, target: Path, workspace: Path, options: Mapping[str, Any], records: Sequence[LogRecord]
) -> ProvenTeam | None:
    from orchestrator.cli.proven_teams import candidates_for

    found = candidates_for(task, target, workspace, options, os.environ, records)
    if not found:
        return None
    from orchestrator.store.reuse import proven_team

    return proven_team(found)


def asked_lessons(task: str, target: Path, options: Mapping[str, Any], *, team: str) -> tuple[Lesson, ...]:
    """The lessons that a run shows its writers; none unless it asks, in a rehearsal, or where nobody writes."""
    if not options["learns"] or is_rehearsed(options) or team == Team.ANSWER:
        return ()
    from orchestrator.cli.earlier_lessons import lessons_for

    return lessons_for(task, target, os.environ)


def target_path(given: Path) -> Path:
    """Make the target's path absolute; the coordinator checks whether it can be written.

    Raises:
        EnvironmentUnfit: It is missing, or no folder.
    """
    path = resolved(expanded(given))
    if isinstance(path, Unread):
        raise EnvironmentUnfit(f"the target {path}", hint="name a folder with --target")
    found = ForeignFolder(path).status()
    if isinstance(found, Unread):
        said = "does not exist" if found.reason == "missing" else found.detail
        raise EnvironmentUnfit(f"the target {path} {said}", hint="name a folder with --target")
    if found.kind != "folder":
        raise EnvironmentUnfit(f"the target {path} is not a folder", hint="name the project's folder with --target")
    return path


def allowed_agents(chosen: Sequence[str] | None, without: Sequence[str] | None) -> tuple[AgentName, ...] | None:
    """The agents a run may use; ``None`` for all there are.

    Raises:
        UsageError: A name is not an agent's, or none is left.
    """
    for name in (*(chosen or ()), *(without or ())):
        known_agent(name)
    if chosen is None and without is None:
        return None
    left = tuple(AgentName(name) for name in (chosen or TEAM) if name not in (without or ()))
    if not left:
        raise UsageError("no agent is left", hint=known_agents_hint())
    return left


def known_agent(name: str) -> AgentName:
    """The name, if it is an agent's.

    Raises:
        UsageError: There is no agent of that name.
    """
    agent = AgentName(name)
    if agent not in AGENTS:
        raise UsageError(f"unknown agent {name!r}", hint=known_agents_hint())
    return agent


def models_by_agent(assignments: Sequence[str]) -> Mapping[AgentName, str]:
    """``claude=sonnet`` and the like by agent.

    Raises:
        UsageError: One has not that form, or names no agent, or an agent twice.
    """
    models: dict[AgentName, str] = {}
    for assignment in assignments:
        name, equals, model = assignment.partition("=")
        if not equals or not model.strip():
            raise UsageError(f"--model {assignment!r} is not AGENT=MODEL", hint="for example --model claude=opus")
        agent = known_agent(name.strip().lower())
        if agent in models:
            raise UsageError(f"--model names {agent} twice")
        models[agent] = model.strip()
    return models


def find_policy(given: str) -> Policy:
    """A built-in review policy by its name, or one from a file.

    Raises:
        UsageError: There is no such policy, or the file is not one (with line and reason).
    """
    from orchestrator.review_engine.decision_policies import POLICIES
    from orchestrator.review_engine.policy_files import load_policy

    if given in POLICIES:
        return POLICIES[given]
    if looks_like_file(given):
        return load_policy(expanded(Path(given)))
    raise UsageError(
        f"unknown policy {given!r}", hint=f"known policies: {', '.join(POLICIES)}; or name a file ending in .toml"
    )


def find_sandbox(given: str, approvals: Sequence[str] = ()) -> SandboxConfig:
    """A sandbox policy that comes with the program by its name, or one from a file.

    Args:
        approvals: Rules consented to beforehand.

    Raises:
        UsageError: There is no such policy, the file is not one (with line and reason), or it asks for no such consent.
    """
    from orchestrator.safety.sandbox_policy_files import load_sandbox_policy, with_approvals

    return with_approvals(load_sandbox_policy(given), approvals)


def sandbox_of(options: Mapping[str, Any]) -> SandboxConfig:
    """The sandbox policy with what the command line says otherwise."""
    from orchestrator.safety.sandbox_policy_files import with_network

    config = find_sandbox(options["sandbox"], options["approvals"])
    config = with_network(config, options["network"], options["allowed_hosts"])
    bounds = {"max_parallel": options.get("max_parallel"), "max_workers": options.get("max_workers")}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    config = replace(config, team=changed(config.team, **given)) if given else config
    return with_limits(config, options["worker_limits"])


def with_limits(config: SandboxConfig, given: Sequence[tuple[str, float]]) -> SandboxConfig:
    """Set the ``--limit`` values of this run in the policy; of several with one name the last counts."""
    return replace(config, limits=changed(config.limits, **dict(given))) if given else config


def rehearsal_request(options: Mapping[str, Any]) -> RehearsalRequest | None:
    """Read what to rehearse, if anything: a scenario, stand-ins or own CLIs imply a rehearsal.

    Raises:
        UsageError: There is no such scenario, or its file is not one (with line and reason).
    """
    if options["installed"] and options["stand_ins"]:
        raise UsageError("--installed and --stand-ins exclude each other", hint="leave one of them out")
    if not is_rehearsed(options):
        return None
    from orchestrator.coordinator.session_request import RehearsalRequest

    return RehearsalRequest(
        scenario=scenario_path(options["scenario"]) if options["scenario"] else None,
        stand_ins=options["stand_ins"],
        installed=options["installed"],
    )


def is_rehearsed(options: Mapping[str, Any]) -> bool:
    """Whether any option means a rehearsal; a command without these options begins none."""
    asked = (options.get("rehearse"), options.get("scenario"), options.get("stand_ins"), options.get("installed"))
    return any(asked)


def scenario_path(given: str) -> Path:
    """The file of a scenario, read once so that its faults are said before anything starts."""
    from orchestrator.rehearsal.scenario import find_scenario, load_scenario

    path = Path(os.path.realpath(expanded(Path(given)))) if looks_like_file(given) else find_scenario(given)
    load_scenario(path)
    return path


def rehearsal_context(options: Mapping[str, Any]) -> dict[str, Any]:
    """How a workflow's agents are run, by the options ``--rehearse``, ``--stand-ins`` and ``--scenario``.

    Raises:
        UsageError: There is no such scenario.
        InvalidFile: It is none.
    """
    if options["scenario"]:
        path = scenario_path(options["scenario"])
        return {"rehearse": os.fspath(path), "stand_ins": options["stand_ins"]}
    rehearse: bool | str = "stand-ins" if options["stand_ins"] else options["rehearse"]
    # Whoever types the command has asked for what it costs.
    return {"rehearse": rehearse} if rehearse else {"consent": True}


def environment_with_log_level(environ: Mapping[str, str], *, verbose: bool) -> Mapping[str, str]:
    """The environment with the log level that the run is to have.

    Raises:
        UsageError: The level in it is none.
    """
    level = "DEBUG" if verbose else environ.get("ORCHESTRATOR_LOG_LEVEL", "").upper() or "INFO"
    if level not in _LOG_LEVELS:
        raise UsageError(f"ORCHESTRATOR_LOG_LEVEL is {level!r}", hint=f"one of {', '.join(_LOG_LEVELS)}")
    return {**environ, "ORCHESTRATOR_LOG_LEVEL": level}


def prompts_of(override: Path | None) -> Mapping[str, str]:
    """The prompt templates: the built-in ones, and over them those of the folder, else the user's own."""
    from orchestrator.prompts import load_templates
    from orchestrator.settings.user_places import user_prompts

    return load_templates(expanded(override) if override else user_prompts())
