"""Give workers the user's own certificate authorities: a copy of the public certificates that the environment names.

Behind a company's proxy no CLI reaches its model without them.  The files that the variables name may lie anywhere and
may hold private keys beside the certificates, so they are not shown to a worker themselves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import Entry, ForeignFolder, Unread
from orchestrator.late_pattern import late_pattern

FILES: Final = (
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CODEX_CA_CERTIFICATE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("GIT_SSL_CAINFO", "PIP_CERT", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "DENO_CERT", "BUNDLE_SSL_CA_CERT"),
    *("npm_config_cafile", "NPM_CONFIG_CAFILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "HEX_CACERTS_PATH"),
)
"""Variables that name a file of certificates: node and the three CLIs, then the tools that agents call."""
FOLDERS: Final = ("SSL_CERT_DIR", "GIT_SSL_CAPATH")
"""Variables that name folders of certificates, with ``:`` between them."""
SYSTEMS: Final = "/etc/ssl/certs"
"""The machine's own certificates, which every worker sees where they are, as the rest of the system."""
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_FILES: Final = 2_000
_CERTIFICATE: Final = late_pattern(
    rb"-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[A-Za-z0-9+/=\s]+-----END \1-----", re.DOTALL
)


@dataclass(slots=True)
class Certificates:
    """What was found of the user's own certificates."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Public certificates by the name of the variable, or ``VARIABLE/name`` for one of a folder."""
    seen: dict[str, str] = field(default_factory=dict)
    """Values of variables that name nothing but certificates which workers see anyway."""
    problems: list[str] = field(default_factory=list)
    """Variables whose certificates no worker gets, and why."""


def find_certificates(environ: Mapping[str, str]) -> Certificates:
    """Read the public certificates that the environment names.  Blocks; bounded in size and number."""
    found = Certificates()
    for name in FILES:
        if environ.get(name):
            content = _read(environ[name])
            if isinstance(content, bytes) and _is_seen(environ[name]):
                found.seen[name] = environ[name]
            elif isinstance(content, bytes):
                found.files[name] = content
            else:
                found.problems.append(_words(name, environ[name], content))
    for name in FOLDERS:
        if environ.get(name):
            _read_folders(name, environ[name], found)
    return found


def place_certificates(found: Certificates, folder: Path) -> dict[str, str]:
    """Write them into a folder that a worker sees.

    Returns:
        The variables that name them there.

    Raises:
        OSError: They cannot be written.
    """
    variables = dict(found.seen)
    if not found.files:
        return variables
    home = ForeignFolder(folder.parent)  # a worker of the same CLI may have written in it
    for name, content in found.files.items():
        place = f"{folder.name}/{name}" if "/" in name else f"{folder.name}/{name}.pem"
        home.write(place, content, mode=0o444, sync=False)
        variable = name.partition("/")[0]
        variables[variable] = str(folder / variable) if "/" in name else str(folder / f"{name}.pem")
    return variables


def _read_folders(name: str, folders: str, found: Certificates) -> None:
    if all(_is_seen(top) and _holds_seen(top) for top in folders.split(":")):
        found.seen[name] = folders
        return
    count = 0
    for top in folders.split(":"):
        listing = _root().entries(top.lstrip("/"), most=MOST_FILES) if os.path.isabs(top) else None
        if listing is None or isinstance(listing, Unread):
            found.problems.append(_words(name, top, "is no folder that can be read"))
            continue
        for entry in listing.entries:
            content = _read(f"/{entry.name}") if _may_be_one(entry) else b""
            if isinstance(content, bytes) and content:
                found.files.setdefault(f"{name}/{entry.base}", content)
                count += 1
    if not count:
        found.problems.append(_words(name, folders, "holds no certificate"))


def _is_seen(path: str) -> bool:
    """Whether a path lies among the machine's own certificates, and its content in the system."""
    within = (f"{SYSTEMS}/", "/usr/")
    return f"{os.path.normpath(path)}/".startswith(within[0]) and f"{os.path.realpath(path)}/".startswith(within)


def _holds_seen(folder: str) -> bool:
    """Whether every certificate of a folder lies in the system; a link to one elsewhere leads nowhere in a sandbox."""
    listing = _root().entries(folder.lstrip("/"), most=MOST_FILES)
    return not isinstance(listing, Unread) and all(
        _is_seen(f"/{entry.name}") for entry in listing.entries if _may_be_one(entry)
    )


def _may_be_one(entry: Entry) -> bool:
    return entry.status.kind in ("file", "link") and not entry.base.startswith(".")


def _read(path: str) -> bytes | str:
    """The public certificates of a file, or why there are none."""
    if not os.path.isabs(path):
        return "is no absolute path"
    content = _root().read(path.lstrip("/"), most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        return content.detail
    found = [match[0] for match in _CERTIFICATE.finditer(content)]
    return b"\n".join(found) + b"\n" if found else "holds no certificate"


def _root() -> ForeignFolder:
    """The root to read a named file from; the user named it, so links on the way are trusted."""
    return ForeignFolder(Path("/"), links="follow")


def _words(name: str, path: str, why: str) -> str:
    return f"{name} does not reach the agents: {path} {why}"
