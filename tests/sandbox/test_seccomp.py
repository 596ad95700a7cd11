"""The filter, run by a small machine that reads it as the kernel does, and by the kernel itself."""

from __future__ import annotations

import errno
import platform
import struct
from pathlib import Path

import pytest

from orchestrator.sandbox.seccomp import LOOKED_INTO, filter_program, is_supported, write_filter

X86, ARM = 0xC000003E, 0xC00000B7
ALLOW, KILL = 0x7FFF0000, 0x80000000
MACHINES = [pytest.param("x86_64", X86, id="x86_64"), pytest.param("aarch64", ARM, id="aarch64")]


def verdict(program: bytes, number: int, *words: int, audit: int = X86) -> int:
    """What the kernel would decide (classic BPF, the few instructions we use)."""
    data = struct.pack("=IIQ6Q", number, audit, 0, *words, *([0] * (6 - len(words))))
    lines = list(struct.iter_unpack("=HBBI", program))
    held, at = 0, 0
    while True:
        code, then, otherwise, value = lines[at]
        at += 1
        match code:
            case 0x20:
                (held,) = struct.unpack_from("=I", data, value)
            case 0x54:
                held &= value
            case 0x15:
                at += then if held == value else otherwise
            case 0x35:
                at += then if held >= value else otherwise
            case 0x45:
                at += then if held & value else otherwise
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"instruction {code:#x}")


def refused(number: int) -> int:
    return 0x50000 | number


def test_ordinary_calls_are_allowed() -> None:
    program = filter_program(machine="x86_64")
    for number in (0, 1, 9, 39, 57, 59, 231, 262, 332):
        assert verdict(program, number) == ALLOW


@pytest.mark.parametrize(("machine", "audit"), MACHINES)
@pytest.mark.parametrize("name", ["mount", "unshare", "setns", "ptrace", "bpf", "keyctl", "userfaultfd", "pidfd_getfd"])
def test_what_attacks_the_kernel_is_refused(machine: str, audit: int, name: str) -> None:
    numbers = {
        "x86_64": {
            "mount": 165,
            "unshare": 272,
            "setns": 308,
            "ptrace": 101,
            "bpf": 321,
            "keyctl": 250,
            "userfaultfd": 323,
        },
        "aarch64": {
            "mount": 40,
            "unshare": 97,
            "setns": 268,
            "ptrace": 117,
            "bpf": 280,
            "keyctl": 219,
            "userfaultfd": 282,
        },
    }
    number = {**numbers[machine], "pidfd_getfd": 438}[name]
    assert verdict(filter_program(machine=machine), number, audit=audit) == refused(errno.EPERM)


def test_another_processors_calls_end_the_program_and_x32_has_none() -> None:
    program = filter_program(machine="x86_64")
    assert verdict(program, 1, audit=0x40000003) == KILL
    assert verdict(program, 0x40000000 | 165) == refused(errno.ENOSYS)


def test_new_namespaces_are_refused_and_threads_are_not() -> None:
    program = filter_program(machine="x86_64")
    assert verdict(program, 56, 0x10000000) == refused(errno.EPERM)
    assert verdict(program, 56, 0x003D0F00) == ALLOW
    assert verdict(program, 435) == refused(errno.ENOSYS)


@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_no_set_id_file_can_be_made(mode: int) -> None:
    program = filter_program(machine="x86_64")
    chmod, openat = 90, 257
    assert verdict(program, chmod, 0, mode) == refused(errno.EPERM)
    assert verdict(program, chmod, 0, mode & 0o777) == ALLOW
    assert verdict(program, openat, 0, 0, 0o101, mode) == refused(errno.EPERM)
    # Without O_CREAT the mode is whatever happens to stand there.
    assert verdict(program, openat, 0, 0, 0o1, mode) == ALLOW


def test_sockets_are_of_the_families_that_programs_need() -> None:
    program, socket = filter_program(machine="x86_64"), 41
    assert [verdict(program, socket, family, 1) for family in (1, 2, 10, 16)] == [ALLOW] * 4
    assert {verdict(program, socket, family, 1) for family in (17, 38, 40)} == {refused(errno.EAFNOSUPPORT)}
    closed = filter_program(machine="x86_64", unix=False, only_tcp=True)
    assert verdict(closed, socket, 2, 0o4000001, 6) == ALLOW
    for words in ((1, 1), (2, 2), (2, 3), (10, 2), (2, 1, 262), (16, 3, 12)):
        assert verdict(closed, socket, *words) == refused(errno.EACCES)


def test_every_call_that_is_looked_into_ends_in_a_verdict() -> None:
    for machine, audit in (("x86_64", X86), ("aarch64", ARM)):
        program = filter_program(machine=machine)
        assert {verdict(program, number, audit=audit) >> 16 for number in range(600)} <= {0x7FFF, 5}
    assert LOOKED_INTO


def test_the_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "filter"
    write_filter(path, b"one")
    first = path.stat().st_mtime_ns
    write_filter(path, b"one")
    assert path.stat().st_mtime_ns == first
    write_filter(path, b"two")
    assert path.read_bytes() == b"two"


def test_an_unknown_processor_has_no_filter() -> None:
    assert not is_supported("pdp11")
    assert is_supported() == (platform.machine() in ("x86_64", "aarch64"))
