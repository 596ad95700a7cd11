"""Turn deadlines into inputs of the main loop when they come; measure the crew, and keep its session, now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio

from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.stream_listeners import Listener
from orchestrator.files.time_limits import off_loop
from orchestrator.journal.checkpoint import PrefixDigest, keep_checkpoint
from orchestrator.journal.folded_session import WORTH_KEEPING
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import Input, Sampled, TimePassed
from orchestrator.models.identity import WorkerId
from orchestrator.session.clock import next_deadline
from orchestrator.session.state import Session
from orchestrator.workers.crew import Crew

SAMPLE_EVERY_S = 2.0
SHARE_EVERY_S = 5.0
SHARE_TIME_S = 30.0
KEEP_EVERY_S = 10.0
KEEP_TIME_S = 60.0
MOST_OF_A_CORE = 0.02
"""What keeping checkpoints may take."""
LONGEST_NAP_S = 1.0
"""How late it may be noticed that the machine's clock was moved."""
SHORTEST_NAP_S = 0.05


async def keep_time(session: Callable[[], Session], take: Callable[[Input], None], clock: Clock) -> None:
    """Wake the session at each deadline it names, and when the clock was moved, until cancelled."""
    while True:
        deadline = next_deadline(session())
        if clock.is_moved() or (deadline is not None and deadline <= clock.now()):
            take(TimePassed())
            deadline = next_deadline(session())
        left = (deadline - clock.now()).total_seconds() if deadline is not None else LONGEST_NAP_S
        await anyio.sleep(min(max(left, SHORTEST_NAP_S), LONGEST_NAP_S))


async def keep_sharing_logins(crew: Crew) -> None:
    """Give what a CLI has renewed of the user's login to the user and to other workers, until cancelled."""
    while True:
        await anyio.sleep(SHARE_EVERY_S)
        with suppress(TimeoutError):
            await off_loop(crew.share_logins, within_s=SHARE_TIME_S, what="giving logins back")


async def keep_sampling(
    crew: Crew, listeners: Mapping[WorkerId, Listener], take_all: Callable[[Sequence[Input]], None]
) -> None:
    """Measure every running worker, and say how far its streams have been read, every two seconds until cancelled."""
    while True:
        await anyio.sleep(SAMPLE_EVERY_S)
        samples = ((worker, crew.sample(worker)) for worker in sorted(crew.running()))
        take_all([Sampled(worker, sample) for worker, sample in samples if sample is not None])
        for listener in list(listeners.values()):
            take_all(listener.reckoning())


async def keep_checkpoints(
    folder: SessionFolder, journal: Journal, session: Callable[[], Session], state: Path
) -> None:
    """Keep the folded session after each so many entries, and seldom enough, until cancelled.

    Args:
        session: As of the last entry of the journal, whenever this waits.
        state: The user's state folder.
    """
    prefix, kept_n, pause_s = PrefixDigest(folder.journal_file), 0, KEEP_EVERY_S
    while True:
        await anyio.sleep(pause_s)
        now, end = session(), journal.size
        if now.n - kept_n < WORTH_KEEPING or now.n != journal.last:
            continue
        kept_n = now.n
        keep = partial(_keep_timed, partial(keep_checkpoint, folder, now, end, state=state, prefix=prefix))
        with suppress(TimeoutError):
            took_s = await off_loop(keep, within_s=KEEP_TIME_S, what="keeping a checkpoint")
            pause_s = max(KEEP_EVERY_S, took_s / MOST_OF_A_CORE)


def _keep_timed(keep: Callable[[], bool]) -> float:
    """Seconds of processor time that it took."""
    began = time.thread_time()
    keep()
    return time.thread_time() - began
