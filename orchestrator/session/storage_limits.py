"""Halt a session that has grown too large, or whose disk is nearly full, until a person has said what to do."""

from __future__ import annotations

from orchestrator.models.entries import StorageShort
from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft
from orchestrator.session.questions import ask

STORAGE = "storage"
"""The reason to hold every worker while a question about size or disk is open."""
FULL_BYTES = 64 * 1024
"""With less than this left, a worker's next write may already have failed."""
GO_ON = "go on"


def on_storage_short(draft: Draft, body: StorageShort) -> None:
    """Freeze every worker and ask; without a person at hand the session ends, resumable."""
    session = draft.session
    if body.worker is not None:
        _stop_greedy(draft, body.worker, body)
        return
    if session.storage.question is not None or session.ending is not None:
        return
    words = {"size": _size_words, "disk": _disk_words, "files": _files_words}
    text = words[body.what](body)
    if body.what == "size":
        # Whoever answers "go on" has allowed as much again.
        draft.storage.allowed = body.used + session.options.max_session_bytes
    elif body.free < (FULL_BYTES if body.what == "disk" else 1):
        for worker in session.living():
            draft.warn(f"{worker.id}: lost output: the disk was full while it ran, and what it wrote then is gone")
    for worker in session.living():
        draft.hold(worker.id, STORAGE, text)
    draft.storage.question = f"q{session.approvals.questions_asked + 1}"
    ask(draft, text, about=None, suggestions=(GO_ON,))


def _stop_greedy(draft: Draft, worker: WorkerId, body: StorageShort) -> None:
    """Stop one worker that has taken more than its share, so that the others need not be asked about."""
    if worker not in draft.session.workers or not draft.alive(worker):
        return
    if draft.detail(worker).current.stopping_because is None:
        text = (
            f"its files have grown to {size_words(body.used)}, and {size_words(body.bound)} is the most for one worker "
            "(limits.disk_mib of the sandbox policy, --limit disk=)"
        )
        draft.change_attempt(worker).failure = text
        draft.stop(worker, because=text)


def hold_if_short(draft: Draft, worker: WorkerId) -> None:
    """A worker whose start was under way when storage ran short does not run either."""
    if draft.session.storage.question is not None:
        draft.hold(worker, STORAGE, "the session is short of storage")


def _size_words(body: StorageShort) -> str:
    return (
        f"the session's files have grown to {size_words(body.used)}, and {size_words(body.bound)} is the most; "
        "an answer lets them grow by as much again"
    )


def _disk(body: StorageShort) -> str:
    return f"the disk of {body.place}" if body.place else "the disk"


def _disk_words(body: StorageShort) -> str:
    return (
        f"{_disk(body)} has {size_words(body.free)} left, less than the {size_words(body.bound)} that are kept free; "
        "make room on it, then answer"
    )


def _files_words(body: StorageShort) -> str:
    return (
        f"{_disk(body)} can hold {body.free:,} more files (inodes), less than the {body.bound:,} that are kept free; "
        "delete some on it, then answer"
    )


def size_words(count: int) -> str:
    """A number of bytes for people, in binary units."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" or size == int(size) else f"{size:.1f} {unit}"
