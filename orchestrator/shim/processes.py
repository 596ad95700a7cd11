"""See processes as the kernel shows them: identities, trees, and signals that cannot hit a recycled pid.

The one place for platform differences.  Imported by the shim, so nothing here may import what costs time
(``dataclasses``, ``typing``, ``re``).
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os as os
    import signal as signal
    from collections.abc import Iterable, Mapping
else:
    # What the public modules put around these two costs 1 ms (os) and 5 ms (signal, its enums) of a launch's 15.
    try:
        import _signal as signal
        import posix as os
    except ImportError:
        import os
        import signal


def is_folder(path: str) -> bool:
    """Whether a folder stands there that can be listed."""
    try:
        os.listdir(path)
    except OSError:
        return False
    return True


HAS_PROC = is_folder("/proc/self/task")
HAS_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36


class Process:
    """One row of the process table."""

    __slots__ = ("cpu_ticks", "parent", "pid", "rss_pages", "start_ticks", "state", "threads")

    def __init__(
        self, pid: int, parent: int, state: str, *, threads: int, start_ticks: int, cpu: int, rss: int
    ) -> None:
        self.pid = pid
        self.parent = parent
        self.state = state
        self.threads = threads
        self.start_ticks = start_ticks
        self.cpu_ticks = cpu
        """User and system time of itself and of the children it has reaped."""
        self.rss_pages = rss

    @property
    def is_dead(self) -> bool:
        """A zombie; one whose other threads still run is not."""
        return self.state == "X" or (self.state == "Z" and self.threads <= 1)

    @property
    def is_still(self) -> bool:
        """Whether it is stopped: it runs no instruction before it is continued."""
        # D: a member that waits in the kernel takes its pending SIGSTOP before it returns to the program.
        return self.state in "TtD" or self.is_dead


def read_process(pid: int) -> Process | None:
    """Read one row of the table; ``None`` if there is no such process."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(descriptor, 2048)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    # The name stands in parentheses and may hold spaces and parentheses itself.
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(
        pid,
        int(fields[1]),
        fields[0].decode(),
        threads=int(fields[17]),
        start_ticks=int(fields[19]),
        cpu=int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14]),
        rss=int(fields[21]),
    )


def process_table() -> dict[int, Process]:
    """Every process, by pid."""
    if not HAS_PROC:
        return _table_from_ps()
    rows = (read_process(int(name)) for name in os.listdir("/proc") if name[0] in "123456789")
    return {row.pid: row for row in rows if row is not None}


def _table_from_ps() -> dict[int, Process]:
    import subprocess

    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,stat=,rss="], capture_output=True, text=True, check=False, timeout=5
    ).stdout
    table: dict[int, Process] = {}
    for line in listing.splitlines():
        pid, parent, state, rss = line.split()[:4]
        table[int(pid)] = Process(
            int(pid), int(parent), state[0], threads=1, start_ticks=0, cpu=0, rss=int(rss) * 1024 // 4096
        )
    return table


def descendants(root: int, table: Mapping[int, Process]) -> list[Process]:
    """Everything below ``root``, zombies included, parents before children."""
    children: dict[int, list[Process]] = {}
    for row in table.values():
        children.setdefault(row.parent, []).append(row)
    found: list[Process] = []
    queue = [root]
    while queue:
        below = children.pop(queue.pop(), [])
        found += below
        queue += [row.pid for row in below]
    return found


def start_ticks(pid: int) -> int:
    """When ``pid`` started, in ticks since boot; 0 where unknown or gone."""
    row = read_process(pid) if HAS_PROC else None
    return row.start_ticks if row is not None else 0


