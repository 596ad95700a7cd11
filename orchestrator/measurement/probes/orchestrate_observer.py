"""A pytest plugin that mixes the order of tests by a seed, leaves some out, and notes what they ask of the network.

``-p orchestrate_observer`` loads it; ``ORCHESTRATE_OBSERVER`` holds JSON: ``seed`` (``null``: the usual order) and
``only``, by file the tests of it that are run.  It needs Python 3.8.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

import orchestrate_records  # type: ignore[import-not-found]  # it lies beside the recorder where that is run
import pytest

NETWORK = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::")  # noqa: S104 - names that lead to this machine itself

_told = json.loads(os.environ.pop("ORCHESTRATE_OBSERVER", '{"seed": null, "only": {}}'))
_records = orchestrate_records.opened("observer")


def _heard(event: str, arguments: Any) -> None:
    if event not in NETWORK:
        return
    place = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[-1]
    host = place[0] if isinstance(place, tuple) and place else place
    if isinstance(host, bytes):
        host = host.decode("utf-8", "replace")
    # A socket of Unix is named by a path.
    is_path = not isinstance(place, tuple) and event.startswith(("socket.connect", "socket.send"))
    if isinstance(host, str) and host and not is_path and not host.startswith(LOCAL) and _records is not None:
        _records.write(network=host[:200])


if _records is not None:
    # Whether the run came to its end is for the recorder to say, and not for these.
    _records.write(end=0)
    sys.addaudithook(_heard)


def _key(seed: int, nodeid: str) -> list[str]:
    """Whole files, then classes, then tests change places; what is left out changes nothing among the others."""
    parts = nodeid.split("::")
    above = ["::".join(parts[: depth + 1]) for depth in range(len(parts))]
    return [hashlib.sha256(f"{seed} {part}".encode("utf-8", "replace")).hexdigest() for part in above]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out and mix."""
    only = _told["only"]
    kept = []
    for item in items:
        file, _, name = item.nodeid.partition("::")
        if file not in only or name.partition("[")[0] in only[file]:
            kept.append(item)
    if _told["seed"] is not None:
        kept.sort(key=lambda item: _key(_told["seed"], item.nodeid))
    items[:] = kept
    if _records is not None:
        for item in kept:
            _records.write(collected=item.nodeid)
