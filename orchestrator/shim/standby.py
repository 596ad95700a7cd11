"""Keep the next worker's shim ready: it has its modules, and its child stands in its control groups already.

An interpreter takes 8 ms to start and the shim's modules as much again; to join a control group takes 6 ms and more,
in which the kernel waits for every processor.  One process a session, the standby, pays for that ahead: it forks a
shim that forks the worker's later process, and both wait to be told of an attempt.  It holds no secret before that.

Started as ``python -I -S shim.py --standby CONTROL [KEPT...]``, where ``CONTROL`` is a socket to the coordinator.
It ends with the coordinator, or when that closes the socket.
"""

from __future__ import annotations

from orchestrator.shim.document_pipe import receive, send
from orchestrator.shim.processes import ask_death_signal, is_running, os, signal, start_ticks
from orchestrator.shim.spawning import WaitingChild
from orchestrator.shim.stop_ladder import remove_group
from orchestrator.shim.supervision import SIGNALS, supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


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
    while (message := receive(control)) is not None:
        _reap()
        if "spec" not in message:
            ready = ready or _fork_shim(message["groups"], control, coordinator, since)
            continue
        if ready is not None and ready.groups == message["groups"]:
            shim, ready = ready, None
        else:
            shim = _fork_shim([], control, coordinator, since, besides=ready)
        told = send(shim.telling, message)
        os.close(shim.telling)
        send(control, {"pid": shim.pid if told else 0, "start_ticks": shim.start_ticks})
    if ready is not None:
        os.close(ready.telling)
        os.waitpid(ready.pid, 0)
    return 0


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
    groups: Sequence[str], control: int, coordinator: int, since: int, *, besides: Waiting | None = None
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
            code = _wait_for_attempt(hearing, groups, standby, coordinator, since)
        finally:
            os._exit(code)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(hearing)
    return Waiting(pid, telling, groups)


def _wait_for_attempt(hearing: int, groups: Sequence[str], standby: int, coordinator: int, since: int) -> int:
    """Live as a shim: wait to be told of an attempt, then supervise it; without one, leave nothing behind."""
    os.setsid()
    ask_death_signal(signal.SIGUSR2)
    if os.getppid() != standby:
        return 3
    child = WaitingChild(groups, besides=hearing) if groups else None
    message = receive(hearing)
    os.close(hearing)
    if message is None:
        if child is not None:
            child.dismiss()
        if not is_running(coordinator, since):
            for group in groups:  # else they are its to remove, or to use in another way
                remove_group(group)
        return 0
    import os as public

    # Whatever runs git later looks there for it; a process started by itself would have been given it.
    public.environ.clear()
    public.environ.update(message["environment"])
    ahead = None if child is None else (child, message)
    return supervise(message["spec"], coordinator=standby, ahead=ahead)
