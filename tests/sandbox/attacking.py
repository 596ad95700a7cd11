"""Runs inside a sandbox and tries to get out of it: a world in, one line an attack out.

An attack returns when it got what it wanted and raises when it was stopped.  Everything it could harm belongs to the
test: only loopback, only canaries, and every bomb ends by itself.
"""
# An attacker makes the calls themselves.
# ruff: noqa: PTH101, PTH104, PTH108, PTH110, PTH115, PTH123, PTH208, S103, S606

from __future__ import annotations

import ctypes
import fcntl
import json
import mmap
import os
import shutil
import signal
import socket
import stat
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

World = dict[str, Any]
Attack = Callable[[World], object]
ATTACKS: dict[str, tuple[str, str, Attack]] = {}
"""By name: group, what it tries, how."""
libc = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"


class Stopped(Exception):
    """It did not get what it wanted, though nothing raised."""


def attack(group: str, name: str) -> Callable[[Attack], Attack]:
    def register(function: Attack) -> Attack:
        assert name not in ATTACKS
        ATTACKS[name] = (group, name, function)
        return function

    return register


def unless(condition: object, text: str = "it had no effect") -> None:
    if not condition:
        raise Stopped(text)


def call(name: str, *words: Any) -> int:
    result = int(getattr(libc, name)(*words))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def system_call(number: int, *words: Any) -> int:
    return call("syscall", number, *words)


def write(path: str | Path) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write("planted\n")


# --- files ----------------------------------------------------------------------------------------------------------

attack("files", "read a file outside every granted folder")(lambda w: Path(w["secret"]).read_text())
attack("files", "read it by .. from the target")(lambda w: Path(w["target"], "..", "outside", "secret").read_text())
attack("files", "read /etc/shadow")(lambda w: Path("/etc/shadow").read_text())
attack("files", "list the user's home")(lambda w: os.listdir(w["user_home"]))
attack("files", "read a key in the user's ~/.ssh")(lambda w: Path(w["user_home"], ".ssh", "id").read_text())
attack("files", "read another worker's private home")(lambda w: Path(w["other_home"], "credential").read_text())
attack("files", "read the session's journal")(lambda w: Path(w["session"], "journal.jsonl").read_text())
attack("files", "write outside")(lambda w: write(Path(w["outside"], "written")))
attack("files", "write into the system's folders")(lambda w: _in_system())
attack("files", "write the session's journal")(lambda w: write(Path(w["session"], "journal.jsonl")))
attack("files", "write its own exit record")(lambda w: write(Path(w["session"], "workers", "w1.1.json")))
attack("files", "write its own spec")(lambda w: write(Path(w["session"], "workers", "w1.1.spec")))
attack("files", "drop a command for its shim")(lambda w: write(Path(w["session"], "control", "w1", "0099.json")))
attack("files", "write the shim's code")(lambda w: write(Path(w["package"], "workers", "shim.py")))
attack("files", "delete a file outside")(lambda w: os.unlink(Path(w["outside"], "victim")))
attack("files", "rename a file outside")(
    lambda w: os.rename(Path(w["outside"], "victim2"), Path(w["outside"], "victim3"))
)
attack("files", "change the mode of a file outside")(lambda w: os.chmod(Path(w["outside"], "mode"), 0o777))
attack("files", "change the times of a file outside")(lambda w: os.utime(Path(w["outside"], "mode"), (1, 1)))
attack("files", "truncate a file outside")(lambda w: os.truncate(Path(w["outside"], "mode"), 0))
attack("files", "list the other sessions")(
    lambda w: unless([n for n in os.listdir(Path(w["session"]).parent) if n != Path(w["session"]).name], "empty")
)


def _in_system() -> None:
    place = Path("/usr", f".orchestrate-test-{os.getpid()}")
    write(place)
    place.unlink()


@attack("files", "read through a symlink in the target")
def _(w: World) -> None:
    link = Path(w["target"], "link")
    link.symlink_to(w["secret"])
    link.read_text()


