"""Send one request's body on, framed anew, and not a byte more.

What follows a request on its connection is another one, which may name another host; a server that reads on would
answer it.  So the end of the body is found here, by h11, and what comes after it goes nowhere.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11

from orchestrator.network.proxy_requests import MOST_HEAD_BYTES, UnreadableRequest

BODY_IDLE_S: Final = 3600.0
_CHUNK: Final = 64 * 1024


async def send_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, forwarded: bytes) -> bytes:
    """Send the head and the body that belongs to it.

    Args:
        reader: Where the body comes from.
        forwarded: The head as the host is to be told it; a few bytes of the body may follow it.

    Returns:
        What came after the request together with its end.

    Raises:
        UnreadableRequest: The body is not framed as its head says, or breaks off.
    """
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * MOST_HEAD_BYTES)
    connection.receive_data(forwarded)
    writer.write(forwarded[: forwarded.index(b"\r\n\r\n") + 4])
    is_chunked = False
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as problem:
            raise UnreadableRequest(f"the body of the request is not as its head says: {problem}") from None
        if event is h11.NEED_DATA:
            await writer.drain()
            async with asyncio.timeout(BODY_IDLE_S):
                connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Request):
            is_chunked = any(name == b"transfer-encoding" for name, _ in event.headers)
        elif isinstance(event, h11.Data):
            writer.write(b"%x\r\n%s\r\n" % (len(event.data), event.data) if is_chunked else bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            # Trailers are left out: nobody needs them, and they are headers that nobody has looked at.
            writer.write(b"0\r\n\r\n" if is_chunked else b"")
            await writer.drain()
            return connection.trailing_data[0]
        else:
            raise UnreadableRequest("the request breaks off")
