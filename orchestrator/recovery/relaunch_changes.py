"""Widen an assignment by what a relaunch changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from os.path import normpath
from pathlib import Path

from orchestrator.models.recovery import Relaunch
from orchestrator.models.work import Assignment


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
