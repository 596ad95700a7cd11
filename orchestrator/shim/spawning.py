"""Start the worker's process from inside the shim: open its files, and learn the sandbox's own pids.

Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

from orchestrator.shim.attempt_records import decode, decode_file
from orchestrator.shim.document_pipe import receive, send
from orchestrator.shim.processes import ask_death_signal, os, restore_reserved_signals, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.shim.connection_listener import ProxyListener
    from orchestrator.shim.shim_spec import ShimSpec

INFO_FD = "@info-fd@"
"""Stands in the command line where the sandbox wants the number of the descriptor it reports its pids on."""
BLOCK_FD = "@block-fd@"
"""…of the descriptor on which the sandbox waits, before it starts the worker, until its bounds and its egress stand."""
OPENED = "@open:"
"""…of a descriptor of the file whose path follows: read anew at each launch, since the sandbox consumes it."""
INFO_WITHIN_S = 60.0
"""Its end is heard at once, so this bounds a hang alone; without an answer a worker has neither egress nor proof."""


class Spawned:
    """A worker's process as it was started."""

    __slots__ = ("init", "listening", "note", "pid")

    def __init__(self, pid: int, init: int, listening: int | None, note: str) -> None:
        self.pid = pid
        self.init = init
        """Pid 1 of its namespace; 0 if the sandbox reports none."""
        self.listening = listening
        """Of its egress from the network namespace it is in."""
        self.note = note


def open_output(path: str) -> tuple[int, int]:
    """The file opened for appending, readable by its owner alone, and its size."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor, os.fstat(descriptor).st_size


class WaitingChild:
    """The worker's later process, forked ahead: it stands in its control groups, and waits to be told what it is."""

    __slots__ = ("_telling", "groups", "pid", "reading", "release")

    def __init__(self, groups: Sequence[str] = (), *, besides: int | None = None) -> None:
        """Fork it.

        Args:
            groups: control groups to join at once.
            besides: a descriptor that it must not hold.
        """
        self.groups = list(groups)
        self.reading, writing = os.pipe()
        held, self.release = os.pipe()
        hearing, self._telling = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for descriptor in (self.reading, self.release, self._telling, *(() if besides is None else (besides,))):
                    os.close(descriptor)
                _wait_and_become(self.groups, hearing, info=writing, held=held)
            finally:
                os._exit(126)
        for descriptor in (writing, held, hearing):
            os.close(descriptor)

    def tell(self, message: Mapping[str, object]) -> None:
        """Let it become the worker of this attempt."""
        send(self._telling, message)
        os.close(self._telling)

    def dismiss(self) -> None:
        """Let it end, and see it gone."""
        for descriptor in (self._telling, self.reading, self.release):
            os.close(descriptor)
        os.waitpid(self.pid, 0)


def _wait_and_become(groups: Sequence[str], hearing: int, *, info: int, held: int) -> None:
    """Wait as the worker's later process, then be it; returns only where nobody wants it any more."""
    parent = os.getppid()
    ask_death_signal(signal.SIGKILL)
    join_groups(groups)
    if os.getppid() != parent:
        return
    message = receive(hearing)
    if message is None:
        return
    spec: ShimSpec = decode_file(message["spec"])  # type: ignore[assignment]  # the file its shim has read as well
    streams = open_streams(spec)
    _become(spec, streams, info=info, held=held, environment=message["environment"], joined=groups)


def open_streams(spec: ShimSpec) -> tuple[int, int, int]:
    """Descriptors of the worker's three streams."""
    stdin = os.open(spec["stdin"], os.O_RDONLY | os.O_CLOEXEC)
    return stdin, open_output(spec["stdout"])[0], open_output(spec["stderr"])[0]


def spawn(spec: ShimSpec, streams: Sequence[int]) -> Spawned:
    """Fork and execute ``spec["argv"]``, and wait until the sandbox around it has said who it is.

    Args:
        streams: descriptors to become 0, 1 and 2.
    """
    reading, writing = os.pipe()
    held, release = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become(spec, streams, info=writing, held=held)
        finally:
            os._exit(126)
    os.close(writing)
    os.close(held)
    return attend(spec, pid, reading=reading, release=release)


