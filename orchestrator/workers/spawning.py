"""Starts the worker's process from inside the shim: files opened, the sandbox's own pids learned.

Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

from orchestrator.workers.processes import ask_death_signal, os, signal
from orchestrator.workers.records import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INFO_FD = "@info-fd@"
"""Stands in the command line where the sandbox wants the number of the descriptor it reports its pids on."""
INFO_WITHIN_S = 5.0


def open_output(path: str) -> tuple[int, int]:
    """The file opened for appending, readable by its owner alone, and its size."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor, os.fstat(descriptor).st_size


def spawn(
    argv: Sequence[str], *, cwd: str | None, streams: Sequence[int], nice: int, cgroup: str | None
) -> tuple[int, int]:
    """Fork and execute; returns the child's pid and, if the sandbox reports its own, that of its namespace's init.

    Args:
        cwd: ``None`` where the sandbox changes the folder itself.
        streams: descriptors to become 0, 1 and 2.
        cgroup: folder of the group to join first.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become(argv, cwd=cwd, streams=streams, nice=nice, cgroup=cgroup, info=writing)
        finally:
            os._exit(126)
    os.close(writing)
    try:
        wanted = INFO_FD in argv
        return pid, _read_namespace_init(reading) if wanted else 0
    finally:
        os.close(reading)


def _become(
    argv: Sequence[str], *, cwd: str | None, streams: Sequence[int], nice: int, cgroup: str | None, info: int
) -> None:
    """The child's side; never returns."""
    try:
        parent = os.getppid()
        ask_death_signal(signal.SIGKILL)
        if os.getppid() != parent or parent == 1:
            os._exit(126)
        if INFO_FD not in argv:
            os.setsid()
        if cgroup is not None:
            _join(cgroup)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        if cwd is not None:
            os.chdir(cwd)
        os.nice(nice)
        # Python ignores these two for itself, and an ignored signal stays ignored in what is executed.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if INFO_FD in argv:
            os.set_inheritable(info, True)
        os.execv(argv[0], [str(info) if word == INFO_FD else word for word in argv])
    except OSError as problem:
        os.write(2, f"orchestrate: cannot start {argv[0]}: {problem.strerror}\n".encode())
        os._exit(127 if isinstance(problem, FileNotFoundError) else 126)


def _join(cgroup: str) -> None:
    try:
        with open(f"{cgroup}/cgroup.procs", "w", encoding="utf-8") as file:
            file.write("0")
    except OSError:
        pass  # The tree is also held by its sub-reaper.


def _read_namespace_init(reading: int) -> int:
    """What the sandbox says about itself; 0 if it ended, or said nothing in time."""
    import select  # here: the sandbox is starting meanwhile

    poll = select.poll()
    poll.register(reading, select.POLLIN)
    text = b""
    while poll.poll(INFO_WITHIN_S * 1000):
        chunk = os.read(reading, 4096)
        text += chunk
        if not chunk or text.rstrip().endswith(b"}"):
            break
    try:
        value = decode(text.decode())
    except ValueError:
        return 0
    pid = value.get("child-pid", 0) if isinstance(value, dict) else 0
    return pid if isinstance(pid, int) else 0
