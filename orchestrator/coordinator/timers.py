"""Turn deadlines into inputs of the main loop when they come, and measure the crew now and then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import anyio

from orchestrator.coordinator.clocks import Clock
from orchestrator.coordinator.stream_listeners import Listener
from orchestrator.files.time_limits import off_loop
from orchestrator.models.entries import Input, Sampled, TimePassed
from orchestrator.models.identity import WorkerId
from orchestrator.session.clock import next_deadline
from orchestrator.session.state import Session
from orchestrator.workers.crew import Crew

SAMPLE_EVERY_S = 2.0
SHARE_EVERY_S = 5.0
SHARE_TIME_S = 30.0
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