@attack("files", "write through a symlink in the target")
def _(w: World) -> None:
    link = Path(w["target"], "link-out")
    link.symlink_to(Path(w["outside"], "by-link"))
    write(link)


@attack("files", "hard link to a file outside")
def _(w: World) -> None:
    os.link(w["secret"], Path(w["target"], "hard"))
    Path(w["target"], "hard").read_text()


@attack("files", "a path through /proc/self/root")
def _(w: World) -> None:
    Path("/proc/self/root" + w["secret"]).read_text()


@attack("files", "a path through /proc/1/root")
def _(w: World) -> None:
    Path("/proc/1/root" + w["secret"]).read_text()


@attack("files", "a path through a neighbour's /proc/PID/root")
def _(w: World) -> None:
    Path(f"/proc/{w['neighbour']}/root{w['secret']}").read_text()


@attack("files", "a path through an inherited descriptor")
def _(w: World) -> None:
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number > 2 and stat.S_ISDIR(os.fstat(number).st_mode) if _is_open(number) else False:
            os.open("../outside/secret", os.O_RDONLY, dir_fd=number)
            return
    raise Stopped("no folder is open")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


@attack("files", "a file handle (open_by_handle_at)")
def _(w: World) -> None:
    handle = struct.pack("=Ii", 8, 1) + bytes(128)
    folder = os.open("/", os.O_RDONLY)
    found = ctypes.create_string_buffer(handle, len(handle))
    system_call(304 if X86 else 265, folder, found, os.O_RDONLY)


@attack("files", "exchange the target for a link")
def _(w: World) -> None:
    os.rename(w["target"], w["target"] + ".aside")
    os.rename(w["target"] + ".aside", w["target"])


# --- what others obey -----------------------------------------------------------------------------------------------

attack("planting", "write a git hook")(lambda w: write(Path(w["target"], ".git", "hooks", "pre-commit")))
attack("planting", "write git's configuration")(lambda w: write(Path(w["target"], ".git", "config")))
attack("planting", "change an existing agent's settings")(lambda w: write(Path(w["target"], ".claude/settings.json")))
attack("planting", "change the mode of a git hook")(
    lambda w: os.chmod(Path(w["target"], ".git", "hooks", "sample"), 0o777)
)


