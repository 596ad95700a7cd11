"""Run git so that it reads nobody's configuration, asks nobody, and fetches nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ISOLATED: Final[Mapping[str, str]] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
"""Environment variables; which repository, and whose home, the caller says."""
