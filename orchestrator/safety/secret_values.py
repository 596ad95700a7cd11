"""Collect the values that must never show, from an environment and login files: here is said what is a secret.

A variable is a secret if a CLI's adapter names it as a login, or if its name says so (``*_KEY``, ``*_TOKEN``,
``*SECRET*``, ``*PASSWORD*`` and the like); so is the password in any URL.  A value under 8 characters is none: it would
be found all over ordinary text.  Of a login file, every text under such a name is a secret.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from orchestrator.agents.registry import AGENTS
from orchestrator.late_pattern import late_pattern
from orchestrator.safety.redaction import MIN_KNOWN_CHARS

_SECRET_NAME = late_pattern(
    r"(?:^|[_.-])(?:key|token|pat|auth|pass|pwd|pin|cookie|jwt|bearer|dsn|sas|salt|seed|mnemonic)s?(?:$|[_.-])"
    r"|secret|passw(?:or)?d|passphrase|credential|api_?key|access_?key|private_?key|signing|webhook"
    r"|(?:access|refresh|id|auth|session|bearer)token",
    re.IGNORECASE,
)
_NO_SECRET_NAME = late_pattern(
    r"^(?:old)?pwd$|(?:_|^)(?:file|path|dir|home|sock|socket|pid|type|name|helper|limit|max|count)s?$", re.I
)
"""``SSH_AUTH_SOCK``, ``KEY_FILE``, ``TOKEN_LIMIT``: about a secret, and none."""
_URL_PASSWORD = late_pattern(r"://[^\s/:@]*:([^\s/@]+)@")
_CREDENTIAL = late_pattern(r"(?:\bpassword\s+|_(?:authToken|password|auth)\s*=\s*|://[^\s/:@]*:)[\"']?([^\s\"'@$]+)")
_LEAST_LINE_CHARS = 20
"""Of a value of several lines (a private key) each line this long is a secret of its own."""


def is_secret_name(name: str) -> bool:
    """Whether a variable, or a field of a login file, says by its name that it holds a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NO_SECRET_NAME.search(name)


def secret_values(environ: Mapping[str, str]) -> frozenset[str]:
    """Every value of the environment that must not show."""
    logins = {
        name for agent in AGENTS.values() for name in (*agent.credential.environment, *agent.credential.renamed.keys())
    }
    logins |= {name for agent in AGENTS.values() for one in agent.credential.providers for name in one.secrets}
    found: set[str] = set()
    for name, value in environ.items():
        if name in logins or is_secret_name(name):
            found |= {value, value.strip(), *_long_lines(value)}
        found |= set(_URL_PASSWORD.findall(value))
    return frozenset(value for value in found if len(value) >= MIN_KNOWN_CHARS)


def secrets_in_login(text: str) -> frozenset[str]:
    """Every secret in a login file's text; none where it is no JSON, which the three CLIs all write."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(value for value in _under_secret_names(document, named=False) if len(value) >= MIN_KNOWN_CHARS)


def secrets_in_credentials(text: str) -> frozenset[str]:
    """Passwords and tokens in the files of other programs: ``.netrc``, ``.git-credentials``, ``.npmrc``."""
    found = {value for value in _CREDENTIAL.findall(text) if len(value) >= MIN_KNOWN_CHARS}
    return frozenset(found | {unquote(value) for value in found})


def secrets_in_settings(text: str) -> frozenset[str]:
    """Every secret in a settings file: JSON, TOML, or lines of ``name = value`` as in ``~/.aws/credentials``."""
    try:
        return secrets_in_login(json.dumps(tomllib.loads(text), default=str))
    except (ValueError, RecursionError):
        pass
    if text.lstrip().startswith("{"):
        return secrets_in_login(text)
    found = (line.partition("=") for line in text.splitlines())
    values = {value.strip() for name, _, value in found if is_secret_name(name.strip())}
    return frozenset(value for value in values if len(value) >= MIN_KNOWN_CHARS)


def _under_secret_names(value: Any, *, named: bool) -> Iterator[str]:
    match value:
        case str() if named:
            yield value
        case dict():
            for name, inner in value.items():
                is_group = isinstance(inner, dict | list)
                yield from _under_secret_names(inner, named=is_secret_name(str(name)) or (named and is_group))
        case list():
            for inner in value:
                yield from _under_secret_names(inner, named=named)


def _long_lines(value: str) -> Iterator[str]:
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _LEAST_LINE_CHARS)
