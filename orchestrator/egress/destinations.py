"""Parse a push or publish URL into host and port, or say why it is none.  This module is pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80, "ssh": 22}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_NAME = late_pattern(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_SCP = late_pattern(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*):(?P<path>[^:/\s-][^:\s]*)")
"""``git@example.org:group/project.git``, which means ssh."""


@value_class
class Destination:
    """Where something may go, and what has to be reached for that."""

    url: str
    """As the program is given it."""
    scheme: str
    host: str = ""
    """Empty for a folder of this machine."""
    port: int = 0
    path: str = ""


def destination(url: str) -> Destination:
    """Read an address.

    Raises:
        ValueError: nothing is sent there, and why; git's ``ext::`` and other helpers run programs.
    """
    if re.search(r"[\x00-\x20\x7f\\]", url) or url.startswith("-") or "::" in url:
        raise ValueError(f"{url!r} is no address that anything is sent to")
    if url.startswith("/"):
        return Destination(f"file://{url}", "file", path=url)
    scp = _SCP.fullmatch(url)
    if scp is not None:
        return Destination(url, "ssh", scp["host"], PORTS["ssh"], scp["path"])
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r}: {error}") from None
    host = parts.hostname or ""
    if parts.scheme == "file" and not host and parts.path.startswith("/"):
        return Destination(url, "file", path=parts.path)
    if parts.scheme not in PORTS or not _NAME.fullmatch(host) or (parts.username or "").startswith("-"):
        raise ValueError(f"{url!r} is no https://, ssh:// or file:// address")
    if parts.password is not None:
        raise ValueError("an address with a password in it would be shown; name the credential instead")
    if host not in LOOPBACK and host.replace(".", "").isdecimal():
        raise ValueError(f"{host} is a bare address; give the host's name")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("http:// would send the credential in the clear; use https://")
    return Destination(url, parts.scheme, host, port or PORTS[parts.scheme], parts.path)


def without_login(url: str) -> str:
    """The address with its password left out, and of https the user too: tokens stand in that place."""
    return re.sub(r"^(https?://)[^\s/@]*@|(://[^\s/:@]*):[^\s/@]*(?=@)", r"\1\2", url)
