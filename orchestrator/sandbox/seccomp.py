"""Assemble a filter of system calls that a worker never needs and an attacker of the kernel does, as BPF.

Sandboxes take it on a descriptor and consume it; our own calls come first in every program, so nothing slips before it.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.value_class import value_class

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _IF_AT_LEAST, _RETURN, _AND = 0x20, 0x15, 0x45, 0x35, 0x06, 0x54
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_X32 = 0x40000000
"""Numbers from here on are the x32 calling convention, which would get round every number below."""
_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""
_SET_ID = 0o6000
_CREATES = 0o100 | 0o20000000
"""O_CREAT and what marks O_TMPFILE: only then does open have a mode."""
_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX put words into the mouth of whoever sits at the terminal."""
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _TCP = 1, 6


@value_class
class _Machine:
    audit: int
    """AUDIT_ARCH of linux/audit.h."""
    numbers: Mapping[str, int]


# From the kernel's own tables, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_SHARED = {
    **{"pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443, "open_tree": 428, "move_mount": 429},
    **{"fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "clone3": 435, "openat2": 437},
    **{"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "fchmodat2": 452},
    **{"open_tree_attr": 467, "statmount": 457, "listmount": 458},
}
_X86_64 = {
    **{"open": 2, "ioctl": 16, "socket": 41, "clone": 56, "creat": 85, "chmod": 90, "fchmod": 91, "ptrace": 101},
    **{"syslog": 103, "mknod": 133, "uselib": 134, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155},
    **{"_sysctl": 156, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167},
    **{"swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173},
    **{"create_module": 174, "init_module": 175, "delete_module": 176, "quotactl": 179, "nfsservctl": 180},
    **{"lookup_dcookie": 212, "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249},
    **{"keyctl": 250, "migrate_pages": 256, "openat": 257, "mknodat": 259, "fchmodat": 268, "unshare": 272},
    **{"move_pages": 279, "perf_event_open": 298, "fanotify_init": 300, "name_to_handle_at": 303},
    **{"open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310},
    **{"process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320, "bpf": 321},
    **{"userfaultfd": 323},
}
_AARCH64 = {
    **{"lookup_dcookie": 18, "ioctl": 29, "mknodat": 33, "umount2": 39, "mount": 40, "pivot_root": 41},
    **{"nfsservctl": 42, "chroot": 51, "fchmod": 52, "fchmodat": 53, "openat": 56, "vhangup": 58, "quotactl": 60},
    **{"acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112},
    **{"syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161, "setdomainname": 162, "settimeofday": 170},
    **{"socket": 198, "add_key": 217, "request_key": 218, "keyctl": 219, "clone": 220, "swapon": 224, "swapoff": 225},
    **{"migrate_pages": 238, "move_pages": 239, "perf_event_open": 241, "fanotify_init": 262},
    **{"name_to_handle_at": 264, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268},
    **{"process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280},
    **{"userfaultfd": 282, "kexec_file_load": 294},
}
_MACHINES = {
    "x86_64": _Machine(0xC000003E, {**_SHARED, **_X86_64}),
    "aarch64": _Machine(0xC00000B7, {**_SHARED, **_AARCH64}),
}

UNKNOWN_TO_US = ("clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register")
"""Their arguments lie in memory, where a filter cannot look; programs fall back to older calls when told of none."""
LOOKED_INTO = frozenset(
    {"clone", "ioctl", "socket", "open", "openat", "creat", "chmod", "fchmod", "fchmodat", "fchmodat2", "mknod"}
    | {"mknodat"}
)
"""Refused for some arguments only."""
_MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "mknod": 1, "mknodat": 2, "creat": 1}
"""Which argument is the mode; a set-uid file that root's worker leaves in the target would be root's."""


def is_supported(machine: str | None = None) -> bool:
    """Whether there is a filter for this processor."""
    return (machine or platform.machine()) in _MACHINES


def filter_program(*, machine: str | None = None, unix: bool = True, only_tcp: bool = False) -> bytes:
    """The filter as the kernel takes it.

    Args:
        machine: ``x86_64`` or ``aarch64``; ``None`` for this one.
        unix: whether local sockets may be opened; without a file system of its own a worker could reach any service.
        only_tcp: refuse every other way of reaching an address, which Landlock does not see.

    Raises:
        KeyError: there is no filter for this processor.
    """
    known = _MACHINES[machine or platform.machine()]
    lines = [
        *_load(_ARCHITECTURE),
        *_unless_equal(known.audit, _return(_KILL)),
        *_load(_NUMBER),
        *_jump(_IF_AT_LEAST, _X32, _return(_refused(errno.ENOSYS))),
    ]
    for name, number in known.numbers.items():
        if name in LOOKED_INTO:
            body = _looked_into(name, unix=unix, only_tcp=only_tcp)
        else:
            body = _return(_refused(errno.ENOSYS if name in UNKNOWN_TO_US else errno.EPERM))
        lines += _jump(_IF_EQUAL, number, body)
    return b"".join([*lines, *_return(_ALLOW)])


def write_filter(path: Path, program: bytes) -> None:
    """Put the filter where a launch can open it; what is there already and the same is left alone."""
    if not path.exists() or path.read_bytes() != program:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(program)


def _looked_into(name: str, *, unix: bool, only_tcp: bool) -> Sequence[bytes]:
    if name == "clone":
        refuse = _jump(_IF_ANY_BIT, _NEW_NAMESPACES, _return(_refused(errno.EPERM)))
        return [*_argument(0), *refuse, *_return(_ALLOW)]
    if name == "ioctl":
        words = [line for request in _TERMINAL_INPUT for line in _jump(_IF_EQUAL, request, _return(_refused()))]
        return [*_argument(1), *words, *_return(_ALLOW)]
    if name == "socket":
        return _socket(unix=unix, only_tcp=only_tcp)
    if name in ("open", "openat"):
        flags = 1 if name == "open" else 2
        made = [*_argument(flags + 1), *_jump(_IF_ANY_BIT, _SET_ID, _return(_refused())), *_return(_ALLOW)]
        return [*_argument(flags), *_jump(_IF_ANY_BIT, _CREATES, made), *_return(_ALLOW)]
    refuse = _jump(_IF_ANY_BIT, _SET_ID, _return(_refused()))
    return [*_argument(_MODES[name]), *refuse, *_return(_ALLOW)]


def _socket(*, unix: bool, only_tcp: bool) -> Sequence[bytes]:
    allow = _return(_ALLOW)
    refuse = _return(_refused(errno.EACCES))
    inet: Sequence[bytes] = allow
    if only_tcp:
        of_tcp = [*_argument(2), *_jump(_IF_EQUAL, 0, allow), *_jump(_IF_EQUAL, _TCP, allow), *refuse]
        # The low bits are the type; the rest says non-blocking and close-on-exec.
        inet = [*_argument(1), _line(_AND, 0xF), *_jump(_IF_EQUAL, _STREAM, of_tcp), *refuse]
    routes = [*_argument(2), *_jump(_IF_EQUAL, 0, allow), *refuse]
    return [
        *_argument(0),
        *_jump(_IF_EQUAL, _INET, inet),
        *_jump(_IF_EQUAL, _INET6, inet),
        *_jump(_IF_EQUAL, _UNIX, allow if unix else refuse),
        *_jump(_IF_EQUAL, _NETLINK, routes),
        *_return(_refused(errno.EAFNOSUPPORT)),
    ]


def _refused(number: int = errno.EPERM) -> int:
    return _ERRNO | number


def _line(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _load(offset: int) -> Sequence[bytes]:
    return [_line(_LOAD, offset)]


def _argument(index: int) -> Sequence[bytes]:
    """Load the low half of an argument, which is enough for every argument that is looked at here."""
    return _load(_FIRST_ARGUMENT + 8 * index)


def _return(verdict: int) -> Sequence[bytes]:
    return [_line(_RETURN, verdict)]


def _jump(test: int, value: int, body: Sequence[bytes]) -> Sequence[bytes]:
    """``body`` if the test holds; every body ends in a verdict, so nothing falls out of one."""
    return [_line(test, value, otherwise=len(body)), *body]


def _unless_equal(value: int, body: Sequence[bytes]) -> Sequence[bytes]:
    return [_line(_IF_EQUAL, value, then=len(body)), *body]
