"""Keep the next worker's shim ready: it has its modules, and its child stands in its control groups already.

An interpreter takes 8 ms to start and the shim's modules as much again; to join a control group takes 6 ms and more,
in which the kernel waits for every processor.  One process a session, the standby, pays for that ahead: it forks a
shim that forks the worker's later process, and both wait to be told of an attempt.  It holds no secret before that.

Started as ``python -I -S shim.py --standby CONTROL [KEPT...]``, where ``CONTROL`` is a socket to the coordinator.
It ends with the coordinator, or when that closes the socket.
"""

from __future__ import annotations

import time

from orchestrator.shim.document_pipe import receive, send
from orchestrator.shim.processes import ask_death_signal, is_folder, is_running, os, signal, start_ticks
from orchestrator.shim.spawning import WaitingChild
from orchestrator.shim.stop_ladder import remove_group
from orchestrator.shim.supervision import SIGNALS, supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SETTLED_AFTER_S = 0.1
"""A launch takes a tenth of it; on a busy machine more, and then it waits for what is made ready meanwhile."""

LOOK_EVERY_S = 0.01
LOOKS_FOR_COORDINATOR = 200
"""How often a shim without a standby asks whether the coordinator has ended as well: looks and no time, which on a
busy machine passes between two of them."""
LOOKS_FOR_GROUPS = 3000


class Waiting:
    """A shim that waits for its attempt."""

    __slots__ = ("groups", "pid", "start_ticks", "telling")

    def __init__(self, pid: int, telling: int, groups: Sequence[str]) -> None:
        self.pid = pid
        self.start_ticks = start_ticks(pid)
        self.telling = telling
        self.groups = list(groups)


def stand_by(control: int, kept: Sequence[int]) -> int:
    """Keep a shim ready, and hand it over whenever the coordinator has an attempt; returns when that is gone.

    Args:
        control: a socket on which the coordinator sends ``groups`` alone, to have a shim made ready whose worker
            stands in them, or an attempt: ``spec``, ``environment`` and the ``groups`` of its worker.
        kept: descriptors that every shim holds.
    """
    coordinator = os.getppid()
    ask_death_signal(signal.SIGKILL)
    if os.getppid() != coordinator:
        return 3
    since = start_ticks(coordinator)
    for descriptor in (control, *kept):
        os.set_inheritable(descriptor, False)
    _load()
    ready: Waiting | None = None
    wanted: Sequence[str] | None = None
    has_launched = is_dismissed = False
    while True:
        if wanted is not None and not (has_launched and _is_spoken_to(control)):
            ready, wanted = _fork_shim(wanted, control, kept, coordinator, since), None
        message = receive(control)
        if message is None:
            break
        if "dismissed" in message:
            is_dismissed = True
            break
        _reap()
        if "spec" not in message:
            wanted = message["groups"]
            continue
        has_launched = True
        if wanted is not None and list(wanted) == message["groups"]:
            wanted = None
        if ready is not None and ready.groups == message["groups"]:
            shim, ready = ready, None
        else:
            shim = _fork_shim([], control, kept, coordinator, since, besides=ready)
        told = send(shim.telling, message)
        os.close(shim.telling)
        send(control, {"pid": shim.pid if told else 0, "start_ticks": shim.start_ticks})
    if ready is not None:
        if is_dismissed:
            send(ready.telling, {"dismissed": True})
        # Unless it was told so, the coordinator has ended: its descriptors close a moment before that shows.
        os.close(ready.telling)
        os.waitpid(ready.pid, 0)
    return 0


def _is_spoken_to(control: int) -> bool:
    """Whether the coordinator says something while the last launch settles.

    To join a control group stops every fork and every end on the machine until the kernel has heard of all processors:
    done at once, the worker that has just been started would wait for it.
    """
    import select

    poll = select.poll()
    poll.register(control, select.POLLIN)
    return bool(poll.poll(SETTLED_AFTER_S * 1000))


def _load() -> None:
    """Load what an attempt may need, once for all of them."""
    import _json  # noqa: F401 - loaded for the shims that are forked of this one
    import fcntl  # noqa: F401 - loaded for the shims that are forked of this one
    import gc
    import resource  # noqa: F401 - loaded for the shims that are forked of this one
    import select  # noqa: F401 - loaded for the shims that are forked of this one
    import struct  # noqa: F401 - loaded for the shims that are forked of this one

    # Loaded for the shims that are forked of this one.
    from orchestrator.shim import connection_listener, forbidden_paths, namespace_bounds, planted_files  # noqa: F401

    # What stands now is never garbage; left out of the collector's walks, its pages stay shared with every shim.
    gc.freeze()


def _reap() -> None:
    """Collect shims that have ended; the coordinator follows them by other means."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _fork_shim(
    groups: Sequence[str],
    control: int,
    kept: Sequence[int],
    coordinator: int,
    since: int,
    *,
    besides: Waiting | None = None,
) -> Waiting:
    """Fork a shim that waits for its attempt; with ``groups``, one whose child stands in them already."""
    hearing, telling = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    standby = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 3
        try:
            for descriptor in (telling, control, *([besides.telling] if besides is not None else [])):
                os.close(descriptor)
            code = _wait_for_attempt(hearing, groups, kept, standby, coordinator, since)
        finally:
            os._exit(code)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(hearing)
    return Waiting(pid, telling, groups)


def _wait_for_attempt(
    hearing: int, groups: Sequence[str], kept: Sequence[int], standby: int, coordinator: int, since: int
) -> int:
    """Live as a shim: wait to be told of an attempt, then supervise it; without one, leave nothing behind."""
    os.setsid()
    ask_death_signal(signal.SIGUSR2)
    is_orphan = os.getppid() != standby
    child = WaitingChild(groups, besides=hearing) if groups and not is_orphan else None
    message = None if is_orphan else receive(hearing)
    os.close(hearing)
    if message is None or "spec" not in message:
        if child is not None:
            child.dismiss()
        for descriptor in kept:
            os.close(descriptor)  # what they hold is held for workers, and here was none
        if message is None:
            _remove_groups(groups, coordinator, since)
        return 0
    import os as public

    # Whatever runs git later looks there for it; a process started by itself would have been given it.
    public.environ.clear()
    public.environ.update(message["environment"])
    ahead = None if child is None else (child, message)
    return supervise(message["spec"], coordinator=standby, ahead=ahead)


def _remove_groups(groups: Sequence[str], coordinator: int, since: int) -> None:
    """Remove groups that nobody will use, since the coordinator has ended; while it runs they are its own affair."""
    # Its children are told of its end a moment before it is seen to be gone, and a group lets go of its last member
    # a moment after that is.
    for _ in range(LOOKS_FOR_COORDINATOR):
        if not is_running(coordinator, since):
            break
        time.sleep(LOOK_EVERY_S)
    else:
        return
    for _ in range(LOOKS_FOR_GROUPS):
        for group in groups:
            remove_group(group)
        if not any(map(is_folder, groups)):
            return
        time.sleep(LOOK_EVERY_S)
