"""Serve a workspace's dashboard on a port until it is told to end."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import uvicorn

from orchestrator.errors import EnvironmentUnfit
from orchestrator.server.access import Guard
from orchestrator.server.app import make_guarded_app
from orchestrator.server.follower import TICK_S
from orchestrator.server.pages import content_policy
from orchestrator.server.protocols import HttpProtocol, SocketProtocol
from orchestrator.server.request_limits import MOST_HEAD_BYTES
from orchestrator.server.session_hub import SessionHub
from orchestrator.value_class import value_class

PORTS_TRIED = 50
SEND_BUFFER_BYTES = 128 * 1024


@value_class
class Place:
    """Where to serve, and which workspace."""

    workspace: Path
    session: str | None = None
    """The one shown first; ``None``: the newest live one, else the newest."""
    port: int = 8000
    """0: any that is free."""
    address: str = "127.0.0.1"


@value_class
class Address:
    """Where the dashboard is."""

    url: str
    """With its token: whoever has it steers the agents."""
    port: int
    wanted_port: int
    is_local: bool


class Dashboard:
    """A server that has its port; :meth:`serve` runs it."""

    def __init__(self, place: Place, listening: socket.socket) -> None:
        self._place = place
        self._socket = listening
        self._port: int = listening.getsockname()[1]
        self._token = secrets.token_urlsafe(32)
        self.hub = SessionHub(place.workspace, place.session)
        self._server = _Server(
            uvicorn.Config(
                make_guarded_app(self.hub, self._guard()),
                http=HttpProtocol,
                ws=SocketProtocol,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                lifespan="off",
                timeout_graceful_shutdown=1,
                ws_max_size=256 * 1024,
                h11_max_incomplete_event_size=MOST_HEAD_BYTES,
            )
        )

    @property
    def address(self) -> Address:
        host = "127.0.0.1" if self._place.address in ("0.0.0.0", "") else self._place.address  # noqa: S104 - compared
        host = "[::1]" if host == "::" else f"[{host}]" if ":" in host else host
        url = f"http://{host}:{self._port}/?token={self._token}"
        return Address(url, self._port, self._place.port, is_local=is_loopback(self._place.address))

    async def serve(self) -> None:
        """Serve until :meth:`end` is called."""
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(self.hub.run)
                await self._server.serve(sockets=[self._socket])
                self.hub.close()
        finally:
            self._socket.close()

    def end(self) -> None:
        """Say good-bye to every stream, and let go of the port."""
        self.hub.say_goodbye()
        self._server.should_exit = True

    def _guard(self) -> Guard:
        local = is_loopback(self._place.address)
        names = {"localhost"} if local else {"localhost", socket.gethostname().lower(), self._place.address}
        return Guard(
            token=self._token,
            port=self._port,
            names=frozenset(names),
            any_address=not local,
            content_policy=content_policy(),
        )


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(place: Place) -> socket.socket:
    """A socket on the port wanted, or on the next free one.

    Raises:
        EnvironmentUnfit: No port is free, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    for port in range(place.port, min(place.port + PORTS_TRIED, 65_536)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Each connection inherits it.  Left to itself the kernel takes megabytes for a client that does not read, and
        # somebody has to write them.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        try:
            listening.bind((place.address, port))
            listening.listen(1024)
        except OSError as error:
            listening.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES) and place.port:
                continue
            raise EnvironmentUnfit(f"cannot listen on {place.address}:{port}: {error.strerror}") from error
        listening.setblocking(False)
        return listening
    raise EnvironmentUnfit(
        f"no port from {place.port} to {place.port + PORTS_TRIED - 1} is free on {place.address}",
        hint="name another one with --port",
    )


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach what listens there."""
    return address in ("localhost", "::1") or address.startswith("127.")


async def serve(place: Place, announce: Callable[[Address], None], until: Callable[[], anyio.Event]) -> None:
    """Serve until ``until()`` is set.

    Args:
        announce: Told the address as soon as requests are answered there.

    Raises:
        EnvironmentUnfit: No port could be had.
    """
    dashboard = Dashboard(place, bind(place))
    announce(dashboard.address)
    async with anyio.create_task_group() as tasks:

        async def wait() -> None:
            await until().wait()
            # What was written just now, the session's end above all, is still told.
            await anyio.sleep(3 * TICK_S)
            dashboard.end()

        tasks.start_soon(wait)
        await dashboard.serve()
        tasks.cancel_scope.cancel()
