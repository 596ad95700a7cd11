"""Wait for the signals that ask the program to end, but for those that whoever started it had it ignore."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from typing import Final

import anyio

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def ending_signals() -> AsyncIterator[signal.Signals]:
    """Every signal that asks for the end, as it comes.

    One that was ignored when the program started stays ignored: ``nohup`` means that a hang-up is none of its business,
    and a shell that runs it in the background means the same of Ctrl-C.
    """
    heeded = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    if not heeded:
        await anyio.sleep_forever()
    with anyio.open_signal_receiver(*heeded) as signals:
        async for number in signals:
            yield number
