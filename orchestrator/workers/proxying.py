"""The one way out of a box without a network: connections handed over by shims in, allowed ones to the world out.

A shim listens *inside* its worker's network namespace and hands every connection it takes there to this proxy, which
stands outside; so nothing of ours runs in the box, and no byte passes through anybody between worker and proxy.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import anyio

from orchestrator.models.identity import WorkerId
from orchestrator.workers.network_rules import MODEL_NAME, NetworkRules, public_ones, split_port, why_refused
from orchestrator.workers.proxy_requests import ProxyRequest, UnreadableRequest, parse_request

MOST_CONNECTIONS = 256
"""Of all workers together; more wait in their namespace's queue."""
MOST_HEAD_BYTES = 64 * 1024
HEAD_WITHIN_S = 30.0
CONNECT_WITHIN_S = 20.0
IDLE_S = 3600.0
"""A model may think for long; nothing is silent for an hour."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing a worker asked for and did not get."""

    worker: WorkerId
    host: str
    port: int
    reason: str
    times: int
    """How often so far; told at the first time, the tenth, the hundredth…"""


Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """A name's addresses, as the machine knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Proxy:
    """The way out of every worker of one session.

    Args:
        refused: told of refusals, on the event loop.
    """

    def __init__(self, path: Path, *, refused: Callable[[Refusal], None], lookup: Resolve = resolve) -> None:
        self.path = path
        """The socket on which shims hand connections over; it lies where no worker can see it."""
        self._refused = refused
        self._lookup = lookup
        self._rules: dict[WorkerId, NetworkRules] = {}
        self._counts: dict[tuple[WorkerId, str, int], int] = {}
        self._ports: dict[WorkerId, socket.socket] = {}
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        self._serving: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None

    def admit(self, worker: WorkerId, rules: NetworkRules) -> None:
        """Let a worker's connections through by these rules from now on."""
        self._rules[worker] = rules

    def open_port(self, worker: WorkerId) -> int:
        """A loopback port of this worker's own, for sandboxes that have no network namespace."""
        if worker not in self._ports:
            listening = socket.create_server(("127.0.0.1", 0))
            listening.setblocking(False)
            self._ports[worker] = listening
            asyncio.get_running_loop().add_reader(listening.fileno(), self._take_local, worker, listening)
        return int(self._ports[worker].getsockname()[1])

    def _take_local(self, worker: WorkerId, listening: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            self._begin(worker, connection)

    def _take_over(self, receiving: socket.socket) -> None:
        """One datagram holds the worker's name and its connection."""
        with suppress(OSError):
            name, descriptors, _, _ = socket.recv_fds(receiving, 256, 4)
            for number in descriptors[1:]:
                os.close(number)
            if descriptors:
                self._begin(WorkerId(name.decode("utf-8", "replace")), socket.socket(fileno=descriptors[0]))

    def _begin(self, worker: WorkerId, connection: socket.socket) -> None:
        connection.setblocking(False)
        if self._group is None:
            connection.close()
            return
        # Called by the loop itself, where anyio's groups cannot be used.
        task = self._group.create_task(self._serve(worker, connection))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, worker: WorkerId, connection: socket.socket) -> None:
        async with self._slots:
            try:
                reader, writer = await asyncio.open_connection(sock=connection, limit=MOST_HEAD_BYTES)
            except OSError:
                connection.close()
                return
            try:
                await self._answer(worker, reader, writer)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass  # One side is gone or silent; the other learns it by the end of its connection.
            finally:
                writer.close()

    async def _answer(self, worker: WorkerId, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_WITHIN_S):
            head = await reader.readuntil(b"\r\n\r\n")
        try:
            request = parse_request(head)
        except UnreadableRequest as problem:
            await _say(writer, "400 Bad Request", str(problem))
            return
        rules = self._rules.get(worker, NetworkRules())
        reason = why_refused(rules, request.host, request.port)
        addresses: Sequence[str] = ()
        if reason is None:
            addresses, port, reason = await self._addresses(rules, request)
        if reason is not None:
            self._count(worker, request, reason)
            await _say(writer, "403 Forbidden", f"{request.host}:{request.port} is refused: {reason}")
            return
        try:
            upstream = await _connect(addresses, port)
        except (OSError, TimeoutError) as problem:
            await _say(writer, "502 Bad Gateway", f"{request.host}:{request.port} cannot be reached: {problem}")
            return
        await _relay(request, (reader, writer), upstream)

    async def _addresses(self, rules: NetworkRules, request: ProxyRequest) -> tuple[Sequence[str], int, str | None]:
        """Where to connect to: what is checked is what is connected to, so a name cannot change its mind between."""
        if request.host == MODEL_NAME and rules.endpoint is not None:
            return [rules.endpoint[0]], rules.endpoint[1], None
        if any(split_port(entry)[0] == request.host and _is_address(request.host) for entry in rules.hosts):
            return [request.host], request.port, None  # An address that the policy itself names is meant.
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                found = await self._lookup(request.host, request.port)
        except (OSError, UnicodeError, TimeoutError) as problem:
            return (), 0, f"its name cannot be resolved: {problem}"
        public = public_ones(found)
        if not public:
            return (), 0, f"it leads to {', '.join(found) or 'nowhere'}, which is not on the internet"
        return public, request.port, None

    def _count(self, worker: WorkerId, request: ProxyRequest, reason: str) -> None:
        key = (worker, request.host, request.port)
        if key not in self._counts and len(self._counts) >= 1000:
            return  # Somebody makes names up; the first thousand say enough.
        times = self._counts[key] = self._counts.get(key, 0) + 1
        if str(times).strip("0") == "1":
            self._refused(Refusal(worker, request.host[:256], request.port, reason, times))


