"""Plan what to do about an agent's error, by the rule tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain
from os.path import normpath
from pathlib import Path

from orchestrator.models.events import AgentEvent, Denied, Failed, FailureKind, Unrecognised
from orchestrator.models.recovery import Escalate, RecoveryRule, Relaunch, Remedy, Wait
from orchestrator.models.work import Assignment
from orchestrator.recovery.rules import ANY_AGENT
from orchestrator.value_class import value_class

__all__ = ["ANY_AGENT", "Plan", "plan_recovery", "widened"]

_THE_MACHINES_OWN = frozenset({"", "bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr"})
_GENERIC_NAMES = frozenset(rule.name for rule in ANY_AGENT)


@value_class
class Plan:
    """What a matched rule asks for, within the bounds on recoveries."""

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
    return str(absolute(named, assignment)) if named else None


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
    """Return the plan, or an escalation that names the bound it would exceed."""
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
    if any(path.is_relative_to(root) for root in granted(assignment)):
        if _restores(remedy, assignment) or _sets_something(remedy):
            return plan
        return _escalated(
            plan,
            f"{plan.because}, but {path} lies inside a folder the worker was given: no flag cures that",
            "the CLI protects this name by itself: do this step by hand, or answer how to do without it",
        )
    folder = path.parent
    if any(folder.is_relative_to(root) for root in allowed_roots):
        return plan
    return _escalated(
        plan,
        f"{plan.because}, and {path} lies outside what the sandbox policy allows",
        _how_to_grant(path),
        "otherwise answer with what the agent should do without it",
    )


def _how_to_grant(path: Path) -> str:
    """The narrowest thing that would let the workers see the path, or why nothing should."""
    top = path.parts[1] if len(path.parts) > 1 else ""
    if top in _THE_MACHINES_OWN:
        return f"no sandbox policy should grant {path}, the machine's own: put a copy of what is needed in the target"
    # A home, or a folder right under the root, holds far more than the path in question.
    is_wide = len(path.parts) < 4 or (top == "home" and len(path.parts) == 4) or top == "root"
    narrow = path if is_wide else path.parent
    return f'if the workers may see it, add readable = ["{narrow}"] to the sandbox policy and start again'


def _restores(remedy: Relaunch, assignment: Assignment) -> bool:
    """Whether the relaunch puts back something that had been left out."""
    names = {flag.partition("=")[0] for flag in (*remedy.flags, *remedy.env)}
    return any(flag in names for flag in assignment.without_flags)


def _sets_something(remedy: Relaunch) -> bool:
    """Whether the relaunch gives a flag or variable a value, and so changes more than which folders are seen."""
    return bool(remedy.env) or any("=" in flag or not flag.startswith("-") for flag in remedy.flags)


def _escalated(plan: Plan, because: str, *suggestions: str) -> Plan:
    return replace(plan, because=because, remedy=Escalate(suggestions), suggestions=suggestions)


def _filled_in(suggestions: Sequence[str], path: str | None) -> tuple[str, ...]:
    return tuple(text.replace("PATH", path) if path else text for text in suggestions)


def signature_of(rule: RecoveryRule, path: str | None) -> str:
    """Name an error by the rule that matched it and the path it was about; what was tried for one is tried once."""
    return f"{rule.name}:{path}" if path else rule.name


def widened(assignment: Assignment, relaunch: Relaunch, *, path: str | None) -> Assignment:
    """The assignment with exactly the changes the relaunch names.

    Its flags and variables are no longer left out, and stand among the additions: the adapter puts each where it
    belongs.  A path is only ever granted for reading: what a worker may write follows from its role.
    """
    groups = _flag_groups(relaunch.flags)
    names = {group[0].partition("=")[0] for group in groups} | set(relaunch.env)
    present = _flag_groups(assignment.extra_flags)
    added = [group for group in groups if group not in present]
    readable = assignment.readable
    if relaunch.with_path and path is not None:
        folder = folder_to_grant(path, assignment)
        readable = readable if folder in granted(assignment) else (*readable, folder)
    return replace(
        assignment,
        without_flags=tuple(flag for flag in assignment.without_flags if flag not in names),
        extra_flags=(*assignment.extra_flags, *chain.from_iterable(added)),
        extra_env={**assignment.extra_env, **relaunch.env},
        readable=readable,
        resume=None if relaunch.fresh else assignment.resume,
    )


def folder_to_grant(path: str, assignment: Assignment) -> Path:
    """The folder that must be visible for the path to be: a granted one that holds it, else its parent."""
    whole = absolute(path, assignment)
    return next((root for root in granted(assignment) if whole.is_relative_to(root)), whole.parent)


def granted(assignment: Assignment) -> tuple[Path, ...]:
    """Every folder the worker was given."""
    return (assignment.target, assignment.scratch, *assignment.readable, *assignment.writable)


def absolute(path: str, assignment: Assignment) -> Path:
    """Without ``..``, relative to the target; symbolic links are not followed, for this part sees no disk."""
    return Path(normpath(assignment.target / path))


def _flag_groups(flags: Sequence[str]) -> list[tuple[str, ...]]:
    """Each flag with the values that follow it."""
    groups: list[tuple[str, ...]] = []
    for item in flags:
        if item.startswith("-") or not groups:
            groups.append((item,))
        else:
            groups[-1] = (*groups[-1], item)
    return groups
