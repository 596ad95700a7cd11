"""A sandbox policy's name or file in, its configuration out; the one file of this part that touches the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.toml_files import TomlFile, read_toml

_PACKAGE = Path(__file__).parent.parent
FOLDERS = (_PACKAGE.parent / "sandbox_policies", _PACKAGE / "sandbox_policies")
"""Where the policies lie: beside the package in a checkout, inside it when installed."""

_PATHS = ("readable", "writable", "hidden")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def available_policies() -> Mapping[str, Path]:
    """The shipped policies by the name ``--sandbox`` takes."""
    # A checkout's own folder goes first.
    found = (path for folder in reversed(FOLDERS) for path in sorted(folder.glob("*.toml")))
    return dict(sorted((path.stem, path) for path in found))


def load_sandbox_policy(name_or_path: str) -> SandboxConfig:
    """Read a policy: one of the shipped ones by name, or any TOML file by its path.

    A path in the file may begin with ``~``; a relative one counts from the file's own folder.

    Raises:
        UsageError: There is no policy of that name.
        InvalidFile: The file cannot be read, or says something it must not; with line and reason.
    """
    path = Path(name_or_path).expanduser()
    if _NAME.fullmatch(name_or_path):
        known = available_policies()
        if name_or_path not in known:
            names = ", ".join(known) or "none"
            raise UsageError(
                f"there is no sandbox policy {name_or_path!r}; there are: {names}",
                hint="a file of your own is named by its path: --sandbox ./mine.toml",
            )
        path = known[name_or_path]
    file = read_toml(path, what="sandbox policy")
    data = {"name": path.stem, **file.data}
    for key in _PATHS:
        data[key] = _whole_paths(file, key)
    try:
        return SandboxConfig.model_validate(data)
    except ValidationError as error:
        raise _fault(file, error) from None


def _whole_paths(file: TomlFile, key: str) -> Any:
    """The list with absolute paths; anything else as it is, for the model to refuse."""
    given = file.data.get(key, [])
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        return given
    whole = []
    for item in given:
        if not item.strip() or "\0" in item:
            raise file.fault(f"`{key}`: an empty text is no path", key=key)
        try:
            whole.append((file.path.absolute().parent / Path(item).expanduser()).resolve())
        except RuntimeError as error:
            raise file.fault(f"`{key}`: {error}", key=key) from None
    return whole


def _fault(file: TomlFile, error: ValidationError) -> InvalidFile:
    """The first thing that is wrong, in words."""
    first = error.errors(include_url=False)[0]
    where = [str(part) for part in first["loc"]]
    key = ".".join(where)
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(SandboxConfig.model_fields))
        reason = f"unknown key {key!r}" + (f"; a sandbox policy has {known}" if len(where) == 1 else "")
    else:
        reason = f"`{key}`: {first['msg']}"
    tables = where[:1] if len(where) > 1 and where[0] == "limits" else []
    if tables and file.line_of(table=tables[0], key=where[1]) is not None:
        return file.fault(reason, table=tables[0], key=where[1])
    return file.fault(reason, key=where[0])