@asynccontextmanager
async def proxy(path: Path, *, refused: Callable[[Refusal], None], lookup: Resolve = resolve) -> AsyncIterator[Proxy]:
    """Run a proxy whose hand-over socket is ``path``; connections end with the block.

    Raises:
        OSError: the socket cannot be made.
    """
    made = Proxy(path, refused=refused, lookup=lookup)
    receiving = _bound(path)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.TaskGroup() as group:
            made._group = group
            loop.add_reader(receiving.fileno(), made._take_over, receiving)
            try:
                yield made
            finally:
                loop.remove_reader(receiving.fileno())
                for listening in made._ports.values():
                    loop.remove_reader(listening.fileno())
                    listening.close()
                made._group = None
                for task in made._serving:
                    task.cancel()
    finally:
        receiving.close()
        with suppress(OSError):
            os.unlink(path)


def _bound(path: Path) -> socket.socket:
    """A datagram socket at ``path``, which may be longer than the 107 bytes a socket's address holds."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    receiving = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        path.unlink(missing_ok=True)
        receiving.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o600)
        receiving.setblocking(False)
    except OSError:
        receiving.close()
        raise
    finally:
        os.close(folder)
    return receiving


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            socket.inet_pton(family, host)
            return True
    return False


Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(addresses: Sequence[str], port: int) -> Ends:
    problem: OSError = OSError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                return await asyncio.open_connection(address, port)
        except OSError as error:  # TimeoutError is one
            problem = error
    raise problem


async def _relay(request: ProxyRequest, inside: Ends, outside: Ends) -> None:
    try:
        if request.is_tunnel:
            inside[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            outside[1].write(request.forwarded)
        async with anyio.create_task_group() as both:
            both.start_soon(_copy, inside[0], outside[1])
            both.start_soon(_copy, outside[0], inside[1])
    finally:
        outside[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while True:
            async with asyncio.timeout(IDLE_S):
                chunk = await reader.read(_CHUNK)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()


async def _say(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
    await writer.drain()