def _plant(w: World, name: str) -> None:
    path = Path(w["target"], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    # What a sandbox cannot hold is taken back when the worker has ended: the test looks afterwards.
    w["planted"].append(str(path))


attack("planting", "plant new agent settings (.gemini)")(lambda w: _plant(w, ".gemini/settings.json"))
attack("planting", "plant an MCP server (.mcp.json)")(lambda w: _plant(w, ".mcp.json"))
attack("planting", "plant an editor's task (.vscode/tasks.json)")(lambda w: _plant(w, ".vscode/tasks.json"))
attack("planting", "plant a shell start-up file (.bashrc)")(lambda w: _plant(w, ".bashrc"))


@attack("planting", "put .git aside and make another")
def _(w: World) -> None:
    git = Path(w["target"], ".git")
    os.rename(git, git.with_name(".git-aside"))
    os.rename(git.with_name(".git-aside"), git)


@attack("planting", "replace the hooks folder by a link")
def _(w: World) -> None:
    hooks = Path(w["target"], ".git", "hooks")
    os.rename(hooks, hooks.with_name("hooks-aside"))
    os.rename(hooks.with_name("hooks-aside"), hooks)


@attack("planting", "hard link to git's configuration")
def _(w: World) -> None:
    os.link(Path(w["target"], ".git", "config"), Path(w["target"], "config-link"))
    write(Path(w["target"], "config-link"))


@attack("planting", "leave a set-uid program in the target")
def _(w: World) -> None:
    program = Path(w["target"], "set-uid")
    shutil.copy("/bin/sh", program)
    os.chmod(program, 0o4755)
    unless(program.stat().st_mode & stat.S_ISUID)


@attack("planting", "leave a set-gid program by creating it so")
def _(w: World) -> None:
    os.close(os.open(Path(w["target"], "set-gid"), os.O_CREAT | os.O_WRONLY, 0o2755))
    unless(Path(w["target"], "set-gid").stat().st_mode & stat.S_ISGID)


def _replace(path: Path) -> None:
    fresh = path.with_name("fresh")
    fresh.write_text("planted")
    fresh.replace(path)


attack("planting", "write a hook of a repository inside the target")(
    lambda w: write(Path(w["target"], "vendor", "lib", ".git", "hooks", "pre-commit"))
)
attack("planting", "write the configuration of a repository inside the target")(
    lambda w: _replace(Path(w["target"], "vendor", "lib", ".git", "config"))
)
attack("planting", "put a repository inside the target aside and make another")(
    lambda w: os.rename(Path(w["target"], "vendor"), Path(w["target"], "vendor-aside"))
)
attack("planting", "write a submodule's hook")(
    lambda w: write(Path(w["target"], ".git", "modules", "sub", "hooks", "pre-commit"))
)
attack("planting", "lead a submodule to another repository")(lambda w: _replace(Path(w["target"], "sub", ".git")))
attack("planting", "change its own CLI's settings and hooks")(lambda w: write(Path(w["home"], ".cli", "settings.json")))
attack("planting", "replace its own CLI's settings by others")(
    lambda w: _replace(Path(w["home"], ".cli", "settings.json"))
)
attack("planting", "put the folder of its own CLI's settings aside")(
    lambda w: os.rename(Path(w["home"], ".cli"), Path(w["home"], ".cli-aside"))
)


# --- processes ------------------------------------------------------------------------------------------------------

attack("processes", "signal the coordinator")(lambda w: os.kill(w["coordinator"], 0))
attack("processes", "signal its shim")(lambda w: os.kill(_outer_parent(w), 0))
attack("processes", "signal a neighbour")(lambda w: os.kill(w["neighbour"], 0))
attack("processes", "see a neighbour's command line")(
    lambda w: unless(Path(f"/proc/{w['neighbour']}/cmdline").read_bytes())
)
attack("processes", "read a neighbour's variables")(
    lambda w: unless(b"CANARY" in Path(f"/proc/{w['neighbour']}/environ").read_bytes())
)
attack("processes", "read a neighbour's memory map")(lambda w: Path(f"/proc/{w['neighbour']}/maps").read_text()[0])
attack("processes", "write a neighbour's memory")(lambda w: open(f"/proc/{w['neighbour']}/mem", "r+b").close())
attack("processes", "change a neighbour's priority")(lambda w: os.setpriority(os.PRIO_PROCESS, w["neighbour"], 19))


def _outer_parent(w: World) -> int:
    return int(w["coordinator"]) if os.getppid() <= 1 else os.getppid()


@attack("processes", "write the memory of the first process, or of its shim (/proc/1/mem)")
def _(w: World) -> None:
    try:
        open("/proc/1/mem", "r+b").close()
    except OSError:
        open(f"/proc/{_outer_parent(w)}/mem", "r+b").close()


@attack("processes", "ptrace a neighbour")
def _(w: World) -> None:
    libc.ptrace.restype = ctypes.c_long
    call("ptrace", 16, w["neighbour"], None, None)
    os.waitpid(w["neighbour"], 0x40000000)
    call("ptrace", 17, w["neighbour"], None, None)


@attack("processes", "take a descriptor out of a neighbour (pidfd_getfd)")
def _(w: World) -> None:
    os.close(system_call(438, os.pidfd_open(w["neighbour"]), 0, 0))


@attack("processes", "read a neighbour's memory by process_vm_readv")
def _(w: World) -> None:
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("@PN", ctypes.addressof(buffer), 8)
    address = int(Path(f"/proc/{w['neighbour']}/maps").read_text().split("-")[0], 16)
    system_call(310 if X86 else 270, w["neighbour"], local, 1, struct.pack("@PN", address, 8), 1, 0)


@attack("processes", "outlive the session by a double fork")
def _(w: World) -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            # The test looks for this name afterwards.
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            os.execv("/bin/sleep", ["sleep", w["mark"]])
        os._exit(0)
    time.sleep(0.05)
    w["outlive"] = True


@attack("processes", "read the coordinator's variables")
def _(w: World) -> None:
    unless(b"CANARY" in Path(f"/proc/{w['coordinator']}/environ").read_bytes())


@attack("processes", "a canary variable of the coordinator")
def _(w: World) -> None:
    found = [value for path in Path("/proc").glob("[0-9]*/environ") for value in [_read(path)] if b"CANARY=" in value]
    unless(found or "ORCHESTRATE_CANARY" in os.environ, "no process in sight has it")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@attack("processes", "LD_PRELOAD into a set-uid program")
def _(w: World) -> None:
    script = "import os; print(os.geteuid())"
    for program in ("/bin/su", "/usr/bin/su", "/usr/bin/passwd"):
        if os.path.exists(program):
            status = Path("/proc/self/status").read_text()
            unless("NoNewPrivs:\t0" in status, "new privileges cannot be had")
            unless(os.geteuid() != 0 and script, "there are none to be had")
            return
    raise Stopped("no such program")


# --- the kernel -----------------------------------------------------------------------------------------------------


def capabilities() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("CapEff")), 16)


