"""Bring what a writer made on a copy of the target into the target, three ways; a conflict is kept with both sides."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.programs import run_program
from orchestrator.quotation import quoted_name
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.snapshots.delivery import MERGE_WITHIN_S, Delivered, Delivery
from orchestrator.snapshots.git_objects import LINK, ObjectStore
from orchestrator.snapshots.restoration import Recorded
from orchestrator.value_class import value_class

MOST_SHOWN_BYTES: Final = 1024 * 1024
"""Of one side of a file of which both sides are shown."""


@value_class
class Conflict:
    """One file that two writers changed in ways that do not fit together."""

    name: str
    """Below the target, as people read it."""
    why: str
    both: bytes = b""
    """Both sides in one text, between conflict markers; empty where one of them is no text, or is not there."""


def merge_layer(
    into: Path, folder: Path, store: ObjectStore, before: Recorded, after: Recorded, *, ours: str, theirs: str
) -> tuple[Conflict, ...]:
    """Make the change from ``before`` to ``after`` in ``into``.  What conflicts is left there as it is.

    Doing it once more changes nothing: what is there already stays.

    Args:
        into: The target, with the changes of those merged before.
        folder: Of our own, for the files that are merged.
        ours: Whose changes are in ``into``, for people.
        theirs: Whose change it is.
    """
    delivery = Delivery(folder, into, store, before, after)
    plan = delivery.plan()
    found = tuple(_conflicts(delivery, (one for one in plan if one.outcome == "conflict"), ours=ours, theirs=theirs))
    delivery.perform(plan)
    return (*found, *_conflicts(delivery, delivery.problems, ours=ours, theirs=theirs))


def _conflicts(
    delivery: Delivery, found: Iterator[Delivered] | list[Delivered], *, ours: str, theirs: str
) -> Iterator[Conflict]:
    for one in found:
        why = one.why.replace("the session", theirs)
        yield Conflict(quoted_name(os.fsdecode(one.path)), why, _both(delivery, one.path, ours=ours, theirs=theirs))


def _both(delivery: Delivery, path: bytes, *, ours: str, theirs: str) -> bytes:
    """The file with both sides between markers."""
    contents = [
        _recorded(delivery, path, delivery.before),
        _present(delivery, path),
        _recorded(delivery, path, delivery.after),
    ]
    base, here, there = contents
    git = shutil.which("git")
    if git is None or here is None or there is None or any(b"\0" in (content or b"") for content in contents):
        return b""
    with tempfile.TemporaryDirectory(dir=delivery.folder, prefix="both-") as place:
        for name, content in (("here", here), ("base", base or b""), ("there", there)):
            Path(place, name).write_bytes(content)
        result = run_program(
            (git, "merge-file", "-p", "-q", "-L", ours, "-L", "before", "-L", theirs, "here", "base", "there"),
            cwd=Path(place),
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": place, **ISOLATED},
            within_s=MERGE_WITHIN_S,
        )
    return result.stdout


def _recorded(delivery: Delivery, path: bytes, moment: Recorded) -> bytes | None:
    entry = moment.tree.get(path)
    if entry is None or entry[0] == LINK:
        return None
    content = delivery.store.read(entry[1])
    return content if len(content) <= MOST_SHOWN_BYTES else None


def _present(delivery: Delivery, path: bytes) -> bytes | None:
    content = ForeignFolder(delivery.target).read(path, most_bytes=MOST_SHOWN_BYTES)
    return None if isinstance(content, Unread) else content
