"""Load a sandbox policy by its name or file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.egress.destinations import destination
from orchestrator.errors import InvalidFile, UsageError
from orchestrator.late_pattern import late_pattern
from orchestrator.models.plain_reader import NotPlain, plain_value
from orchestrator.models.sandbox import MODEL_HOSTS, ORIGIN, PLACEHOLDERS, SANDBOX_CONFIG, Network, SandboxConfig
from orchestrator.toml_files import TomlFile, read_toml

if TYPE_CHECKING:
    from pydantic import ValidationError

_PACKAGE = Path(__file__).parent.parent
FOLDERS = (_PACKAGE.parent / "sandbox_policies", _PACKAGE / "sandbox_policies")
"""Where the policies lie: beside the package in a checkout, inside it when installed."""
OBEYED_FILES: Final = "obeyed_files.toml"
"""Lies beside the policies and is none."""
INHERITED: Final = "..."
"""In a list: whatever the extended policy has there."""

TABLES: Final = ("leaving", "limits", "team")
"""Keys that are tables of their own."""
_PATHS = ("readable", "writable", "hidden")
_RULES = ("blocked_commands", "confirm_commands", "approved_commands", "warn_patterns")
_NAME = late_pattern(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PLACEHOLDER = late_pattern(r"\{([^{}]*)\}")
_CREDENTIAL = late_pattern(r"[A-Za-z_][A-Za-z0-9_]*|(?!.*/\.\.(?:/|$))~/[^\0\n]*[^\0\n/]")
_HOST = late_pattern(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")


def available_policies() -> Mapping[str, Path]:
    """The shipped policies by the name ``--sandbox`` takes."""
    # A checkout's own folder goes first.
    found = (path for folder in reversed(FOLDERS) for path in sorted(folder.glob("*.toml")))
    return dict(sorted((path.stem, path) for path in found if path.name != OBEYED_FILES))


def load_sandbox_policy(name_or_path: str) -> SandboxConfig:
    """Read a policy: one of the shipped ones by name, or any TOML file by its path.

    A path in the file may begin with ``~`` or a placeholder (``{target}``); a relative one counts from the file's own
    folder.  What a policy with ``extends`` does not say, the extended one says for it.

    Raises:
        UsageError: There is no policy of that name.
        InvalidFile: The file cannot be read, or says something it must not; with line and reason.
    """
    return _load(_find(name_or_path), ())


def with_approvals(config: SandboxConfig, rules: Sequence[str]) -> SandboxConfig:
    """The policy with further rules consented to beforehand (``--approve``).

    Raises:
        UsageError: The policy asks for no such consent.
    """
    for rule in rules:
        if rule not in config.confirm_commands:
            asked = ", ".join(repr(known) for known in config.confirm_commands) or "nothing"
            raise UsageError(f"--approve {rule!r}: the sandbox policy {config.name!r} asks for consent to {asked}")
    approved = tuple(dict.fromkeys((*config.approved_commands, *rules)))
    return replace(config, approved_commands=approved)


def with_network(config: SandboxConfig, network: Network | None, hosts: Sequence[str]) -> SandboxConfig:
    """The policy with another network (``--network``) or further hosts (``--allow-host``).

    Raises:
        UsageError: One of them is no host, or the policy keeps no list.
    """
    if config.backend == "none" and (network not in (None, "open") or hosts):
        raise UsageError(
            f"the sandbox policy {config.name!r} is no sandbox: it cannot hold the network back",
            hint="leave out --network and --allow-host, or name another policy with --sandbox",
        )
    changed = replace(config, network=network or config.network)
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise UsageError(f"--allow-host {host!r} is no host", hint="example.org, *.example.org or example.org:8443")
    if hosts and changed.network != "allow-list":
        said = "leaves the network open" if changed.network == "open" else "has no network"
        raise UsageError(f"--allow-host: the sandbox policy {config.name!r} {said}", hint="--network allow-list")
    return replace(changed, allowed_hosts=tuple(dict.fromkeys((*config.allowed_hosts, *hosts))))


def _find(name_or_path: str) -> Path:
    if not _NAME.fullmatch(name_or_path):
        try:
            return Path(name_or_path).expanduser()
        except RuntimeError as error:
            raise UsageError(f"the sandbox policy {name_or_path}: {error}", hint="write the whole path") from error
    known = available_policies()
    if name_or_path not in known:
        names = ", ".join(known) or "none"
        raise UsageError(
            f"there is no sandbox policy {name_or_path!r}; there are: {names}",
            hint="a file of your own is named by its path: --sandbox ./mine.toml",
        )
    return known[name_or_path]


def _load(path: Path, extending: tuple[Path, ...]) -> SandboxConfig:
    file = read_toml(path, what="sandbox policy")
    data: dict[str, Any] = {"name": path.stem, **file.data}
    for key in _PATHS:
        if key in data:
            data[key] = _whole_paths(file, key)
    _check_texts(file)
    _check_egress(file)
    inherited = _extended(file, path, extending)
    # What is wrong here is said of this file, before anything is inherited.
    _policy(file, _without_marks(data))
    return _policy(file, _over(inherited, data))


def _policy(file: TomlFile, data: dict[str, Any]) -> SandboxConfig:
    """The policy that a file states.

    Raises:
        InvalidFile: It states none; pydantic says why.
    """
    try:
        policy: SandboxConfig = plain_value(SandboxConfig, data)
    except NotPlain:
        from pydantic import ValidationError

        try:
            policy = SANDBOX_CONFIG.validate_python(data)
        except ValidationError as error:
            raise _fault(file, error) from None
    return policy


def _extended(file: TomlFile, path: Path, extending: tuple[Path, ...]) -> Mapping[str, Any]:
    """Read the policy that ``extends`` names; empty without one."""
    wanted = file.data.get("extends")
    if not isinstance(wanted, str):
        return {}
    whole = Path(os.path.realpath(path))
    if whole in extending or len(extending) > 10:
        raise file.fault(f"`extends`: {wanted!r} extends this policy in its turn", key="extends")
    if _NAME.fullmatch(wanted):
        try:
            other = _find(wanted)
        except UsageError as error:
            raise file.fault(f"`extends`: {error.message}", key="extends") from None
    else:
        try:
            other = path.absolute().parent / Path(wanted).expanduser()
        except RuntimeError as error:
            raise file.fault(f"`extends`: {error}", key="extends") from None
    if Path(os.path.realpath(other)) == whole:
        raise file.fault("`extends`: a policy cannot extend itself", key="extends")
    base = asdict(_load(other, (*extending, whole)))
    return {key: value for key, value in base.items() if key not in ("name", "extends", "description")}


def _over(inherited: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**inherited, **data}
    for table in TABLES:
        if isinstance(data.get(table), dict):
            merged[table] = {**inherited.get(table, {}), **data[table]}
    for key, value in data.items():
        if isinstance(value, list) and INHERITED in map(str, value):
            before = list(inherited.get(key, getattr(SandboxConfig(name=""), key)))
            merged[key] = [each for item in value for each in (before if str(item) == INHERITED else [item])]
    return merged


def _without_marks(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: [i for i in v if str(i) != INHERITED] if isinstance(v, list) else v for k, v in data.items()}


def _whole_paths(file: TomlFile, key: str) -> Any:
    """The list with absolute paths; anything else as it is, for the model to refuse."""
    given = file.data.get(key, [])
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        return given
    whole: list[Path | str] = []
    for item in given:
        _check_path(file, key, item)
        if item == INHERITED or item.startswith("{"):
            whole.append(item)
            continue
        try:
            whole.append(Path(os.path.realpath(file.path.absolute().parent / Path(item).expanduser())))
        except RuntimeError as error:
            raise file.fault(f"`{key}`: {error}", key=key) from None
    return whole


def _check_path(file: TomlFile, key: str, item: str) -> None:
    if not item.strip() or "\0" in item:
        raise file.fault(f"`{key}`: an empty text is no path", key=key)
    for name in _PLACEHOLDER.findall(item):
        if name not in PLACEHOLDERS or not item.startswith("{"):
            known = ", ".join(f"{{{place}}}" for place in PLACEHOLDERS)
            raise file.fault(f"`{key}`: {item!r}: a path may begin with {known}", key=key)


def _check_texts(file: TomlFile) -> None:
    """Refuse texts that fit the model's types but cannot be meant."""
    for key in ("never_writable", "allowed_hosts", *_RULES):
        given = file.data.get(key)
        for item in given if isinstance(given, list) else ():
            if not isinstance(item, str) or item == INHERITED:
                continue
            if key == "never_writable":
                _check_path(file, key, item)
            elif key == "allowed_hosts" and item != MODEL_HOSTS and not _HOST.fullmatch(item):
                raise file.fault(
                    f"`{key}`: {item!r} is no host; say example.org, *.example.org or example.org:8443", key=key
                )
            elif key in _RULES and not all(part.strip() for part in item.split("|")):
                raise file.fault(f"`{key}`: {item!r} is no command", key=key)