attack("kernel", "hold a capability")(lambda w: unless(capabilities(), "none is left"))
attack("kernel", "remount the root writable")(lambda w: call("mount", None, b"/", None, 32 | 4096, None))
attack("kernel", "mount a tmpfs")(
    lambda w: (call("mount", b"x", w["target"].encode(), b"tmpfs", 0, None), call("umount2", w["target"].encode(), 2))
)
attack("kernel", "make a user namespace")(lambda w: _in_child(lambda: call("unshare", 0x10000000)))
attack("kernel", "make a mount namespace")(lambda w: _in_child(lambda: call("unshare", 0x00020000)))
attack("kernel", "make a user namespace by clone3")(lambda w: _clone3(0x10000000))
attack("kernel", "chroot")(lambda w: _in_child(lambda: os.chroot(w["target"])))
attack("kernel", "pivot_root")(lambda w: system_call(155 if X86 else 41, b"/", b"/"))
attack("kernel", "open_tree, the new mount calls")(lambda w: os.close(system_call(428, -100, b"/", 1)))
attack("kernel", "load a BPF program")(
    lambda w: os.close(system_call(321 if X86 else 280, 0, struct.pack("=IIIII", 2, 4, 4, 1, 0) + bytes(108), 128))
)
attack("kernel", "perf_event_open")(
    lambda w: os.close(system_call(298 if X86 else 241, struct.pack("=IIQ", 1, 128, 0) + bytes(112), 0, -1, -1, 0))
)
attack("kernel", "userfaultfd")(lambda w: os.close(system_call(323 if X86 else 282, 1)))
attack("kernel", "io_uring")(lambda w: os.close(system_call(425, 1, ctypes.create_string_buffer(120))))
attack("kernel", "a key in the kernel's keyring")(
    lambda w: system_call(248 if X86 else 217, b"user", b"orchestrate-test", b"x", 1, -3)
)
attack("kernel", "read the kernel's log")(
    lambda w: system_call(103 if X86 else 116, 3, ctypes.create_string_buffer(64), 64)
)
attack("kernel", "set the host's name")(lambda w: unless(_host_name(w), "only its own"))
attack("kernel", "make a device node")(lambda w: _node(w))
attack("kernel", "open a disk")(lambda w: unless(_disk(), "there is none"))
attack("kernel", "open /dev/mem or /dev/kmsg")(lambda w: _any_open("/dev/mem", "/dev/kmsg"))
attack("kernel", "write to /proc/sys")(lambda w: open("/proc/sys/kernel/core_pattern", "r+b").close())
attack("kernel", "write to /sys")(lambda w: open("/sys/kernel/uevent_helper", "r+b").close())
attack("kernel", "enter a neighbour's namespaces (setns)")(
    lambda w: _in_child(lambda: call("setns", os.open(f"/proc/{w['neighbour']}/ns/net", os.O_RDONLY), 0))
)
attack("kernel", "put words into the terminal (TIOCSTI)")(lambda w: fcntl.ioctl(os.openpty()[0], 0x5412, b"x"))
attack("kernel", "leave its control group")(lambda w: _leave_group())


