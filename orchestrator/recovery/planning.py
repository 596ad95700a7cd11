"""An agent's error and the rule tables in, what to do about it out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from os.path import normpath
from pathlib import Path
from typing import Final

from orchestrator.models.events import AgentEvent, Denied, Failed, FailureKind, Unrecognised
from orchestrator.models.recovery import Escalate, GiveUp, RecoveryRule, Relaunch, Remedy, Wait
from orchestrator.models.work import Assignment
from orchestrator.recovery.signature import signature_of

_ANYTHING = re.compile("")

ANY_AGENT: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="usage-limit",
        pattern=_ANYTHING,
        failure=FailureKind.USAGE_LIMIT,
        remedy=Wait(),
        because="the account's usage limit is reached",
    ),
    RecoveryRule(
        name="overloaded",
        pattern=_ANYTHING,
        failure=FailureKind.OVERLOADED,
        remedy=Wait(),
        because="the provider is overloaded",
    ),
    RecoveryRule(
        name="network",
        pattern=_ANYTHING,
        failure=FailureKind.NETWORK,
        remedy=Wait(),
        because="the provider could not be reached",
    ),
    RecoveryRule(
        name="context-full",
        pattern=_ANYTHING,
        failure=FailureKind.CONTEXT_FULL,
        remedy=Relaunch(fresh=True),
        because="the conversation no longer fits the model; a new one is begun",
    ),
    RecoveryRule(
        name="not-logged-in",
        pattern=_ANYTHING,
        failure=FailureKind.AUTHENTICATION,
        remedy=GiveUp("log in with the CLI itself, then: orchestrate resume"),
        because="the provider refuses the login",
    ),
    RecoveryRule(
        name="billing",
        pattern=_ANYTHING,
        failure=FailureKind.BILLING,
        remedy=GiveUp("settle the account's billing, or use another key"),
        because="the provider refuses for want of payment",
    ),
    RecoveryRule(
        name="permission-denied",
        pattern=re.compile(
            r"permission denied|\bEACCES\b|operation not permitted|\bEPERM\b|read-only file system|\bEROFS\b",
            re.IGNORECASE,
        ),
        remedy=Escalate(
            (
                "look at who owns the path and what it allows: ls -ld PATH",
                "let the workers at it: add the folder to `readable` or `writable` in the sandbox policy",
                "if the agent can do without it, answer with what it should do instead",
            )
        ),
        because="something was refused for want of permission, and no known rule cures it",
        evidence="spec",
        source="spec 004, Recovery Scenarios, 3",
    ),
)
"""Rules that hold for every CLI; they come after its own."""

_GENERIC_NAMES = frozenset(rule.name for rule in ANY_AGENT)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a matched rule asks for, after the bounds have been looked at."""

    rule: str
    because: str
    """Shown to people; says which bound turned a relaunch into an escalation."""
    remedy: Remedy
    signature: str
    path: str | None
    suggestions: tuple[str, ...] = ()


def plan_recovery(
    event: AgentEvent,
    rules: Sequence[RecoveryRule],
    *,
    tried: Collection[str],
    assignment: Assignment,
    allowed_roots: Sequence[Path],
    attempts: int,
    max_attempts: int,
) -> Plan | None:
    """Find the first rule that fits the event, and bound its remedy.

    Args:
        rules: The agent's own, then :data:`ANY_AGENT`.
        tried: Signatures of the errors already answered with a relaunch.
        allowed_roots: Folders the sandbox policy lets this worker see.
        attempts: Relaunches of this worker so far, over all rules.

    Returns:
        ``None`` where the event is no error of the launch, or none that is known.
    """
    for rule in rules:
        match = _match(rule, event)
        if match is None:
            continue
        path = _path_of(match, event, assignment)
        plan = Plan(
            rule=rule.name,
            because=rule.because,
            remedy=_with_reset_time(rule.remedy, event),
            signature=signature_of(rule, path),
            path=path,
        )
        if isinstance(plan.remedy, Escalate):
            return replace(plan, suggestions=_filled_in(plan.remedy.suggestions, path))
        return _bounded(
            plan,
            tried=tried,
            assignment=assignment,
            allowed_roots=allowed_roots,
            attempts=attempts,
            max_attempts=max_attempts,
        )
    return None


def widened(assignment: Assignment, relaunch: Relaunch, *, path: str | None) -> Assignment:
    """The assignment with exactly the changes the relaunch names.

    A flag or variable that had been left out is put back, for the adapter to spell; any other is added.  A path is
    only ever granted for reading: what a worker may write follows from its role.
    """
    groups = _flag_groups(relaunch.flags)
    names = {group[0].partition("=")[0] for group in groups} | set(relaunch.env)
    present = set(assignment.extra_flags)
    added = [
        group
        for group in groups
        if group[0].partition("=")[0] not in assignment.without_flags and not present.issuperset(group)
    ]
    readable = assignment.readable
    if relaunch.with_path and path is not None:
        folder = folder_to_grant(path, assignment)
        readable = readable if folder in readable else (*readable, folder)
    return replace(
        assignment,
        without_flags=tuple(flag for flag in assignment.without_flags if flag not in names),
        extra_flags=(*assignment.extra_flags, *chain.from_iterable(added)),
        extra_env={**assignment.extra_env, **relaunch.env},
        readable=readable,
        resume=None if relaunch.fresh else assignment.resume,
    )