def _check_egress(file: TomlFile) -> None:
    """Refuse destinations that nothing can be sent to, and credentials that nobody could find."""
    table = file.data.get("leaving")
    for key, given in table.items() if isinstance(table, dict) else ():
        if key in ("push_url", "publish_url") and isinstance(given, str) and given and given != ORIGIN:
            try:
                place = destination(given)
            except ValueError as error:
                raise file.fault(f"`leaving.{key}`: {error}", table="leaving", key=key) from None
            if key == "publish_url" and place.scheme not in ("https", "http"):
                raise file.fault(f"`leaving.{key}`: a registry is an https:// address", table="leaving", key=key)
        elif key in ("push_credentials", "publish_credentials") and isinstance(given, list):
            for item in given:
                if isinstance(item, str) and not _CREDENTIAL.fullmatch(item):
                    reason = f"`leaving.{key}`: {item!r} is neither a variable's name nor a file of yours (~/…)"
                    raise file.fault(reason, table="leaving", key=key)


def _fault(file: TomlFile, error: ValidationError) -> InvalidFile:
    """The first thing that is wrong, in words."""
    first = error.errors(include_url=False)[0]
    where = [str(part) for part in first["loc"]]
    key = ".".join(where)
    if first["type"] == "unexpected_keyword_argument":
        known = ", ".join(sorted(each.name for each in fields(SandboxConfig)))
        reason = f"unknown key {key!r}" + (f"; a sandbox policy has {known}" if len(where) == 1 else "")
    else:
        reason = f"`{key}`: {first['msg']}"
    tables = where[:1] if len(where) > 1 and where[0] in TABLES else []
    if tables and file.line_of(table=tables[0], key=where[1]) is not None:
        return file.fault(reason, table=tables[0], key=where[1])
    return file.fault(reason, key=where[0])
