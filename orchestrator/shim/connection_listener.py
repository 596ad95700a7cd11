"""Listen inside the worker's network namespace, and hand each connection to the proxy outside.

The shim imports this module where a policy lists hosts: standard library only, nothing that costs import time.
"""

from __future__ import annotations

import _socket
import fcntl

from orchestrator.shim.processes import call_kernel, os

PORT = 3128
"""On the worker's own loopback; the namespace is its own, so the number can be fixed."""
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_OWNER = 0xB701
"""NS_GET_USERNS of linux/nsfs.h: which user namespace a namespace belongs to."""
_SCM_RIGHTS = 1
_SOCKET_TIME_S = 0.2
_LISTEN_WITHIN_S = 60.0
"""Its end is heard at once, so this bounds a hang alone: a loaded machine may not run it for seconds."""
MOST_WAITING = 64
"""Connections kept while no coordinator is there to take them."""


class ProxyListener:
    """Connections of one worker on their way to the coordinator's proxy."""

    def __init__(self, listening: int, *, path: str, worker: str) -> None:
        self._listening = listening
        self._path = path
        self._worker = worker
        self._waiting: list[int] = []
        # The kernel tells us of connections by a signal, which the shim waits for anyway.
        fcntl.fcntl(listening, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(listening, fcntl.F_SETFL, os.O_RDWR | os.O_NONBLOCK | fcntl.FASYNC)

    def hand_over(self) -> None:
        """Give everything that has come in to whoever coordinates now; what nobody takes is kept for a while."""
        listening = _socket.socket(fileno=os.dup(self._listening))
        try:
            while len(self._waiting) < MOST_WAITING:
                try:
                    self._waiting.append(listening._accept()[0])  # type: ignore[attr-defined]  # not in the stubs
                except OSError:
                    break
        finally:
            listening.close()
        while self._waiting and self._send(self._waiting[0]):
            os.close(self._waiting.pop(0))

    def _send(self, connection: int) -> bool:
        folder, _, name = self._path.rpartition("/")
        sending = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
        try:
            # A socket's address holds 107 bytes; a session's folder may be longer.
            at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                sending.settimeout(_SOCKET_TIME_S)
                rights = (_socket.SOL_SOCKET, _SCM_RIGHTS, connection.to_bytes(4, "little"))
                sending.sendmsg([self._worker.encode()], [rights], 0, f"/proc/self/fd/{at}/{name}")
            finally:
                os.close(at)
        except OSError:
            return False
        finally:
            sending.close()
        return True

    def close(self) -> None:
        """Close every descriptor."""
        for descriptor in (self._listening, *self._waiting):
            os.close(descriptor)
        self._waiting.clear()


def listen_inside(pid: int, port: int = PORT) -> int:
    """A socket that listens in the network namespace of ``pid``; whoever holds it need not be there.

    Raises:
        OSError: the namespace cannot be entered, or the port is taken.
    """
    ours, theirs = _socket.socketpair() if hasattr(_socket, "socketpair") else (None, None)
    if ours is None or theirs is None:
        raise OSError("no socketpair")
    child = os.fork()
    if child == 0:
        try:
            _listen_and_send(pid, port, theirs)
        finally:
            os._exit(1)
    theirs.close()
    try:
        ours.settimeout(_LISTEN_WITHIN_S)
        said, rights, _, _ = ours.recvmsg(256, 64)
        os.waitpid(child, 0)
    finally:
        ours.close()
    for level, kind, data in rights:
        if (level, kind) == (_socket.SOL_SOCKET, _SCM_RIGHTS):
            return int.from_bytes(data[:4], "little")
    raise OSError(f"cannot listen in the worker's network: {said.decode('utf-8', 'replace')}")


def _listen_and_send(pid: int, port: int, to: _socket.socket) -> None:
    """Open the socket in a process of its own, since nobody comes back out of a user namespace."""
    try:
        network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        owner = fcntl.ioctl(network, _GET_OWNER)
        call_kernel("setns", owner, _NEW_USER)
        call_kernel("setns", network, _NEW_NET)
        listening = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        # Only the loopback device is there, and it may not be up yet: its address cannot be named.
        listening.bind(("0.0.0.0", port))  # noqa: S104 - see above
        listening.listen(MOST_WAITING)
        rights = (_socket.SOL_SOCKET, _SCM_RIGHTS, listening.fileno().to_bytes(4, "little"))
        to.sendmsg([b"ok"], [rights])
        os._exit(0)
    except OSError as problem:
        to.send(str(problem).encode())