def folder_to_grant(path: str, assignment: Assignment) -> Path:
    """The folder that must be visible for the path to be: its parent, or itself where that is a root already."""
    whole = _absolute(path, assignment)
    return whole if whole in _granted(assignment) else whole.parent


def _match(rule: RecoveryRule, event: AgentEvent) -> re.Match[str] | None:
    payload = event.payload
    generic = rule.name in _GENERIC_NAMES
    match payload:
        case Failed(text=text, failure=failure):
            if rule.failure is not None and failure is not rule.failure:
                return None
            # A failed tool call, or a request the CLI tries again, is the agent's own affair unless its rules say so.
            if generic and (failure is FailureKind.TOOL or (rule.failure is not None and not payload.final)):
                return None
            reason = None
        case Denied(text=text, reason=reason):
            if rule.failure is not None:
                return None
        case Unrecognised(text=text, stream="stderr"):
            if rule.failure is not None or generic:
                return None
            reason = None
        case _:
            return None
    if rule.reason is not None and reason != rule.reason:
        return None
    return rule.pattern.search(text)


def _path_of(match: re.Match[str], event: AgentEvent, assignment: Assignment) -> str | None:
    named = match.groupdict().get("path")
    if named is None and isinstance(event.payload, Denied):
        named = event.payload.path
    return str(_absolute(named, assignment)) if named else None


def _absolute(path: str, assignment: Assignment) -> Path:
    """Without ``..``, relative to the target; symbolic links are not followed, for this part sees no disk."""
    return Path(normpath(assignment.target / path))


def _with_reset_time(remedy: Remedy, event: AgentEvent) -> Remedy:
    if isinstance(remedy, Wait) and isinstance(event.payload, Failed) and event.payload.resets_at is not None:
        return Wait(until=event.payload.resets_at)
    return remedy


def _bounded(
    plan: Plan,
    *,
    tried: Collection[str],
    assignment: Assignment,
    allowed_roots: Sequence[Path],
    attempts: int,
    max_attempts: int,
) -> Plan:
    """The plan itself, or an escalation that says which bound it ran into."""
    remedy = plan.remedy
    if not isinstance(remedy, Relaunch | Wait):
        return plan
    if plan.signature in tried and not (isinstance(remedy, Wait) and remedy.until is not None):
        return _escalated(
            plan,
            f"the same error came again after it was answered once: {plan.because}",
            "look at the worker's raw log and put right what it names, then answer to go on",
        )
    if attempts >= max_attempts:
        return _escalated(
            plan,
            f"{plan.because}; the worker has been relaunched {attempts} times, and {max_attempts} is the most",
            "raise the number of relaunches, or answer with what the agent should do instead",
        )
    if not isinstance(remedy, Relaunch) or not remedy.with_path:
        return plan
    return _within_roots(plan, remedy, assignment=assignment, allowed_roots=allowed_roots)


def _within_roots(plan: Plan, remedy: Relaunch, *, assignment: Assignment, allowed_roots: Sequence[Path]) -> Plan:
    """Bound a relaunch that grants a path by what the sandbox policy lets the worker see."""
    if plan.path is None:
        if _restores(remedy, assignment):
            return plan
        return _escalated(
            plan, f"{plan.because}, and the error does not name the path", "name the folder in the sandbox policy"
        )
    path = Path(plan.path)
    if any(path.is_relative_to(root) for root in _granted(assignment)):
        if _restores(remedy, assignment):
            return plan
        return _escalated(
            plan,
            f"{plan.because}, but {path} lies inside a folder the worker was given: no flag cures that",
            "the CLI protects this name by itself: do this step by hand, or answer how to do without it",
        )
    if any(path.is_relative_to(root) for root in allowed_roots):
        return plan
    folder = path.parent
    return _escalated(
        plan,
        f"{plan.because}, and {path} lies outside what the sandbox policy allows",
        f'if the workers may see it, add readable = ["{folder}"] to the sandbox policy and start again',
        "otherwise answer with what the agent should do without it",
    )


def _granted(assignment: Assignment) -> tuple[Path, ...]:
    return (assignment.target, assignment.scratch, *assignment.readable, *assignment.writable)


def _restores(remedy: Relaunch, assignment: Assignment) -> bool:
    """Whether the relaunch puts back something that had been left out."""
    names = {flag.partition("=")[0] for flag in (*remedy.flags, *remedy.env)}
    return any(flag in names for flag in assignment.without_flags)


def _escalated(plan: Plan, because: str, *suggestions: str) -> Plan:
    return replace(plan, because=because, remedy=Escalate(suggestions), suggestions=suggestions)


def _filled_in(suggestions: Sequence[str], path: str | None) -> tuple[str, ...]:
    return tuple(text.replace("PATH", path) if path else text for text in suggestions)


def _flag_groups(flags: Sequence[str]) -> list[tuple[str, ...]]:
    """Each flag with the values that follow it."""
    groups: list[tuple[str, ...]] = []
    for item in flags:
        if item.startswith("-") or not groups:
            groups.append((item,))
        else:
            groups[-1] = (*groups[-1], item)
    return groups