def attend(spec: ShimSpec, pid: int, *, reading: int, release: int) -> Spawned:
    """Wait until the sandbox around a process has said who it is, and set its bounds and its egress.

    Args:
        reading: where the sandbox says it.
        release: what the sandbox waits for; both are closed.
    """
    argv = spec["argv"]
    listening, note = None, ""
    try:
        init = _read_namespace_init(reading) if INFO_FD in argv else 0
        if init:
            listening, note = _fit_out(init, spec)
    finally:
        os.close(reading)
        # It waits for a byte or for the end, so it goes on even if we do not.
        os.close(release)
    return Spawned(pid, init, listening, note)


def _fit_out(init: int, spec: ShimSpec) -> tuple[int | None, str]:
    """Set the sandbox's bounds and open its egress, while it waits for us."""
    listening, notes = None, []
    bounding = None
    if spec["bounds"]:
        from orchestrator.shim.namespace_bounds import Bounding

        bounding = Bounding(init, spec["bounds"])
    if "proxy" in spec:
        from orchestrator.shim.connection_listener import listen_inside

        try:
            listening = listen_inside(init)
        except OSError as problem:
            notes.append(str(problem))
    if bounding is not None:
        notes.append(bounding.finish())
    return listening, "; ".join(note for note in notes if note)


def open_egress(listening: int | None, spec: ShimSpec) -> ProxyListener | None:
    """The worker's connections on their way to the coordinator; ``None`` where it has no egress."""
    if listening is None:
        return None
    from orchestrator.shim.connection_listener import ProxyListener

    return ProxyListener(listening, path=spec["proxy"], worker=spec["worker"])


def _become(
    spec: ShimSpec,
    streams: Sequence[int],
    *,
    info: int,
    held: int,
    environment: Mapping[str, str] | None = None,
    joined: Sequence[str] = (),
) -> None:
    """The child's side; never returns.

    Args:
        environment: the worker's; without it our own.
        joined: control groups in which it stands already.
    """
    argv = spec["argv"]
    try:
        parent = os.getppid()
        ask_death_signal(signal.SIGKILL)
        if os.getppid() != parent or parent == 1:
            os._exit(126)
        if INFO_FD not in argv:
            os.setsid()
        if list(spec["groups"]) != list(joined):
            join_groups(spec["groups"])
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        if spec["cwd"] is not None:
            os.chdir(spec["cwd"])
        os.nice(spec["nice"])
        # An ignored signal stays ignored in what is executed: two of them Python ignores for itself, and under nohup or
        # in a script's background others came to us so, and the CLI could not be interrupted.
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            if signal.getsignal(number) == signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        restore_reserved_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        own = argv.index("--") if INFO_FD in argv else 0
        words = [*(_word(word, info=info, held=held) for word in argv[:own]), *argv[own:]]
        _limit(spec["rlimits"])
        if "landlock" in spec:
            from orchestrator.shim.landlock_entry import restrict

            restrict(spec["landlock"])
        if environment is None:
            os.execv(words[0], words)
        else:
            os.execve(words[0], words, environment)
    except BaseException as problem:
        os.write(2, f"orchestrate: cannot start {argv[0]}: {_said(problem)}\n".encode())
        os._exit(127 if isinstance(problem, FileNotFoundError) else 126)


def _said(problem: BaseException) -> str:
    return getattr(problem, "strerror", None) or str(problem)


def _word(word: str, *, info: int, held: int) -> str:
    """Replace a placeholder in the sandbox's words by the number of the descriptor that it inherits."""
    if word == INFO_FD:
        number = info
    elif word == BLOCK_FD:
        number = held
    elif word.startswith(OPENED):
        number = os.open(word[len(OPENED) :], os.O_RDONLY)
    else:
        return word
    os.set_inheritable(number, True)
    return str(number)


def _limit(bounds: Sequence[Sequence[int]]) -> None:
    if not bounds:
        return
    import resource

    for number, value in bounds:
        highest = resource.getrlimit(number)[1]
        value = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(number, (value, value))


def join_groups(groups: Sequence[str]) -> None:
    """Let this process, and all that it will start, stand in these control groups."""
    for group in groups:
        _join(group)


def _join(cgroup: str) -> None:
    try:
        with open(f"{cgroup}/cgroup.procs", "w", encoding="utf-8") as file:
            file.write("0")
    except OSError:
        pass  # The tree is also held by its sub-reaper.


def _read_namespace_init(reading: int) -> int:
    """Read the sandbox's first pid from its own report; 0 if it ended, or reported nothing in time."""
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
