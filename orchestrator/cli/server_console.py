"""Run the dashboard's server from a terminal: say its address, and end on a signal."""

from __future__ import annotations

import sys
from typing import TextIO

import anyio
import anyio.to_thread

from orchestrator.cli.signals import ending_signals
from orchestrator.server.server_process import Address, Place, serve


async def serve_until_told(place: Place, tied: bool, out: TextIO) -> None:
    """Serve until a signal comes or, if ``tied``, standard input ends."""
    told = anyio.Event()

    async def heed_signals() -> None:
        async for _ in ending_signals():
            told.set()
            return

    async def wait_for_end_of_input() -> None:
        await anyio.wait_readable(sys.stdin.fileno())
        told.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heed_signals)
        if tied:
            tasks.start_soon(wait_for_end_of_input)
        await serve(place, lambda address: say_address(address, out), lambda: told)
        tasks.cancel_scope.cancel()


def say_address(address: Address, out: TextIO) -> None:
    """Tell people where the dashboard is, and what they should know about it."""
    if address.port != address.wanted_port:
        print(f"port {address.wanted_port} is taken, so the dashboard is on {address.port}", file=out)
    print(f"dashboard: {address.url}", file=out)
    if not address.is_local:
        print(
            "warning: this address can be reached from the network, and nothing is encrypted: "
            "whoever reads along, or has the address with its token, sees everything and steers the agents",
            file=out,
        )
    out.flush()