def boot_id() -> str:
    """Of this boot of the machine; empty where the platform has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def pid_namespace(pid: int | str = "self") -> int:
    """Inode of the pid namespace; 0 where unknown."""
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return 0


def identity(pid: int) -> dict[str, object]:
    """A process as it is written down: never a pid alone."""
    return {
        "pid": pid,
        "start_ticks": start_ticks(pid),
        "boot_id": boot_id(),
        "pid_namespace": pid_namespace() if HAS_PROC else 0,
    }


def is_running(pid: int, started: int) -> bool:
    """Whether the very process that started at ``started`` still runs.  A zombie does not."""
    if not HAS_PROC:
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    row = read_process(pid)
    return row is not None and row.start_ticks == started and not row.is_dead


def send_signal(pid: int, started: int, number: int) -> bool:
    """Signal the very process that started at ``started``; ``False`` if it is gone, whoever has its pid now."""
    if not HAS_PIDFD:
        if not is_running(pid, started):
            return False
        try:
            os.kill(pid, number)
        except OSError:
            return False
        return True
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # The descriptor holds the process fast, so what is checked after opening it is what is signalled.
        if HAS_PROC and start_ticks(pid) != started:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def wait_for_signal(numbers: Iterable[int], seconds: float) -> int | None:
    """The next of these blocked signals; ``None`` after ``seconds``."""
    if hasattr(signal, "sigtimedwait"):
        received = signal.sigtimedwait(numbers, max(0.0, seconds))
        return None if received is None else int(received.si_signo)
    deadline = time.monotonic() + seconds  # macOS has no sigtimedwait
    while True:
        pending = set(signal.sigpending()) & set(numbers)
        if pending:
            return int(signal.sigwait(pending))
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.02)


def call_kernel(name: str, *arguments: int | bytes) -> None:
    """Call a function of the C library that returns 0 when it worked; bytes are passed as a pointer to them.

    Raises:
        OSError: it did not, or there is no such function; the reason is not known.
    """
    try:
        import _ctypes  # the public module costs 4 ms more; the call is the one it makes itself

        address = _ctypes.dlsym(_ctypes.dlopen(None, 2), name)  # type: ignore[arg-type]  # None is the program itself
        worked = bool(_ctypes.call_function(address, arguments) == 0)
    except (ImportError, AttributeError, TypeError):
        import ctypes

        call = getattr(ctypes.CDLL(None), name, None)
        worked = call is not None and call(*arguments) == 0
    if not worked:
        raise OSError(f"{name} failed")


def _prctl(option: int, value: int) -> bool:
    try:
        call_kernel("prctl", option, value, 0, 0, 0)
    except OSError:
        return False
    return True


def become_subreaper() -> bool:
    """Orphans of our tree come to us instead of to pid 1; ``False`` where the platform cannot."""
    return HAS_PROC and _prctl(_SET_CHILD_SUBREAPER, 1)


def ask_death_signal(number: int) -> bool:
    """Be sent ``number`` when the thread that started us ends; ``False`` where the platform cannot."""
    return HAS_PROC and _prctl(_SET_PDEATHSIG, number)


RT_SIGACTION = {"x86_64": 13, "aarch64": 134, "riscv64": 134, "loongarch64": 134, "ppc64le": 173, "s390x": 174}
"""Number of the system call, by machine."""
RESERVED_SIGNALS = (32, 33, 34)
"""What C libraries keep for themselves (glibc the first two, musl all three), and never let anybody set."""


def restore_reserved_signals() -> None:
    """Give the C library's own signals their default action again, where they are ignored.

    glibc's posix_spawn starts every child with signals 32 and 33 ignored, so they may come to us so from whoever
    started us, and what is ignored stays ignored in every program below.  ``sigaction`` refuses these numbers; the
    system call does not.  Only for a process with one thread that is about to execute another program.
    """
    number = RT_SIGACTION.get(os.uname().machine) if HAS_PROC else None
    if number is None:
        return
    ignored = _ignored_signals()
    for reserved in RESERVED_SIGNALS:
        if ignored >> (reserved - 1) & 1:
            # Handler, flags, restorer and mask, all 0: the default action.  8 is the size of the kernel's signal mask.
            call_kernel("syscall", number, reserved, bytes(32), 0, 8)


def _ignored_signals() -> int:
    """The signals this process ignores, as the kernel's mask."""
    descriptor = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.read(descriptor, 8192)
    finally:
        os.close(descriptor)
    return int(status.partition(b"SigIgn:")[2].split(None, 1)[0], 16)
