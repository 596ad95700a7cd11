"""A provider is a cloud through which a CLI reaches its model instead of its vendor's own service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from string import Formatter
from typing import Final

from orchestrator.value_class import value_class

_OFF: Final = frozenset({"", "0", "false", "no", "off"})


@value_class
class Provider:
    """What of the user's environment and home a CLI needs for one cloud; it gets it only where the cloud is chosen."""

    title: str
    """For people: ``Amazon Bedrock``."""
    switch: str
    """The variable by which people choose it."""
    secrets: tuple[str, ...] = ()
    """Variables that hold a secret; they are passed on and never shown."""
    settings: tuple[str, ...] = ()
    """Variables that hold none; ``*`` stands for anything."""
    urls: tuple[str, ...] = ()
    """Variables that hold another address of the service; their hosts may be reached."""
    files: tuple[PurePosixPath, ...] = ()
    """Files and folders in the user's home that are copied into the worker's."""
    file_variables: tuple[str, ...] = ()
    """Variables that name a file anywhere; the worker gets a copy, and the variable names that."""
    hosts: tuple[str, ...] = ()
    """As in ``Agent.model_hosts``."""

    def is_chosen(self, environ: Mapping[str, str]) -> bool:
        """Whether the user's environment switches it on."""
        return environ.get(self.switch, "").strip().lower() not in _OFF


def chosen_names(patterns: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """List the environment variables that match one of the patterns."""
    for name in environ:
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            yield name


def filled_hosts(hosts: Sequence[str], environ: Mapping[str, str]) -> Sequence[str]:
    """The hosts with the user's variables put in; one whose variable is not set is left out."""
    found = []
    for host in hosts:
        names = [name for _, name, _, _ in Formatter().parse(host) if name]
        if all(environ.get(name) for name in names):
            found.append(host.format_map(environ))
    return found
