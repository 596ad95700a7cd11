"""Apply Landlock to this very process before it becomes the worker; there is no way to lift it again.

Runs in the child of the shim, or in a process of its own for a proof.  Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on x86_64 and aarch64
_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_READ = 1 << 0 | 1 << 2 | 1 << 3
"""EXECUTE, READ_FILE and READ_DIR of linux/landlock.h."""
_FILE_READ = 1 << 0 | 1 << 2
_FILE_WRITE = 1 << 1 | 1 << 14 | 1 << 15
"""WRITE_FILE, TRUNCATE, IOCTL_DEV."""
_FIRST_13 = (1 << 13) - 1
_DEVICES = 1 << 6 | 1 << 11
"""MAKE_CHAR and MAKE_BLOCK: handled and never granted."""
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_CONNECT, _BIND = 1 << 1, 1 << 0
_SCOPES = 1 << 0 | 1 << 1
"""Abstract sockets and signals stay among the worker's own processes."""
_NO_NEW_PRIVILEGES, _SECCOMP, _DROP_BOUNDING, _AMBIENT = 38, 22, 24, 47
_CAPABILITIES_V3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Which Landlock the kernel speaks; 0 for none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def restrict(profile: Mapping[str, Any]) -> None:
    """Give up everything that the profile does not grant.

    Args:
        profile: ``read`` and ``write`` are paths; ``connect`` is a list of TCP ports, or ``None`` for all;
            ``seccomp`` is the file of a filter, or ``None``.

    Raises:
        OSError: something could not be given up; whoever reads this must not go on.
    """
    program = _filter(profile.get("seccomp"))
    _checked(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    _drop_capabilities()
    _apply_rules(profile)
    if program:
        # A struct sock_fprog: how many instructions, and where they stand.
        held = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
        _checked(_libc.prctl(_SECCOMP, 2, ctypes.c_char_p(header), 0, 0), "seccomp")


def _filter(path: str | None) -> bytes:
    if path is None:
        return b""
    with open(path, "rb") as file:
        return file.read()


def _apply_rules(profile: Mapping[str, Any]) -> None:
    version = abi()
    handled = _FIRST_13
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        handled |= right if version >= since else 0
    ports = profile.get("connect")
    network = _CONNECT if version >= 4 and ports is not None else 0
    scopes = _SCOPES if version >= 6 else 0
    attributes = struct.pack("=QQQ", handled, network, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0), "landlock")
    for path in profile["read"]:
        _allow(ruleset, path, _READ & handled)
    for path in profile["write"]:
        _allow(ruleset, path, handled & ~_DEVICES)
    for port in ports or ():
        if network:
            rule = struct.pack("=QQ", _CONNECT, port)
            _checked(_libc.syscall(_ADD_RULE, ruleset, _NET_PORT, rule, 0), f"port {port}")
    _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0), "landlock")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # What is not there needs no rule.
    try:
        if not os.path.isdir(f"/proc/self/fd/{place}"):
            rights &= _FILE_READ | _FILE_WRITE
        _checked(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0), path)
    finally:
        os.close(place)


def _drop_capabilities() -> None:
    """Drop all capabilities for good: root is left with the rights of a file's owner only."""
    capability = 0
    while os.geteuid() == 0 and _libc.prctl(_DROP_BOUNDING, capability, 0, 0, 0) == 0:
        capability += 1
    _libc.prctl(_AMBIENT, 4, 0, 0, 0)
    header, nothing = struct.pack("=Ii", _CAPABILITIES_V3, 0), bytes(24)
    _checked(_libc.capset(header, nothing), "capabilities")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def main(words: list[str]) -> None:
    """``PROFILE.json PROGRAM ARGUMENT…``: become the program under the profile."""
    from orchestrator.shim.attempt_records import decode_file

    restrict(decode_file(words[0]))
    os.execv(words[1], words[1:])  # noqa: S606 - there is nothing in between on purpose
