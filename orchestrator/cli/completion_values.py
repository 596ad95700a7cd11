"""Offer values of options and arguments to the shell: sessions, workers, agents, policies, scenarios, teams, models.

A shell that completes must never be told of an error: what cannot be listed offers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

_MOST_SESSIONS = 20

Offer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _offer(values: Callable[[click.Context], Iterable[tuple[str, str]]]) -> Offer:
    """Offer the values that begin with the word being typed, each with a description."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        try:
            found = list(values(ctx))
        except Exception:
            return []
        return [CompletionItem(value, help=words or None) for value, words in found if value.startswith(incomplete)]

    return complete


def _workspace(ctx: click.Context) -> Path:
    from orchestrator.cli.session_lookup import workspace_path

    return workspace_path(ctx.params.get("workspace"))


def _sessions(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.journal.index import SessionIndex
    from orchestrator.narration.formatting import one_line

    index = SessionIndex(_workspace(ctx))
    index.refresh()
    return [(str(row.id), one_line(row.task, 60)) for row in index.rows()[:_MOST_SESSIONS]]


def _say_nothing(_text: str) -> None:
    """What is written while a line is being completed would stand in its middle."""


def _workers(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session

    state = state_of(which_session(_workspace(ctx), ctx.params.get("session"), live=True), say=_say_nothing)
    return [(str(worker.id), str(worker.status)) for worker in state.workers.values()]


def _agents(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.agents.registry import AGENTS

    return [(str(name), "") for name in AGENTS]


def _review_policies(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.review_engine.decision_policies import POLICIES

    return [(name, "") for name in POLICIES]


def _sandbox_policies(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.safety.sandbox_policy_files import available_policies

    return [(name, "") for name in available_policies()]


def _scenarios(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.rehearsal.scenario import SCENARIOS

    return [(path.stem, "") for path in sorted(SCENARIOS.glob("*.toml"))]


def _templates(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.settings.template_library import load_library

    return [(name, entry.template.role) for name, entry in load_library().items()]


def _teams(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.settings.team_library import load_teams

    return [("auto", "by reading the task"), *((name, "") for name in ("solo", "change", "answer", *load_teams()))]


def _workflows(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from pathlib import Path

    from orchestrator.settings.workflow_library import load_workflows

    return [(name, "") for name in load_workflows(project=Path.cwd())]


def _models(_ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.agents.registry import AGENTS

    for name, agent in AGENTS.items():
        named = [(f"{name}={model}", tier.lower()) for tier, model in agent.tier_models.items()]
        yield from named or [(f"{name}=", "")]


def _questions(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orchestrator.cli.load_session import state_of
    from orchestrator.cli.session_lookup import which_session
    from orchestrator.narration.formatting import one_line

    state = state_of(which_session(_workspace(ctx), ctx.params.get("session"), live=True), say=_say_nothing)
    return [(question.id, one_line(question.text, 60)) for question in state.approvals.questions]


models, questions, workflows = _offer(_models), _offer(_questions), _offer(_workflows)
sessions, workers, agents = _offer(_sessions), _offer(_workers), _offer(_agents)
review_policies, sandbox_policies, scenarios = _offer(_review_policies), _offer(_sandbox_policies), _offer(_scenarios)
templates, teams = _offer(_templates), _offer(_teams)