def _in_child(action: Callable[[], object]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except OSError as problem:
            os._exit(problem.errno or 1)
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 0:
        raise OSError(code, os.strerror(code) if code > 0 else "killed")


def _clone3(flags: int) -> None:
    words = struct.pack("=8Q", flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    pid = system_call(435, words, len(words))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _host_name(w: World) -> bool:
    name = socket.gethostname()
    call("sethostname", name.encode(), len(name))
    return bool(os.readlink("/proc/self/ns/uts") == w["uts"])


def _node(w: World) -> None:
    path = Path(w["target"], "node")
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 1))
    path.unlink()


def _disk() -> bool:
    found = [name for name in os.listdir("/dev") if name.startswith(("vd", "sd", "nvme"))]
    for name in found:
        os.close(os.open(f"/dev/{name}", os.O_RDONLY))
    return bool(found)


def _any_open(*paths: str) -> None:
    problems = []
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as problem:
            problems.append(problem)
        else:
            return
    raise problems[0]


def _leave_group() -> None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup" in line:
            place = line.split()[4]
            with open(f"{place}/cgroup.procs", "w", encoding="utf-8") as file:
                file.write("0")
            return
    raise Stopped("no control group is in sight")


# --- network --------------------------------------------------------------------------------------------------------


def _connect(family: int, address: Any, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(family, kind) as connection:
        connection.settimeout(2)
        connection.connect(address)
        connection.send(b"x")


attack("network", "connect to another service on 127.0.0.1")(
    lambda w: _connect(socket.AF_INET, ("127.0.0.1", w["tcp"]))
)
attack("network", "connect to it by IPv6")(lambda w: _connect(socket.AF_INET6, ("::1", w["tcp6"])))
attack("network", "connect to it by an IPv4 address in IPv6")(
    lambda w: _connect(socket.AF_INET6, ("::ffff:127.0.0.1", w["tcp"]))
)
attack("network", "connect to it by another loopback address")(
    lambda w: _connect(socket.AF_INET, ("127.8.8.8", w["any"]))
)
attack("network", "send a datagram (DNS tunnel)")(lambda w: _datagram(w))
attack("network", "connect to a local socket by its path")(lambda w: _connect(socket.AF_UNIX, w["unix"]))
attack("network", "connect to an abstract socket")(lambda w: _connect(socket.AF_UNIX, "\0" + w["abstract"]))
attack("network", "hand connections to our own proxy's socket")(
    lambda w: _connect(socket.AF_UNIX, w["session"] + "/network.sock", socket.SOCK_DGRAM)
)
attack("network", "open a raw socket")(lambda w: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close())
attack("network", "open a packet socket")(lambda w: socket.socket(17, socket.SOCK_RAW, 3).close())
attack("network", "open a vsock")(lambda w: socket.socket(40, socket.SOCK_STREAM).close())
attack("network", "reach a service by the proxy's CONNECT")(
    lambda w: _by_proxy(w, f"CONNECT 127.0.0.1:{w['tcp']} HTTP/1.1\r\n\r\n")
)
attack("network", "reach it by CONNECT localhost")(
    lambda w: _by_proxy(w, f"CONNECT localhost:{w['tcp']} HTTP/1.1\r\n\r\n")
)
attack("network", "reach it by CONNECT [::1]")(lambda w: _by_proxy(w, f"CONNECT [::1]:{w['tcp6']} HTTP/1.1\r\n\r\n"))
attack("network", "reach it by a number for an address")(
    lambda w: _by_proxy(w, f"CONNECT 2130706433:{w['tcp']} HTTP/1.1\r\n\r\n")
)
attack("network", "reach it by a whole http:// address")(
    lambda w: _by_proxy(w, f"GET http://127.0.0.1:{w['tcp']}/ HTTP/1.1\r\nHost: allowed\r\n\r\n")
)
attack("network", "reach the metadata service by the proxy")(
    lambda w: _by_proxy(w, "GET http://169.254.169.254/latest/ HTTP/1.1\r\n\r\n")
)
attack("network", "reach a listed name that leads to this machine")(
    lambda w: _by_proxy(w, f"CONNECT localhost:{w['listed']} HTTP/1.1\r\n\r\n")
)
attack("network", "smuggle a second host behind the first")(
    lambda w: _by_proxy(w, f"CONNECT 127.0.0.1:{w['tcp']}\t HTTP/1.1\r\nHost: rebound.test:443\r\n\r\n")
)


def _datagram(w: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.settimeout(1)
        sending.sendto(b"ping", ("127.0.0.1", w["udp"]))
        unless(sending.recv(16) == b"pong")


def _by_proxy(w: World, request: str) -> None:
    place = os.environ.get("HTTPS_PROXY")
    if place is None:
        _connect(socket.AF_INET, ("127.0.0.1", w["tcp"]))
        return
    host, port = place.rsplit("/", 1)[1].split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request.encode())
        said = connection.recv(200)
    unless(b" 200 " in said, said.split(b"\r\n")[0].decode() or "cut off")


# --- resources ------------------------------------------------------------------------------------------------------


@attack("resources", "a fork bomb")
def _(w: World) -> None:
    children = []
    try:
        for _ in range(w["processes"] + 100):
            pid = os.fork()
            if pid == 0:
                signal.pause()
                os._exit(0)
            children.append(pid)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


@attack("resources", "a memory bomb")
def _(w: World) -> None:
    def grow() -> None:
        held = mmap.mmap(-1, w["memory"] * 2)
        for offset in range(0, len(held), 4096):
            held[offset] = 1
        # It is measured while it stands.
        time.sleep(w["hold_s"])

    _in_child(grow)


@attack("resources", "a file that fills the disk")
def _(w: World) -> None:
    def fill() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open(Path(w["target"], "huge"), "wb") as file:
            for _ in range(w["file"] // 2**20 + 4):
                file.write(bytes(2**20))

    try:
        _in_child(fill)
    finally:
        Path(w["target"], "huge").unlink(missing_ok=True)


@attack("resources", "fill /tmp")
def _(w: World) -> None:
    if w["tmp"] is None:
        raise Stopped("the policy gives it no bound")
    files = [Path("/tmp", f"fill-{os.getpid()}-{number}") for number in range(w["tmp"] // 2**22 + 3)]
    try:
        for file in files:
            file.write_bytes(bytes(2**22))
    finally:
        for file in files:
            file.unlink(missing_ok=True)


@attack("resources", "open descriptors without end")
def _(w: World) -> None:
    found = []
    try:
        for _ in range(w["open_files"] + 10):
            found.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for number in found:
            os.close(number)


@attack("resources", "dump a core")
def _(w: World) -> None:
    import resource

    unless(resource.getrlimit(resource.RLIMIT_CORE)[1] != 0, "none is ever written")


ENDS_THE_WORKER = "a memory bomb"
"""It is stopped with all that the worker runs, so it has a worker of its own."""


def main() -> None:
    world = json.loads(Path(sys.argv[1]).read_text())
    world["planted"] = []
    alone = sys.argv[2:]
    for name, (_, _, function) in ATTACKS.items():
        if (name in alone) != bool(alone) or (not alone and name == ENDS_THE_WORKER):
            continue
        try:
            function(world)
        except (OSError, Stopped, ValueError, AttributeError) as problem:
            said = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
            result = ["stopped", said]
        else:
            result = ["escaped", ""]
        os.write(1, (json.dumps([name, *result]) + "\n").encode())
    os.write(1, (json.dumps(["planted", "", world["planted"]]) + "\n").encode())


if __name__ == "__main__":
    main()
