"""Connect workers whose sandbox has no network to the hosts that their policy lists: this is their egress proxy.

A shim listens *inside* its worker's network namespace and hands every connection it takes there to this proxy, which
stands outside; so nothing of ours runs in the sandbox, and no byte passes through anybody between worker and proxy.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

from orchestrator.models.identity import WorkerId
from orchestrator.network.carried_requests import Carried
from orchestrator.network.network_rules import MODEL_NAME, NetworkRules, fit_ones, is_named, why_refused
from orchestrator.network.parent_proxy import Upstream
from orchestrator.network.proxy_requests import (
    MOST_HEAD_BYTES,
    ProxyRequest,
    UnreadableRequest,
    for_upstream,
    parse_request,
)
from orchestrator.network.relay import CONNECT_WITHIN_S, Ends, connect, connect_through
from orchestrator.value_class import value_class

MOST_CONNECTIONS = 64
"""Of one worker at a time, so that one that opens many, or is frozen with them open, takes nothing from another."""
MOST_WAITING = 64
"""Further ones of a worker that wait their turn; each holds a descriptor of ours, so what comes beyond is closed."""
HEAD_WITHIN_S = 30.0


@value_class
class Refusal:
    """One thing a worker asked for and did not get."""

    worker: WorkerId
    host: str
    port: int
    reason: str
    times: int
    """How often so far; told at the first time, the tenth, the hundredth…"""


Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
Through: TypeAlias = Callable[[ProxyRequest], Upstream | None]
"""Whom to ask for a host instead of connecting to it."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """A name's addresses, as the machine knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Proxy:
    """The egress proxy of all workers of one session.

    Args:
        refused: told of refusals, on the event loop.
        through: the proxy of the user's own network, if there is one.
    """

    def __init__(
        self,
        path: Path,
        *,
        refused: Callable[[Refusal], None],
        lookup: Resolve = resolve,
        through: Through = lambda request: None,
    ) -> None:
        self.path = path
        """The socket on which shims hand connections over; it lies where no worker can see it."""
        self._refused = refused
        self._lookup = lookup
        self._through = through
        self._rules: dict[WorkerId, NetworkRules] = {}
        self._counts: dict[tuple[WorkerId, str, int], int] = {}
        self._ports: dict[WorkerId, socket.socket] = {}
        self._slots: dict[WorkerId, asyncio.Semaphore] = {}
        self._begun: Counter[WorkerId] = Counter()
        """Connections of each worker that are served or wait."""
        self._waiting: set[socket.socket] = set()
        """Those that nobody serves yet, and nobody else will close."""
        self._serving: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None

    def admit(self, worker: WorkerId, rules: NetworkRules) -> None:
        """Let a worker's connections through by these rules from now on."""
        self._rules[worker] = rules

    def admit_again(self, worker: WorkerId, rules: NetworkRules, port: int | None) -> None:
        """Admit a worker of a dead coordinator again, at the port it knows if it has no network of its own."""
        self.admit(worker, rules)
        if port is None:
            return
        try:
            self.open_port(worker, port)
        except OSError as problem:
            reason = f"another program has taken the address of this worker's proxy: {problem.strerror}"
            # Not before whoever keeps the way open is ready to hear of it.
            told = Refusal(worker, "127.0.0.1", port, reason, 1)
            asyncio.get_running_loop().call_soon(self._refused, told)

    def open_port(self, worker: WorkerId, port: int = 0) -> int:
        """A loopback port of this worker's own, for sandboxes that have no network namespace.

        Args:
            port: the one that a worker of a dead coordinator knows; 0 for any.

        Raises:
            OSError: it is taken.
        """
        if worker not in self._ports:
            listening = socket.create_server(("127.0.0.1", port))
            listening.setblocking(False)
            self._ports[worker] = listening
            asyncio.get_running_loop().add_reader(listening.fileno(), self._take_local, worker, listening)
        return int(self._ports[worker].getsockname()[1])

    def _take_local(self, worker: WorkerId, listening: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            self._begin(worker, connection)

    def _take_over(self, receiving: socket.socket) -> None:
        """Take a connection over: one datagram holds it and the name of its worker."""
        with suppress(OSError):
            name, descriptors, _, _ = socket.recv_fds(receiving, 256, 4)
            for number in descriptors[1:]:
                os.close(number)
            if descriptors:
                self._begin(WorkerId(name.decode("utf-8", "replace")), socket.socket(fileno=descriptors[0]))

    def _begin(self, worker: WorkerId, connection: socket.socket) -> None:
        connection.setblocking(False)
        if self._group is None or self._begun[worker] >= MOST_CONNECTIONS + MOST_WAITING:
            connection.close()
            return
        self._begun[worker] += 1
        self._waiting.add(connection)
        # Called by the loop itself, where anyio's groups cannot be used.
        task = self._group.create_task(self._serve(worker, connection))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(lambda _: self._ended(worker, connection))

    def _ended(self, worker: WorkerId, connection: socket.socket) -> None:
        if connection in self._waiting:
            self._waiting.discard(connection)
            connection.close()
        self._begun[worker] -= 1
        if not self._begun[worker]:
            # A worker names itself when it hands a connection over: what is not known of it need not be kept.
            del self._begun[worker]
            self._slots.pop(worker, None)

    async def _serve(self, worker: WorkerId, connection: socket.socket) -> None:
        async with self._slots.setdefault(worker, asyncio.Semaphore(MOST_CONNECTIONS)):
            self._waiting.discard(connection)
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
        try:
            request = parse_request(await _head(reader))
        except UnreadableRequest as problem:
            await _say(writer, "400 Bad Request", str(problem))
            return
        rules = self._rules.get(worker, NetworkRules())
        reason = why_refused(rules, request.host, request.port)
        if reason is not None:
            await self._refuse(worker, request, reason, writer)
            return
        try:
            outside, prepare = await self._reach(rules, request)
        except _Unfit as problem:
            await self._refuse(worker, request, str(problem), writer)
        except (OSError, TimeoutError) as problem:
            await _say(writer, "502 Bad Gateway", f"{request.host}:{request.port} cannot be reached: {problem}")
        else:
            carried = Carried(request, (reader, writer), outside, refuse=partial(self._count, worker, request))
            await carried.to_the_end(prepare, is_checked=request.host != MODEL_NAME)

    async def _refuse(self, worker: WorkerId, request: ProxyRequest, reason: str, writer: asyncio.StreamWriter) -> None:
        self._count(worker, request, reason)
        await _say(writer, "403 Forbidden", f"{request.host}:{request.port} is refused: {reason}")

    async def _reach(self, rules: NetworkRules, request: ProxyRequest) -> tuple[Ends, Callable[[ProxyRequest], bytes]]:
        """Connect to where a request may go, and return how its head is to be written there.

        What is checked is what is connected to: no name changes its mind between.  A proxy further on resolves names
        itself, and what it lets through is for its owners to say.
        """
        if request.host == MODEL_NAME and rules.endpoint is not None:
            return await connect([rules.endpoint[0]], rules.endpoint[1]), _forwarded
        further = self._through(request)
        if further is not None:
            return await connect_through(further, request), partial(for_upstream, authorization=further.authorization)
        return await connect(await self._addresses(rules, request), request.port), _forwarded

    async def _addresses(self, rules: NetworkRules, request: ProxyRequest) -> Sequence[str]:
        if is_named(rules, request.host):
            return [request.host]  # An address that the policy itself names is meant.
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                found = await self._lookup(request.host, request.port)
        except (OSError, UnicodeError, TimeoutError) as problem:
            raise _Unfit(f"its name cannot be resolved: {problem}") from None
        fit = fit_ones(rules, request.host, request.port, found)
        if not fit:
            listing = f"; to list its address as well: --allow-host {found[0]}:{request.port}" if found else ""
            raise _Unfit(f"it leads to {', '.join(found) or 'nowhere'}, which is not on the internet{listing}")
        return fit

    def _count(self, worker: WorkerId, request: ProxyRequest, reason: str) -> None:
        key = (worker, request.host, request.port)
        if key not in self._counts and len(self._counts) >= 1000:
            return  # Somebody makes names up; the first thousand say enough.
        times = self._counts[key] = self._counts.get(key, 0) + 1
        if str(times).strip("0") == "1":
            self._refused(Refusal(worker, request.host[:256], request.port, reason, times))


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The head of a request, line by line, so that a line that is none is told at once.

    Raises:
        UnreadableRequest: A line does not end as lines do in HTTP, or the head is too large.
    """
    lines: list[bytes] = []
    async with asyncio.timeout(HEAD_WITHIN_S):
        while not lines or lines[-1] != b"\r\n":
            try:
                lines.append(await reader.readuntil(b"\n"))
            except asyncio.LimitOverrunError:
                raise UnreadableRequest(f"a line of the head has more than {MOST_HEAD_BYTES:,} bytes") from None
            if not lines[-1].endswith(b"\r\n"):
                raise UnreadableRequest("a line of the head does not end in CR LF")
            if sum(map(len, lines)) > MOST_HEAD_BYTES:
                raise UnreadableRequest(f"the head has more than {MOST_HEAD_BYTES:,} bytes")
    return b"".join(lines)


def _forwarded(request: ProxyRequest) -> bytes:
    return request.forwarded


class _Unfit(Exception):
    """A listed host resolves to an address that no worker may reach."""


@asynccontextmanager
async def proxy(
    path: Path,
    *,
    refused: Callable[[Refusal], None],
    lookup: Resolve = resolve,
    through: Through = lambda request: None,
) -> AsyncIterator[Proxy]:
    """Run a proxy whose hand-over socket is ``path``; connections end with the block.

    Raises:
        OSError: the socket cannot be made.
    """
    made = Proxy(path, refused=refused, lookup=lookup, through=through)
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


async def _say(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
    await writer.drain()
